import {
  AttentionSeq2seq,
  type ConfigOverrides,
  defaultConfig,
  type ModelConfig,
  normal,
  Random,
  type TextOptions,
  Vocabulary,
} from "../../../src/index.ts";
import { plainForm } from "../../support/plain-form.ts";

/** Twenty texts and more to read, one of them empty, of which models know all symbols but "x" and "é". */
export const TEXTS = [
  ..."a,ab,abc,cba,dd,abcd,dcba,aaaa,bcd,d c,a b c,ccccc,abcdabcd,dbdbdb,ba ba,cad".split(","),
  ..."x,axb,é,cxxcd,abcdabcdabcdabcdabcd,".split(","),
];

/** The same with tags that belong to them, one of which models do not know. */
export const TAGGED = TEXTS.map((source, i) => ({
  source,
  features: ["V;PST", "V", "", "N;PL;V", "ADJ"][i % 5]!,
}));

const PAIRS = [
  { source: "abcd", target: "dcba", line: 1 },
  { source: "a b", target: "b ae", line: 2 },
];
const TAGGED_PAIRS = PAIRS.map((pair) => ({ ...pair, features: "V;PST;N;PL" }));

/** Sizes, where they are not given. */
function sized({ hiddenSize = 8, ...overrides }: ConfigOverrides): ConfigOverrides {
  return { embeddingSize: hiddenSize, targetLimit: 9, ...plainForm(overrides), hiddenSize };
}

/** A small model whose numbers are all far from 0, so that no two steps or symbols are alike. */
export function modelOf(
  overrides: ConfigOverrides,
  seed: number,
  text: TextOptions & { readonly tagged?: boolean } = {},
): AttentionSeq2seq {
  const { tagged = false, ...options } = text;
  const pairs = tagged ? TAGGED_PAIRS : PAIRS;
  const config = defaultConfig(pairs, sized(overrides));
  return withNumbers(AttentionSeq2seq.fromPairs(pairs, config, { seed, ...options }), seed);
}

/** The same of a model whose outputs have six symbols, without an end. */
export function endlessModelOf(overrides: Partial<ModelConfig>, seed: number): AttentionSeq2seq {
  const config = defaultConfig(PAIRS, sized({ ...overrides, targetLength: 6 }));
  const source = Vocabulary.fromTexts(["abcd "], "chars");
  const target = new Vocabulary({ ...source.toJSON(), end: null });
  return withNumbers(new AttentionSeq2seq(config, source, target, { seed }), seed);
}

function withNumbers(model: AttentionSeq2seq, seed: number): AttentionSeq2seq {
  const random = new Random(seed);
  for (const [i, name] of model.parameters.names.entries()) {
    const value = model.parameters.value(name);
    const deviation = name.includes("embed") ? 3 : 0.7;
    value.storage.write(normal(value.shape, random.stream(i), { deviation }).data);
  }
  return model;
}
