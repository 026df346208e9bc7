import type { AttentionSeq2seq, ModelConfig, VocabularyParts } from "../index.ts";

/** What a program needs to know of a model besides its numbers. */
export interface ModelDescription {
  readonly format: string;
  readonly config: ModelConfig;
  /** Of the texts that it reads. */
  readonly source: VocabularyParts;
  /** Of the tags that it reads before them, whose ids count on from those of `source`; null: none. */
  readonly features: VocabularyParts | null;
  /** Of what it writes. */
  readonly target: VocabularyParts;
}

/** A model without its numbers, for JSON. */
export function describedModel(model: AttentionSeq2seq): ModelDescription {
  return {
    format: "heed.AttentionSeq2seq",
    config: model.config,
    source: model.sourceVocabulary.toJSON(),
    features: model.featureVocabulary?.toJSON() ?? null,
    target: model.targetVocabulary.toJSON(),
  };
}
