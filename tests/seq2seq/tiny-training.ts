import {
  AttentionSeq2seq,
  type Device,
  defaultConfig,
  type Pair,
  Trainer,
} from "../../src/index.ts";

const pairs: Pair[] = ["abcd", "bc", "dca", "a", "cabd", "db"].map((source, i) => ({
  source,
  target: [...source].reverse().join(""),
  line: i + 1,
}));

/** The training of a model that is as small as a model can be, with all that belongs to one: three steps an epoch. */
export function tinyTraining(device: Device, epochs: number): Trainer {
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8, dropout: 0.1 });
  const model = AttentionSeq2seq.fromPairs(pairs, config, { device });
  return new Trainer(model, pairs, { batchSize: 2, epochs });
}
