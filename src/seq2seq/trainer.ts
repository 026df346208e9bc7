import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { Adam, clipGradients } from "../layers/optimisation.ts";
import { checkInstance } from "./arguments.ts";
import { batchOrder, type EncodedPair } from "./batch.ts";
import { defaultTraining } from "./config.ts";
import { AttentionSeq2seq } from "./model.ts";
import type { Pair, StepReport, TrainOptions } from "./types.ts";

/**
 * Trains a model on pairs, one step per call: gradients of a batch, clipped by global norm, applied by
 * Adam with a learning rate that falls linearly. Epoch e draws its order from random stream e of the
 * seed; batches are of sources of similar length.
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }, { source: "cd", target: "dc", line: 2 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const trainer = new Trainer(model, pairs, { epochs: 2, batchSize: 2 });
 * while (!trainer.done) await trainer.step();
 */
export class Trainer {
  /** What it trains. */
  readonly model: AttentionSeq2seq;
  /** Every option, given or by default. */
  readonly options: Required<TrainOptions>;
  /** Batches in a pass over the pairs. */
  readonly stepsPerEpoch: number;
  /** Batches in all epochs. */
  readonly totalSteps: number;
  readonly #pairs: readonly EncodedPair[];
  readonly #lengths: readonly number[];
  readonly #adam = new Adam();
  readonly #random: Random;
  #order: number[][] = [];
  #step = 0;

  /** @throws DataError when there are no pairs, an option is out of range, or a target does not fit */
  constructor(model: AttentionSeq2seq, pairs: readonly Pair[], options: TrainOptions = {}) {
    checkInstance("Trainer", "model", model, AttentionSeq2seq);
    this.options = checkTraining(defaultTraining(pairs, options));
    if (pairs.length === 0) {
      throw new DataError({ where: "Trainer", expected: "at least one pair", received: "none" });
    }
    this.model = model;
    this.#pairs = pairs.map((pair) => model.encode(pair));
    this.#lengths = this.#pairs.map(({ source }) => source.length);
    this.#random = new Random(this.options.seed);
    this.stepsPerEpoch = Math.ceil(pairs.length / this.options.batchSize);
    this.totalSteps = this.stepsPerEpoch * this.options.epochs;
  }

  /** Whether all epochs are done; further steps go on at the final rate. */
  get done(): boolean {
    return this.#step >= this.totalSteps;
  }

  /** One batch: gradients, clip, Adam. The loss it reports may be NaN, which ends no training by itself. */
  async step(): Promise<StepReport> {
    const { model, stepsPerEpoch, options } = this;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    const inEpoch = this.#step % stepsPerEpoch;
    if (inEpoch === 0 || this.#order.length === 0) {
      // Epoch e draws from stream e, so that its order depends on the seed alone.
      this.#order = batchOrder(this.#lengths, options.batchSize, this.#random.stream(epoch));
    }
    const batch = (this.#order[inEpoch] ?? []).map((i) => this.#pairs[i] as EncodedPair);

    model.zeroGradients();
    const { loss, count } = model.gradients(batch, this.#step);
    const { values, grads } = model.parameters;
    const norm = clipGradients([grads], options.clip);
    this.#adam.step([values], [grads], this.#rate());
    this.#step++;

    const [lossSum = Number.NaN] = await loss.read();
    const [gradientNorm = Number.NaN] = await norm.read();
    loss.dispose();
    norm.dispose();
    return {
      step: this.#step,
      epoch: epoch + 1,
      endOfEpoch: inEpoch === stepsPerEpoch - 1,
      loss: lossSum / Math.max(count, 1),
      gradientNorm,
      pairs: batch.length,
    };
  }

  /** The learning rate of the next step. */
  #rate(): number {
    const { rate, finalRate } = this.options;
    const progress = Math.min(this.#step / Math.max(this.totalSteps - 1, 1), 1);
    return rate * (1 + (finalRate - 1) * progress);
  }
}

function checkTraining(options: Required<TrainOptions>): Required<TrainOptions> {
  const refuse = (name: keyof TrainOptions, expected: string): never => {
    throw new DataError({
      where: "Trainer",
      expected: `${name} to be ${expected}`,
      received: describe(options[name]),
    });
  };
  for (const name of ["batchSize", "epochs"] as const) {
    if (!Number.isSafeInteger(options[name]) || options[name] < 1) {
      refuse(name, "a whole number ≥ 1");
    }
  }
  for (const name of ["rate", "clip"] as const) {
    if (!(Number.isFinite(options[name]) && options[name] > 0)) refuse(name, "a number above 0");
  }
  const { finalRate } = options;
  if (!(typeof finalRate === "number" && finalRate >= 0 && finalRate <= 1)) {
    refuse("finalRate", "a number from 0 to 1");
  }
  return options;
}
