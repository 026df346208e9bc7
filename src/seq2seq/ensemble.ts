import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { checkInstance } from "./arguments.ts";
import type { Members } from "./decoding/readings.ts";
import { transduceStream, transduceText, transduceTexts } from "./decoding/transduce.ts";
import { AttentionSeq2seq } from "./model.ts";
import type { Transducer } from "./transducer.ts";
import type { TransduceOptions, Transduction, TransductionInput } from "./types.ts";
import type { Vocabulary } from "./vocabulary.ts";

/**
 * Several models that answer as one: at every step, the probability of a symbol is the mean of theirs,
 *
 *     p(yₜ | y₁ … yₜ₋₁, x) = 1/k · Σ_m p_m(yₜ | y₁ … yₜ₋₁, x)
 *
 * (Sutskever et al. 2014, section 3.5). Attention is the mean of that of its models. They have the same
 * vocabularies, which those that learned from the same pairs do; their configs may differ. Models of
 * different seeds make fewer mistakes together than the best of them alone, at k times the cost.
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }, { source: "bc", target: "cb", line: 2 }];
 * const config = defaultConfig(pairs);
 * const models = [1, 2, 3].map((seed) => AttentionSeq2seq.fromPairs(pairs, config, { seed }));
 * const ensemble = new Ensemble(models);
 * const { source, score } = await ensemble.transduce("ab", { beam: 4 });
 * source; // → "ab"
 * score <= 0; // → true
 */
export class Ensemble implements Transducer {
  /** The models, in the order given. */
  readonly models: readonly AttentionSeq2seq[];
  readonly sourceVocabulary: Vocabulary;
  readonly featureVocabulary: Vocabulary | null;
  readonly targetVocabulary: Vocabulary;
  readonly #members: Members;

  /** @throws DataError when there are none, or their vocabularies or target lengths differ */
  constructor(models: readonly AttentionSeq2seq[]) {
    const where = "Ensemble";
    if (!Array.isArray(models)) {
      const expected = "models to be an array";
      throw new DataError({ where, expected, received: describe(models) });
    }
    for (const [i, model] of models.entries()) {
      checkInstance(where, `models[${i}]`, model, AttentionSeq2seq);
    }
    const [first, ...others] = models as readonly AttentionSeq2seq[];
    if (first === undefined) {
      throw new DataError({ where, expected: "at least one model", received: "none" });
    }
    for (const [i, other] of others.entries()) checkAlike(where, first, other, i + 1);
    this.models = Object.freeze([first, ...others]);
    this.sourceVocabulary = first.sourceVocabulary;
    this.featureVocabulary = first.featureVocabulary;
    this.targetVocabulary = first.targetVocabulary;
    this.#members = [first, ...others];
  }

  async transduce(input: TransductionInput, options: TransduceOptions = {}): Promise<Transduction> {
    return transduceText(this.#members, input, options, "Ensemble.transduce");
  }

  async transduceMany(
    inputs: Iterable<TransductionInput> | AsyncIterable<TransductionInput>,
    options: TransduceOptions = {},
  ): Promise<Transduction[]> {
    return transduceTexts(this.#members, inputs, options, "Ensemble.transduceMany");
  }

  transduceStream(
    inputs: Iterable<TransductionInput> | AsyncIterable<TransductionInput>,
    options: TransduceOptions = {},
  ): AsyncGenerator<Transduction> {
    return transduceStream(this.#members, inputs, options, "Ensemble.transduceStream");
  }

  dispose(): void {
    for (const model of this.models) model.dispose();
  }
}

const VOCABULARIES = [
  ["source", "sourceVocabulary"],
  ["feature", "featureVocabulary"],
  ["target", "targetVocabulary"],
] as const satisfies readonly [string, keyof Transducer][];

/** Refuses a model that reads or writes other symbols than the first, or a fixed number of them. */
function checkAlike(
  where: string,
  first: AttentionSeq2seq,
  other: AttentionSeq2seq,
  index: number,
): void {
  for (const [kind, name] of VOCABULARIES) {
    if (JSON.stringify(first[name]) === JSON.stringify(other[name])) continue;
    throw new DataError({
      where,
      expected: `models of one ${kind} vocabulary`,
      received: `models[0] and models[${index}], which differ in theirs`,
      fix: "train them on the same pairs, cut in the same way",
    });
  }
  if (first.config.targetLength === other.config.targetLength) return;
  throw new DataError({
    where,
    expected: "models that write outputs of the same length",
    received: `${first.config.targetLength} and ${other.config.targetLength} symbols`,
  });
}
