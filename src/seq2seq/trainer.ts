import { describe } from "../core/arguments.ts";
import { CheckpointError, DataError, StateError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { Adam, clipGradients } from "../layers/optimisation.ts";
import { checkInstance } from "./arguments.ts";
import { Backlog } from "./backlog.ts";
import { batchOrder, type EncodedPair } from "./batch.ts";
import {
  afterMeasure,
  type BestMeasure,
  type Measure,
  type Measures,
  NO_MEASURES,
} from "./measures.ts";
import { AttentionSeq2seq } from "./model.ts";
import { rateShare } from "./schedule.ts";
import { type TrainOptions, trainingFor } from "./training-options.ts";
import {
  arrayNames,
  belonging,
  checkBelongs,
  checkStanding,
  type TrainingBelonging,
  type TrainingState,
} from "./training-state.ts";
import type { Pair, StepAdvance, StepReport } from "./types.ts";

/** The numbers of a model, flat. */
type Numbers = Float32Array | Float64Array;

/** Most steps that wait to be read where the host does not see numbers: a training is that many too far on at most. */
const BACKLOG = 32;

/**
 * Trains a model on pairs, one step per call: gradients of a batch, clipped by global norm, applied by
 * Adam with the learning rate of a schedule. Epoch e draws its order from random stream e of the seed;
 * batches are of sources of similar length.
 *
 * Who measures the model now and then and says so by {@link Trainer.measured} gets early stopping and a
 * schedule by plateaus. {@link Trainer.state} and {@link Trainer.restore} stop a training and go on with
 * it, bit for bit.
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba", line: 1 }, { source: "cd", target: "dc", line: 2 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const trainer = new Trainer(model, pairs, { epochs: 2, batchSize: 2 });
 * while (!trainer.done) await trainer.step();
 * trainer.steps; // → 2
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
  readonly #backlog: Backlog;
  /** Of steps that were read, and not handed out yet: at most of a whole backlog and those read by `state`. */
  #reports: StepReport[] = [];
  readonly #random: Random;
  #belongs: TrainingBelonging | null = null;
  #order: { readonly epoch: number; readonly batches: number[][] } | null = null;
  #step = 0;
  #epochLoss = 0;
  #epochSteps = 0;
  #measures: Measures = NO_MEASURES;
  /** Parameters at the ends of the epochs before, oldest first. */
  #snapshots: Numbers[] = [];
  #lent = false;

  /** @throws DataError when there are no pairs, an option is out of range, or a target does not fit */
  constructor(model: AttentionSeq2seq, pairs: readonly Pair[], options: TrainOptions = {}) {
    checkInstance("Trainer", "model", model, AttentionSeq2seq);
    this.options = trainingFor("Trainer", pairs, options, model.config);
    if (pairs.length === 0) {
      throw new DataError({ where: "Trainer", expected: "at least one pair", received: "none" });
    }
    this.model = model;
    this.#pairs = pairs.map((pair) => model.encode(pair));
    this.#lengths = this.#pairs.map(({ source }) => source.length);
    this.#random = new Random(this.options.seed);
    // Where the host sees the numbers, there is nothing to wait for, and every step is looked at.
    this.#backlog = new Backlog(model.parameters.values, model.device.hostVisible ? 1 : BACKLOG);
    this.stepsPerEpoch = Math.ceil(pairs.length / this.options.batchSize);
    this.totalSteps = this.stepsPerEpoch * this.options.epochs;
  }

  /** Steps done. */
  get steps(): number {
    return this.#step;
  }

  /**
   * Whether all epochs are done, or `patience` of them without a better measure; further steps go on at the
   * final rate.
   */
  get done(): boolean {
    const { patience } = this.options;
    const { withoutBetter } = this.#measures;
    return this.#step >= this.totalSteps || (patience !== null && withoutBetter >= patience);
  }

  /** The learning rate of the next step. */
  get rate(): number {
    const { options, totalSteps } = this;
    return options.rate * rateShare(this.#step, totalSteps, options, this.#measures.reductions);
  }

  /** The best that {@link Trainer.measured} was told, of equal ones the last; null before the first. */
  get best(): BestMeasure | null {
    return this.#measures.best;
  }

  /** Steps done when the model was last measured; 0 before. */
  get lastMeasured(): number {
    return this.#measures.lastStep;
  }

  /**
   * Which pairs a step takes, as indices, by its number from 0.
   *
   * @throws DataError when the number is not a whole number ≥ 0
   */
  batchOf(step: number): readonly number[] {
    if (!Number.isSafeInteger(step) || step < 0) {
      const expected = "step to be a whole number ≥ 0";
      throw new DataError({ where: "Trainer.batchOf", expected, received: describe(step) });
    }
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (this.#order?.epoch !== epoch) {
      // Epoch e draws from stream e, so that its order depends on the seed alone.
      const random = this.#random.stream(epoch);
      this.#order = { epoch, batches: batchOrder(this.#lengths, this.options.batchSize, random) };
    }
    return this.#order.batches[step % this.stepsPerEpoch] ?? [];
  }

  /**
   * One batch: gradients, clip, Adam. Where the loss or the gradients are not finite, parameters stay as
   * they are; the report says so, and it ends no training by itself.
   */
  async step(): Promise<StepReport> {
    const { reports } = await this.#advance("Trainer.step");
    const all = [...reports, ...(await this.reports())];
    const report = all.at(-1) as StepReport;
    const first = all.find(({ notFinite }) => notFinite !== undefined)?.notFinite;
    return first === undefined ? report : { ...report, notFinite: first };
  }

  /**
   * As {@link Trainer.step}, but it waits for no number on a device whose numbers the host does not see, a GPU: those
   * are read some steps later, all at once, and reports of them come with a later call, every one exactly once. On
   * all other devices a step's own report comes with it.
   *
   * What a training comes to is the same, but for this: where a step's numbers are not finite, Adam counts it until
   * they are read, so that steps up to then are corrected as if it had been one.
   *
   * @example
   * const pairs = [{ source: "ab", target: "ba", line: 1 }];
   * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
   * const trainer = new Trainer(model, pairs, { epochs: 3, batchSize: 1 });
   * const losses: number[] = [];
   * while (!trainer.done) {
   *   for (const { loss } of (await trainer.advance()).reports) losses.push(loss);
   * }
   * for (const { loss } of await trainer.reports()) losses.push(loss);
   * losses.length; // → 3
   */
  async advance(): Promise<StepAdvance> {
    return this.#advance("Trainer.advance");
  }

  /** Waits for all steps so far. Gives the reports that were not handed out yet, oldest first. */
  async reports(): Promise<readonly StepReport[]> {
    await this.#read();
    return this.#reports.splice(0);
  }

  async #advance(where: string): Promise<StepAdvance> {
    this.#checkHeld(where);
    const { model, stepsPerEpoch, options } = this;
    const epoch = Math.floor(this.#step / stepsPerEpoch);
    const inEpoch = this.#step % stepsPerEpoch;
    const batch = this.batchOf(this.#step).map((i) => this.#pairs[i] as EncodedPair);

    model.zeroGradients();
    const { labelSmoothing } = options;
    const { loss, count } = model.gradients(batch, this.#step, { labelSmoothing });
    const { values, grads } = model.parameters;
    const norm = clipGradients([grads], options.clip ?? Number.POSITIVE_INFINITY);

    const { rate } = this;
    if (inEpoch === 0) await this.#keepSnapshot();
    this.#adam.step([values], [grads], rate, [loss, norm]);
    this.#step++;
    const progress = {
      step: this.#step,
      epoch: epoch + 1,
      endOfEpoch: inEpoch === stepsPerEpoch - 1,
      rate,
      pairs: batch.length,
    };
    this.#backlog.add({ progress, count }, loss, norm);
    loss.dispose();
    norm.dispose();
    if (this.#backlog.isFull) await this.#read();
    return { ...progress, reports: this.#reports.splice(0) };
  }

  /** Reads the backlog: what was done without looking is made good for, step by step. */
  async #read(): Promise<void> {
    for (const { progress, count, lossSum, norm } of await this.#backlog.take()) {
      const loss = lossSum / Math.max(count, 1);
      const finite = Number.isFinite(loss) && Number.isFinite(norm);
      if ((progress.step - 1) % this.stepsPerEpoch === 0) {
        this.#epochLoss = 0;
        this.#epochSteps = 0;
      }
      if (finite) {
        this.#epochLoss += loss;
        this.#epochSteps++;
      } else {
        this.#adam.uncount(1);
      }
      const epochLoss = this.#epochLoss / this.#epochSteps;
      const report = { ...progress, loss, epochLoss, gradientNorm: norm };
      this.#reports.push(finite ? report : { ...report, notFinite: progress.step });
    }
  }

  /**
   * Says how the model does after the steps so far, for early stopping, plateaus and {@link Trainer.best}.
   *
   * @returns whether it is now the one to keep: the best, or as good as the best
   * @throws DataError when a figure is not a finite number
   */
  measured(measure: Measure): boolean {
    const { exactMatch, symbolErrorRate } = measure ?? {};
    for (const [name, figure] of Object.entries({ exactMatch, symbolErrorRate })) {
      if (typeof figure === "number" && Number.isFinite(figure)) continue;
      const expected = `${name} to be a finite number`;
      throw new DataError({ where: "Trainer.measured", expected, received: describe(figure) });
    }
    const step = this.#step;
    const epoch = Math.ceil(step / this.stepsPerEpoch);
    const best = { epoch, step, exactMatch, symbolErrorRate };
    this.#measures = afterMeasure(this.#measures, best, this.options);
    return this.#measures.best === best;
  }

  /**
   * Lends the model to measure and to keep: the one that is trained, with the mean of the parameters now and
   * at the ends of the `averageLast` − 1 epochs before as its parameters until `use` is through.
   *
   * @throws StateError when it is already lent
   */
  async withAverage<Result>(use: (model: AttentionSeq2seq) => Promise<Result>): Promise<Result> {
    this.#checkHeld("Trainer.withAverage");
    const { values } = this.model.parameters;
    let own: Numbers | null = null;
    this.#lent = true;
    try {
      await this.#read();
      if (this.#snapshots.length > 0) own = await values.read();
      if (own !== null) values.storage.write(meanOf([...this.#snapshots, own]));
      return await use(this.model);
    } finally {
      if (own !== null) values.storage.write(own);
      this.#lent = false;
    }
  }

  /**
   * Everything that a continued training needs, copied: see {@link writeTrainingState}. What is random goes
   * by the numbers of seed, epoch and step, and has no state of its own.
   *
   * @throws StateError while the model is lent
   */
  async state(): Promise<TrainingState> {
    this.#checkHeld("Trainer.state");
    await this.#read();
    const { steps, moments } = await this.#adam.state();
    const numbers = [await this.model.parameters.values.read()];
    for (const { m, v } of moments) numbers.push(m, v);
    numbers.push(...this.#snapshots.map((snapshot) => snapshot.slice()));
    const standing = {
      step: this.#step,
      epochLoss: this.#epochLoss,
      epochSteps: this.#epochSteps,
      adamSteps: steps,
      snapshots: this.#snapshots.length,
      measures: this.#measures,
      options: this.options,
      belongs: this.#belonging(),
    };
    const arrays = arrayNames(standing).map((name, i) => [name, numbers[i] as Numbers] as const);
    return { standing, arrays: new Map(arrays) };
  }

  /**
   * Goes on from what {@link Trainer.state} gave, in this process or another: with a model made from the same
   * pairs, config and seed, and a trainer with the same pairs and options, every step that follows is bit for
   * bit the one that would have been, on any number of threads.
   *
   * @throws CheckpointError when the state is none or that of another training
   */
  restore(state: TrainingState): void {
    const where = "Trainer.restore";
    this.#checkHeld(where);
    const standing = checkStanding(where, state?.standing);
    checkBelongs(where, standing, this.options, this.#belonging());
    const { values } = this.model.parameters;
    const numbers = arrayNames(standing).map((name) => {
      const found = state.arrays?.get?.(name);
      const fits =
        values.dtype === "float32" ? found instanceof Float32Array : found instanceof Float64Array;
      if (found !== undefined && fits && found.length === values.size) return found;
      throw new CheckpointError({
        where,
        expected: `${values.size} numbers in ${values.dtype} as ${name}`,
        received: found === undefined ? "none" : `${describe(found)} of ${found.length}`,
      });
    });
    const [parameters, ...rest] = numbers as [Numbers, ...Numbers[]];
    const moments = standing.adamSteps > 0 ? rest.splice(0, 2) : [];
    const [m, v] = moments;
    const adam = m === undefined || v === undefined ? [] : [{ m, v }];
    this.#adam.restore([values], { steps: standing.adamSteps, moments: adam });
    values.storage.write(parameters);
    this.#backlog.clear();
    this.#reports = [];
    this.#snapshots = rest.map((snapshot) => snapshot.slice());
    this.#step = standing.step;
    this.#epochLoss = standing.epochLoss;
    this.#epochSteps = standing.epochSteps;
    this.#measures = standing.measures;
  }

  /** Keeps the parameters at the end of an epoch, before the first step of the next changes them. */
  async #keepSnapshot(): Promise<void> {
    const most = this.options.averageLast - 1;
    if (most === 0 || this.#step === 0) return;
    this.#snapshots.push(await this.model.parameters.values.read());
    if (this.#snapshots.length > most) this.#snapshots.shift();
  }

  #belonging(): TrainingBelonging {
    this.#belongs ??= belonging(this.model, this.#pairs);
    return this.#belongs;
  }

  #checkHeld(where: string): void {
    if (!this.#lent) return;
    throw new StateError({
      where,
      expected: "a model that is not lent",
      received: "a call while Trainer.withAverage lends it",
      fix: "wait for withAverage to be through",
    });
  }
}

/** The mean of several models' numbers, added up in float64 from the oldest on. */
function meanOf(models: readonly Numbers[]): Float64Array {
  const mean = new Float64Array(models[0]?.length ?? 0);
  for (const numbers of models) {
    for (let i = 0; i < mean.length; i++) mean[i]! += numbers[i]!;
  }
  for (let i = 0; i < mean.length; i++) mean[i]! /= models.length;
  return mean;
}
