import { CheckpointError, DataError } from "../core/errors.ts";
import { crc32 } from "../formats/crc32.ts";
import type { EncodedPair } from "./batch.ts";
import type { BestMeasure, Measures } from "./measures.ts";
import type { ModelParts } from "./model-parts.ts";
import { checkFields, numberThat, orNull, type Rule, type Rules, whole } from "./rules.ts";
import { checkTraining, TRAINING_FIELDS, type TrainOptions } from "./training-options.ts";

/** Where a training stands, as JSON takes it. */
export interface TrainingStanding {
  /** Steps done: the position in the data, and in the random streams. */
  readonly step: number;
  /** Sum of the losses of this epoch's steps so far. */
  readonly epochLoss: number;
  /** How many steps that is. */
  readonly epochSteps: number;
  /** Steps that Adam has taken; less than `step` where gradients were not finite. */
  readonly adamSteps: number;
  /** Epochs whose parameters are kept to be averaged over. */
  readonly snapshots: number;
  /** What is remembered of how the model did. */
  readonly measures: Measures;
  /** Every option of the training. */
  readonly options: Required<TrainOptions>;
  /** What pairs and what model it is a training of. */
  readonly belongs: TrainingBelonging;
}

/** What a state fits: pairs and a model of the same making. */
export interface TrainingBelonging {
  /** Pairs to learn from. */
  readonly pairs: number;
  /** CRC-32 of their symbols' numbers. */
  readonly pairsCrc32: number;
  /** Learned numbers, the gaps between parameters included. */
  readonly parameters: number;
  /** CRC-32 of the parameters' names and shapes and of the model's config. */
  readonly modelCrc32: number;
}

/** Everything that a continued training needs, as `Trainer.state` gives it. */
export interface TrainingState {
  /** Where it stands. */
  readonly standing: TrainingStanding;
  /**
   * Flat numbers by name: `parameters`; `adam.m` and `adam.v`, unless there was no step yet; and
   * `snapshot.0`, `snapshot.1`, …, the parameters at the ends of epochs, oldest first.
   */
  readonly arrays: ReadonlyMap<string, Float32Array | Float64Array>;
}

/** What a training is of. */
export function belonging(model: ModelParts, pairs: readonly EncodedPair[]): TrainingBelonging {
  const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const { parameters } = model;
  const shapes = parameters.names.map((name) => [name, parameters.value(name).shape]);
  return {
    pairs: pairs.length,
    pairsCrc32: pairs.reduce((crc, pair) => crc32(utf8(pair), crc), 0),
    parameters: parameters.values.size,
    modelCrc32: crc32(utf8([shapes, model.config])),
  };
}

/** The names of the arrays of a state that stands so, in their order. */
export function arrayNames(standing: TrainingStanding): string[] {
  const moments = standing.adamSteps > 0 ? ["adam.m", "adam.v"] : [];
  const snapshots = Array.from({ length: standing.snapshots }, (_, i) => `snapshot.${i}`);
  return ["parameters", ...moments, ...snapshots];
}

const count = whole(0, Number.MAX_SAFE_INTEGER);
const finite = numberThat("that is finite", Number.isFinite);
const word32 = whole(0, 2 ** 32 - 1);
/** What has rules of its own. */
const object: Rule = (value) => (typeof value === "object" && value !== null ? null : "an object");

const STANDING: Rules<TrainingStanding> = {
  step: count,
  epochLoss: finite,
  epochSteps: count,
  adamSteps: count,
  snapshots: whole(0, 64),
  measures: object,
  options: object,
  belongs: object,
};
const BELONGS: Rules<TrainingBelonging> = {
  pairs: count,
  pairsCrc32: word32,
  parameters: count,
  modelCrc32: word32,
};
const MEASURES: Rules<Measures> = {
  best: orNull(object),
  lastStep: count,
  withoutBetter: count,
  onPlateau: count,
  reductions: count,
};
const BEST: Rules<BestMeasure> = {
  epoch: count,
  step: count,
  exactMatch: finite,
  symbolErrorRate: finite,
};

/**
 * Refuses what is no state of a training.
 *
 * @throws CheckpointError
 */
export function checkStanding(where: string, value: unknown): TrainingStanding {
  try {
    const standing = checkFields(where, "the standing", STANDING, value as TrainingStanding);
    const measures = checkFields(where, "measures", MEASURES, standing.measures);
    const { best } = measures;
    return {
      ...standing,
      measures: { ...measures, best: best && checkFields(where, "best", BEST, best) },
      options: checkTraining(where, standing.options),
      belongs: checkFields(where, "belongs", BELONGS, standing.belongs),
    };
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    const { expected, received } = cause;
    throw new CheckpointError({ where, expected, received }, { cause });
  }
}

/**
 * Refuses a state of another training: with other options, other pairs or another model.
 *
 * @throws CheckpointError that says what is different
 */
export function checkBelongs(
  where: string,
  standing: TrainingStanding,
  options: Required<TrainOptions>,
  belongs: TrainingBelonging,
): void {
  for (const name of TRAINING_FIELDS) {
    if (standing.options[name] === options[name]) continue;
    throw new CheckpointError({
      where,
      expected: `a state of a training with ${name} ${options[name]}`,
      received: `one with ${name} ${standing.options[name]}`,
    });
  }
  for (const [name, what] of BELONGINGS) {
    if (standing.belongs[name] === belongs[name]) continue;
    throw new CheckpointError({
      where,
      expected: `a state of a training ${what}`,
      received: "one of another",
      fix: "make model and trainer as they were made when the state was taken",
    });
  }
}

const BELONGINGS: readonly (readonly [keyof TrainingBelonging, string])[] = [
  ["pairs", "on as many pairs"],
  ["pairsCrc32", "on the same pairs in the same order, and with the same vocabularies"],
  ["parameters", "of a model with as many parameters"],
  ["modelCrc32", "of a model with the same config"],
];
