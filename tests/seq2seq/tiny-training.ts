import {
  AttentionSeq2seq,
  type ConfigOverrides,
  type Device,
  defaultConfig,
  type Pair,
  Trainer,
  type TrainOptions,
} from "../../src/index.ts";
import { plainForm } from "../support/plain-form.ts";

const pairs: Pair[] = ["abcd", "bc", "dca", "a", "cabd", "db"].map((source, i) => ({
  source,
  target: [...source].reverse().join(""),
  line: i + 1,
}));

/** The training of a model that is as small as a model can be, with all that belongs to one: three steps an epoch. */
export function tinyTraining(
  device: Device | undefined,
  epochs: number,
  options: TrainOptions = {},
  form: ConfigOverrides = plainForm({}),
): Trainer {
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8, dropout: 0.1, ...form });
  const on = device === undefined ? {} : { device };
  const model = AttentionSeq2seq.fromPairs(pairs, config, on);
  return new Trainer(model, pairs, { batchSize: 2, epochs, ...options });
}
