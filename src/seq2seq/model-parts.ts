import type { Memory } from "../core/storage.ts";
import type { Parameters } from "../layers/parameters.ts";
import type { ModelConfig } from "./model-config.ts";
import type { Network } from "./network.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What an `AttentionSeq2seq` consists of, for the code that decodes with it or writes it down. */
export interface ModelParts {
  /** Everything about it that is not learned. */
  readonly config: ModelConfig;
  /** The symbols it reads. */
  readonly sourceVocabulary: Vocabulary;
  /** The tags it reads besides; null: none. */
  readonly featureVocabulary: Vocabulary | null;
  /** The symbols it writes. */
  readonly targetVocabulary: Vocabulary;
  /** All learned numbers, flat and by name, with their gradients. */
  readonly parameters: Parameters;
  /** What computes with them. */
  readonly network: Network;
  /** The device it computes on. */
  readonly device: Memory;
}
