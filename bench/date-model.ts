import {
  AttentionSeq2seq,
  defaultConfig,
  type ModelConfig,
  type ModelOptions,
  type Pair,
  Random,
  Vocabulary,
} from "heed";
import { DATE } from "./date-shape.ts";

/** Pairs, their symbols as numbers, and how to make models of them, all alike. */
export interface DateTask {
  readonly pairs: readonly Pair[];
  readonly config: ModelConfig;
  readonly vocabulary: Vocabulary;
  make(options: ModelOptions): AttentionSeq2seq;
}

/** The date model with states of so many numbers, and pairs to train it on: random texts of its lengths. */
export function dateTask(hiddenSize: number): DateTask {
  const pairs = datePairs();
  const config = defaultConfig(pairs, {
    embeddingSize: DATE.embedding,
    hiddenSize,
    maskPadding: false,
    targetLength: DATE.target,
    bidirectional: false,
    attention: "dot",
    inputFeeding: false,
    attentionalSize: null,
    reverseSource: true,
    bridge: "hidden",
    dropout: 0,
  });
  const vocabulary = new Vocabulary({
    symbols: Array.from({ length: DATE.symbols }, (_, id) => letter(id)),
    tokens: "chars",
    normalization: "none",
    pad: 0,
    begin: 1,
    end: null,
    unknown: null,
  });
  const make = (options: ModelOptions): AttentionSeq2seq =>
    new AttentionSeq2seq(config, vocabulary, vocabulary, options);
  return { pairs, config, vocabulary, make };
}

/** What PyTorch reads beside a model's file: sources and targets as numbers, as JSON. */
export function idsOf(model: AttentionSeq2seq, { pairs, vocabulary }: DateTask): string {
  const encoded = pairs.map((pair) => model.encode(pair));
  return JSON.stringify({
    sources: encoded.map(({ source }) => source),
    targets: encoded.map(({ target }) => target),
    begin: vocabulary.begin,
  });
}

function letter(id: number): string {
  return String.fromCharCode(40 + id);
}

/** Random texts of the date model's lengths; the first two symbols of the vocabulary pad and begin. */
function datePairs(): Pair[] {
  const random = new Random(2);
  const text = (length: number): string =>
    Array.from({ length }, () => letter(2 + random.integer(DATE.symbols - 2))).join("");
  return Array.from({ length: DATE.batch }, () => ({
    source: text(DATE.source),
    target: text(DATE.target),
    line: 0,
  }));
}
