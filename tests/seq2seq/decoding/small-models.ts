import {
  AttentionSeq2seq,
  defaultConfig,
  type ModelOptions,
  type Pair,
  Random,
} from "../../../src/index.ts";
import { plainForm } from "../../support/plain-form.ts";

/** Short strings and their reverse: solvable only by looking at the right place. */
export function reversals(count: number, seed = 1): Pair[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, line) => {
    const length = 1 + random.integer(5);
    const letters = Array.from({ length }, () => "abcdef"[random.integer(6)]);
    return { source: letters.join(""), target: letters.toReversed().join(""), line: line + 1 };
  });
}

/** A config of a small model, of which some fields may be chosen. */
export type Overrides = Parameters<typeof defaultConfig>[1];

const SMALL = { embeddingSize: 8, hiddenSize: 16 } as const;

/** A model at its beginning: every output of it is about as probable as others, so that all matters. */
export function untrained(
  pairs: readonly Pair[],
  overrides: Overrides = {},
  options: ModelOptions = {},
): AttentionSeq2seq {
  const config = defaultConfig(pairs, { ...SMALL, ...withoutDropout, ...plainForm(overrides) });
  const model = AttentionSeq2seq.fromPairs(pairs, config, { seed: 3, ...options });
  // As they begin, parameters are so small that no symbol stands out.
  const numbers = model.parameters.values.data;
  const random = new Random(options.seed ?? 3);
  for (let i = 0; i < numbers.length; i++) numbers[i]! += 0.5 * random.normal();
  return model;
}

const withoutDropout = { embeddingDropout: 0, layerDropout: 0, outputDropout: 0 } as const;
