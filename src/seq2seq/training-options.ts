import { checkOptions } from "../core/arguments.ts";
import { checkPairs } from "./arguments.ts";
import { bySize } from "./by-size.ts";
import { CONFIG_FIELDS, type ModelConfig } from "./model-config.ts";
import {
  checkFields,
  fieldRefusal,
  numberThat,
  orNull,
  type Rules,
  share,
  whole,
  word,
} from "./rules.ts";
import { SCHEDULES, type Schedule } from "./schedule.ts";
import type { Pair } from "./types.ts";

/** How to train; every field has a default. */
export interface TrainOptions {
  /** Pairs per step. */
  readonly batchSize?: number;
  /** Passes over the pairs; sets the length of the learning-rate schedule. */
  readonly epochs?: number;
  /** Adam's learning rate at its highest. */
  readonly rate?: number;
  /** Largest global norm of the gradients; null: they are taken as they are. */
  readonly clip?: number | null;
  /** Seed of the order of pairs. */
  readonly seed?: number;
  /**
   * How the rate goes after the warm-up: falling to `finalRate` along a line ("linear") or half a cosine
   * ("cosine", Loshchilov & Hutter 2017), not at all ("constant"), with the inverse root of the step
   * ("inverse-root", Vaswani et al. 2017), or by `plateauFactor` whenever the dev measure has not got better
   * for `plateauPatience` epochs ("plateau", which needs `Trainer.measured`).
   */
  readonly schedule?: Schedule;
  /** Steps over which the rate rises from 0 to `rate`. */
  readonly warmup?: number;
  /** Share of `rate` reached at the end of training by "linear" and "cosine"; 1 is constant. */
  readonly finalRate?: number;
  /** What "plateau" multiplies the rate by. */
  readonly plateauFactor?: number;
  /** Epochs without a better dev measure after which "plateau" does so. */
  readonly plateauPatience?: number;
  /** Epochs without a better dev measure after which training is done; null: it never is before its end. */
  readonly patience?: number | null;
  /** Share of the answer that is spread over all symbols (Szegedy et al. 2016, section 7). */
  readonly labelSmoothing?: number;
  /**
   * The model to measure and keep has the mean of the parameters now and at the ends of as many epochs
   * before as make this number (Vaswani et al. 2017, section 6.1); 1: it is the one that is trained.
   */
  readonly averageLast?: number;
}

const MOST = Number.MAX_SAFE_INTEGER;
/** Each epoch that is averaged over takes the memory of a model. */
const MOST_AVERAGED = 64;
const positive = numberThat("above 0", (value) => value > 0 && Number.isFinite(value));

/** What each field may be. */
const RULES: Rules<TrainOptions> = {
  batchSize: whole(1, MOST),
  epochs: whole(1, MOST),
  rate: positive,
  clip: orNull(positive),
  seed: whole(0, 2 ** 32 - 1),
  schedule: word(...SCHEDULES),
  warmup: whole(0, MOST),
  finalRate: numberThat("from 0 to 1", (value) => value >= 0 && value <= 1),
  plateauFactor: numberThat("above 0 and below 1", (value) => value > 0 && value < 1),
  plateauPatience: whole(1, MOST),
  patience: orNull(whole(1, MOST)),
  labelSmoothing: share,
  averageLast: whole(1, MOST_AVERAGED),
};

/** What of a model's config matters to its training. */
export type TrainedConfig = Pick<ModelConfig, "architecture" | "hiddenSize">;
const RECURRENT: TrainedConfig = { architecture: "recurrent", hiddenSize: 0 };

/** The fields of a training, in the order in which they are written down. */
export const TRAINING_FIELDS = Object.keys(RULES) as readonly (keyof TrainOptions)[];

/**
 * Refuses options with a field out of range or with fields that do not go together, and gives back the
 * fields of a training alone.
 *
 * @throws DataError
 */
export function checkTraining(
  where: string,
  options: Required<TrainOptions>,
): Required<TrainOptions> {
  const checked = checkFields(where, "the options", RULES, options) as Required<TrainOptions>;
  if (checked.schedule === "inverse-root" && checked.warmup === 0) {
    const expected = 'a whole number ≥ 1, since the schedule "inverse-root" begins with it';
    throw fieldRefusal(where, "warmup", expected, 0);
  }
  return checked;
}

/**
 * How long and how fast to train on the pairs: about 6,000 steps, in 8 to 60 epochs. A twentieth of the steps,
 * at most 500, are the warm-up, and the last twelfth of the epochs, at most 5, are averaged. A Transformer takes a lower
 * rate, the lower the larger it is, and a tenth of the steps for its warm-up.
 *
 * @param overrides fields to set otherwise
 * @param config of the model to train; a recurrent one unless given
 * @throws DataError when a field is out of range
 *
 * @example
 * const pairs = [{ source: "3/4/05", target: "2005-03-04", line: 1 }];
 * const { epochs, batchSize } = defaultTraining(pairs, { batchSize: 8 });
 * [epochs, batchSize]; // → [60, 8]
 */
export function defaultTraining(
  pairs: readonly Pair[],
  overrides: TrainOptions = {},
  config: TrainedConfig = RECURRENT,
): Required<TrainOptions> {
  const where = "defaultTraining";
  checkOptions(where, config, CONFIG_FIELDS);
  return trainingFor(where, pairs, overrides, config);
}

/** {@link defaultTraining}, on behalf of `where`. */
export function trainingFor(
  where: string,
  pairs: readonly Pair[],
  overrides: TrainOptions,
  { architecture, hiddenSize }: TrainedConfig,
): Required<TrainOptions> {
  checkPairs(where, pairs);
  checkOptions(where, overrides, TRAINING_FIELDS);
  for (const name of Object.keys(overrides) as (keyof TrainOptions)[]) {
    const refused = RULES[name](overrides[name]);
    if (refused !== null) throw fieldRefusal(where, name, refused, overrides[name]);
  }
  const suited = bySize(pairs, {
    few: { batch: 16, rate: 0.008 },
    some: { batch: 32, rate: 0.006 },
    many: { batch: 64, rate: 0.004 },
  });
  const batchSize = overrides.batchSize ?? suited.batch;
  const stepsPerEpoch = Math.ceil(pairs.length / batchSize);
  const epochs = overrides.epochs ?? Math.max(8, Math.min(60, Math.round(6000 / stepsPerEpoch)));
  const steps = epochs * stepsPerEpoch;
  const transformer = architecture === "transformer";
  const slow = transformer || overrides.schedule === "inverse-root";
  return checkTraining(where, {
    rate: transformer ? 0.25 / hiddenSize : suited.rate,
    clip: 5,
    seed: 0,
    schedule: "linear",
    warmup: slow ? Math.max(1, Math.round(steps / 10)) : Math.min(500, Math.floor(steps / 20)),
    finalRate: 0.05,
    plateauFactor: 0.5,
    plateauPatience: 3,
    patience: null,
    labelSmoothing: 0.1,
    averageLast: Math.max(1, Math.min(5, Math.floor(epochs / 12))),
    ...overrides,
    batchSize,
    epochs,
  });
}
