import {
  AttentionSeq2seq,
  type ConfigOverrides,
  DataError,
  defaultConfig,
  defaultText,
  defaultTraining,
  holdOut,
  type Pair,
  Random,
  Trainer,
  type TrainOptions,
} from "heed";
import { DATE_MODEL, DATE_TRAINING } from "../../../src/cli/demo/date-model.ts";
import { openCompute } from "./device.ts";
import type { Preset, TrainingPlan, TrainingTask } from "./training-task.ts";

/** A training that is about to begin. */
export interface PreparedTraining {
  readonly trainer: Trainer;
  /** What the model is measured on after each epoch. */
  readonly sample: readonly Pair[];
  readonly plan: TrainingPlan;
}

/** The share of the sources that is held out, and most pairs of it to measure on. */
const HELD_OUT = 0.1;
const SAMPLE = 500;
const SPLIT_STREAM = 0x5117;

/** What differs from the defaults: the quick one is the model of `heed demo`. */
const SETTINGS: Readonly<
  Record<Preset, { readonly config: ConfigOverrides; readonly training: TrainOptions }>
> = {
  quick: {
    config: DATE_MODEL,
    // Easy pairs are learned long before the end.
    training: { ...DATE_TRAINING, patience: 4 },
  },
  standard: { config: {}, training: {} },
  transformer: {
    config: { architecture: "transformer", hiddenSize: 64, heads: 4 },
    training: { batchSize: 32 },
  },
};

/** Holds pairs out, and makes a model and a trainer of the rest. */
export async function prepare(task: TrainingTask, all: readonly Pair[]): Promise<PreparedTraining> {
  const { from, preset, seed, epochs, threads, compute } = task;
  const device = await openCompute(compute, threads);
  if (new Set(all.map(({ source }) => source)).size < 2) {
    throw new DataError({
      where: "these pairs",
      expected: "at least two different sources, to hold one out for measuring",
      received: "one",
      fix: "add pairs",
    });
  }
  const { train, heldOut } = holdOut(all, HELD_OUT, new Random(seed, SPLIT_STREAM));
  const targetTokens = "set" in from ? null : from.targetTokens;
  const text = defaultText(train, targetTokens === null ? {} : { targetTokens });
  const settings = SETTINGS[preset];
  const config = defaultConfig(train, { ...text, ...settings.config });
  const wanted = epochs === null ? {} : { epochs };
  const training = defaultTraining(train, { ...settings.training, ...wanted, seed }, config);
  const model = AttentionSeq2seq.fromPairs(train, config, { ...text, seed });
  const trainer = new Trainer(model, train, training);
  const sample = [...heldOut];
  new Random(seed, SPLIT_STREAM + 1).shuffle(sample);
  return {
    trainer,
    sample: sample.slice(0, SAMPLE),
    plan: {
      pairs: train.length,
      heldOut: heldOut.length,
      parameters: model.parameterCount,
      epochs: training.epochs,
      totalSteps: trainer.totalSteps,
      device,
      // On a GPU, threads are nothing to it.
      isolated: globalThis.crossOriginIsolated || device.startsWith("WebGPU"),
      pinned: task.pinned === "" ? longest(sample) : task.pinned,
    },
  };
}

/** The longest source of a few: it has most to show. */
function longest(pairs: readonly Pair[]): string {
  return pairs.slice(0, 20).reduce((most, { source }) => {
    return source.length > most.length ? source : most;
  }, "");
}
