import { setImmediate } from "node:timers/promises";
import {
  type AttentionSeq2seq,
  DataError,
  DeviceError,
  evaluate,
  type Measure,
  type Pair,
  type StepReport,
  type Trainer,
} from "../index.ts";
import { Interrupt } from "./interrupt.ts";
import type { Progress, Standing } from "./progress.ts";
import { quoted, type RunDirectory } from "./run/run-directory.ts";

/** What a training run works with. */
export interface TrainingPlan {
  readonly model: AttentionSeq2seq;
  /** May have begun before. */
  readonly trainer: Trainer;
  /** What the model is measured on after each epoch. */
  readonly sample: readonly Pair[];
  readonly progress: Progress;
  /** Seconds after which training stops; null: no bound. */
  readonly maxSeconds: number | null;
  /** Exact match on the sample at which training stops; above 1: never. */
  readonly goodEnough: number;
  /** Receives the model file each time the model is the best so far. */
  readonly keep: (bytes: Uint8Array) => Promise<void>;
  /** Where log, checkpoints and best are kept; null: nowhere. */
  readonly run: RunDirectory | null;
  /** The best model so far, of a run that goes on. */
  readonly best: Best | null;
  /** Seconds that the run took before. */
  readonly secondsBefore: number;
}

/** The model that was kept: how it did on the sample, and after which epoch. */
export interface Best {
  readonly bytes: Uint8Array;
  readonly epoch: number;
  /** Null when the run was stopped before the first evaluation. */
  readonly exactMatch: number | null;
  readonly symbolErrorRate: number | null;
}

/** How a training run ended. */
export interface TrainingOutcome {
  readonly ended:
    | "finished"
    | "no better"
    | "good enough"
    | "out of time"
    | "interrupted"
    | "diverged";
  readonly steps: number;
  readonly seconds: number;
  /** The last step and the one before, of this process; null where there was none. */
  readonly last: StepReport | null;
  readonly before: StepReport | null;
  readonly best: Best | null;
  /** What a process that was interrupted exits with: 130 after Ctrl-C, 143 after SIGTERM. */
  readonly exitCode: number;
}

/** Most lines that the log has of steps. */
const STEP_LINES = 2000;
/** Seconds of work that a GPU is at most ahead of what was read of it: how old what is shown may be, and how late a stop. */
const MOST_AHEAD = 0.5;

/**
 * Trains, measures after every epoch, and keeps the best: highest exact match on the sample, of
 * equals the one with the fewest wrong symbols, and of equals in both the last one, which has learnt
 * most. Ctrl-C or SIGTERM ends the run after the step at hand, with the best so far kept, or the
 * model as it stands if nothing has been measured yet. A loss, gradients or parameters that are not
 * finite end it; what was kept stays.
 *
 * Where the device fails, what it still gives of the training is kept, and the error says how to go on.
 *
 * With a directory for the run, what happens is logged there, and checkpoints are kept; where and when a
 * run is stopped and continued has no part in what it comes to.
 */
export async function runTraining(plan: TrainingPlan): Promise<TrainingOutcome> {
  const interrupt = new Interrupt();
  const run = new Run(plan, interrupt);
  try {
    return await run.toTheEnd();
  } catch (error) {
    throw error instanceof DeviceError ? await run.rescued(error) : error;
  } finally {
    interrupt.stopListening();
    plan.progress.end();
    plan.run?.log.close();
  }
}

class Run {
  readonly #plan: TrainingPlan;
  readonly #interrupt: Interrupt;
  readonly #began = performance.now();
  readonly #stepsBefore: number;
  readonly #stepsPerLine: number;
  #best: Best | null;
  #measure: Measure | null = null;
  #last: StepReport | null = null;
  #before: StepReport | null = null;
  /** Of steps that were done and not read yet: their pairs, and the time spent on them. */
  #pairsAhead = 0;
  #secondsAhead = 0;
  /** Of this process, and since the last line of the log. */
  readonly #speed = new Speed();
  readonly #lineSpeed = new Speed();

  constructor(plan: TrainingPlan, interrupt: Interrupt) {
    this.#plan = plan;
    this.#interrupt = interrupt;
    this.#best = plan.best;
    this.#stepsBefore = plan.trainer.steps;
    this.#stepsPerLine = Math.max(1, Math.ceil(plan.trainer.totalSteps / STEP_LINES));
  }

  async toTheEnd(): Promise<TrainingOutcome> {
    const outcome = await this.#train();
    const { ended, best, steps, seconds } = outcome;
    const { epoch = null, exactMatch = null, symbolErrorRate = null } = best ?? {};
    const found = { epoch, exactMatch, symbolErrorRate };
    this.#plan.run?.log.write({ type: "end", ended, step: steps, seconds, best: found });
    return outcome;
  }

  /** After a device failed within a step, which left the parameters as they were: the error, with how to go on. */
  async rescued(error: DeviceError): Promise<DeviceError> {
    const { run } = this.#plan;
    if (run === null) return error;
    try {
      await this.#save();
    } catch {
      // A device that is lost gives nothing; the last checkpoint is there.
    }
    const { where, expected, received } = error;
    const fix = `heed train --resume ${quoted(run.path)} goes on from the last checkpoint; --device wasm does so without a GPU`;
    return new DeviceError({ where, expected, received, fix }, { cause: error });
  }

  async #train(): Promise<TrainingOutcome> {
    const { trainer, goodEnough, run } = this.#plan;
    for (;;) {
      await setImmediate(); // lets Ctrl-C through: a step may never leave the current task
      const { asked } = this.#interrupt;
      const endOfEpoch = trainer.steps > 0 && trainer.steps % trainer.stepsPerEpoch === 0;
      if (endOfEpoch && trainer.lastMeasured !== trainer.steps && !asked) {
        if (!(await this.#catchUp()) || !(await this.#isFinite())) return this.#outcome("diverged");
        const exact = await this.#measureEpoch();
        if (exact >= goodEnough) return this.#outcome("good enough");
      }
      const late = this.#isLate();
      const stops = asked || (late && !trainer.done);
      const saves = stops || run?.checkpoints.isDue(endOfEpoch);
      // What is kept or ends the run is made of steps that all went well.
      if ((saves || trainer.done) && !(await this.#catchUp())) return this.#outcome("diverged");
      if (saves && !(await this.#save())) return this.#outcome("diverged");
      if (asked) {
        if (this.#best === null) await this.#publish(null);
        return this.#outcome("interrupted");
      }
      if (trainer.steps >= trainer.totalSteps) return this.#outcome("finished");
      if (trainer.done) return this.#outcome("no better");
      if (late) {
        await this.#measureLate();
        return this.#outcome("out of time");
      }
      if (!(await this.#step())) return this.#outcome("diverged");
    }
  }

  /** One step; false where it, or one before it that is read only now, came to numbers that are not finite. */
  async #step(): Promise<boolean> {
    const began = performance.now();
    const { pairs, reports } = await this.#plan.trainer.advance();
    this.#secondsAhead += (performance.now() - began) / 1000;
    this.#pairsAhead += pairs;
    if (!this.#tell(reports)) return false;
    // How long what is ahead takes is known by what was read; the first steps are, so that there is some.
    const ahead = this.#pairsAhead / this.#speed.pairsPerSecond;
    return ahead < MOST_AHEAD || this.#catchUp();
  }

  /** Waits for steps that are not read yet; false where one of them came to numbers that are not finite. */
  async #catchUp(): Promise<boolean> {
    const began = performance.now();
    const reports = await this.#plan.trainer.reports();
    this.#secondsAhead += (performance.now() - began) / 1000;
    return this.#tell(reports);
  }

  /** Logs and shows steps, up to the first whose numbers are not finite: false where there is one. */
  #tell(reports: readonly StepReport[]): boolean {
    if (reports.length === 0) return true;
    const { progress, run } = this.#plan;
    for (const report of reports) {
      // Of steps that were read at once, each took its share of the time.
      const share = this.#secondsAhead * (report.pairs / this.#pairsAhead);
      this.#secondsAhead -= share;
      this.#pairsAhead -= report.pairs;
      this.#speed.add(report.pairs, share);
      this.#lineSpeed.add(report.pairs, share);
      this.#before = this.#last;
      this.#last = report;
      const { step, epoch, loss, rate, gradientNorm, notFinite } = report;
      const isGood = notFinite === undefined;
      if (run !== null && (step % this.#stepsPerLine === 0 || !isGood)) {
        const pairsPerSecond = this.#lineSpeed.take();
        const values = { step, epoch, loss, rate, gradientNorm, pairsPerSecond };
        run.log.write({ type: "step", ...values, seconds: this.#seconds() });
      }
      if (!isGood) return false;
    }
    progress.step(this.#standing());
    return true;
  }

  /** Measures the model at the end of an epoch, and keeps it if it is the best. Gives its exact match. */
  async #measureEpoch(): Promise<number> {
    const { trainer, progress, run } = this.#plan;
    const measure = await this.#evaluate();
    if (trainer.measured(measure)) {
      const bytes = await this.#bytes();
      await run?.keepBest(bytes);
      await this.#publish(measure, bytes);
    }
    const standing = this.#standing();
    progress.evaluated(standing);
    run?.log.write({
      type: "epoch",
      epoch: standing.epoch,
      step: trainer.steps,
      loss: standing.loss,
      ...measure,
      rate: trainer.rate,
      pairsPerSecond: standing.pairsPerSecond,
      seconds: this.#seconds(),
      memory: process.memoryUsage.rss(),
    });
    return measure.exactMatch;
  }

  /**
   * Measures the model within an epoch, for want of time. If it is the best, it is published, but neither
   * trainer nor run hear of it: a run that goes on would else come to something else than one never stopped.
   */
  async #measureLate(): Promise<void> {
    const { trainer, progress } = this.#plan;
    if (trainer.steps === 0 || trainer.lastMeasured === trainer.steps) return;
    const measure = await this.#evaluate();
    progress.evaluated(this.#standing());
    const { best } = trainer;
    const order =
      best === null
        ? 1
        : measure.exactMatch - best.exactMatch || best.symbolErrorRate - measure.symbolErrorRate;
    if (order >= 0) await this.#publish(measure);
  }

  async #evaluate(): Promise<Measure> {
    const { trainer, sample } = this.#plan;
    const { exactMatch, symbolErrorRate } = await trainer.withAverage((model) =>
      evaluate(model, sample),
    );
    this.#measure = { exactMatch, symbolErrorRate };
    return this.#measure;
  }

  async #bytes(): Promise<Uint8Array> {
    return this.#plan.trainer.withAverage((model) => model.toBytes());
  }

  /** Gives the model away as the best so far. */
  async #publish(measure: Measure | null, made?: Uint8Array): Promise<void> {
    const bytes = made ?? (await this.#bytes());
    await this.#plan.keep(bytes);
    const { exactMatch = null, symbolErrorRate = null } = measure ?? {};
    this.#best = { bytes, epoch: this.#epoch(), exactMatch, symbolErrorRate };
  }

  /** Keeps a checkpoint; false where there are numbers in it that are not finite, which is none. */
  async #save(): Promise<boolean> {
    const { trainer, run } = this.#plan;
    try {
      await run?.checkpoints.save(() => trainer.state());
      return run !== null || (await this.#isFinite());
    } catch (error) {
      if (error instanceof DataError) return false;
      throw error;
    }
  }

  /** Whether the model's numbers are: the step with the last finite loss may have been too large. */
  async #isFinite(): Promise<boolean> {
    const numbers = await this.#plan.model.parameters.values.read();
    return numbers.every(Number.isFinite);
  }

  #isLate(): boolean {
    const { maxSeconds } = this.#plan;
    return maxSeconds !== null && this.#secondsHere() >= maxSeconds;
  }

  /** Since this process went on with the run. */
  #secondsHere(): number {
    return (performance.now() - this.#began) / 1000;
  }

  #seconds(): number {
    return this.#plan.secondsBefore + this.#secondsHere();
  }

  /** Passes over the pairs begun. */
  #epoch(): number {
    const { steps, stepsPerEpoch } = this.#plan.trainer;
    return Math.ceil(steps / stepsPerEpoch);
  }

  #standing(): Standing {
    const { trainer, maxSeconds } = this.#plan;
    const { steps, totalSteps, best } = trainer;
    const seconds = this.#secondsHere();
    const toGo = (seconds / Math.max(steps - this.#stepsBefore, 1)) * (totalSteps - steps);
    const { exactMatch, symbolErrorRate } = this.#measure ??
      best ?? { exactMatch: null, symbolErrorRate: null };
    return {
      step: steps,
      totalSteps,
      epoch: this.#epoch(),
      epochs: trainer.options.epochs,
      loss: this.#last?.epochLoss ?? Number.NaN,
      exactMatch,
      symbolErrorRate,
      pairsPerSecond: this.#speed.pairsPerSecond,
      secondsLeft: maxSeconds === null ? toGo : Math.min(toGo, maxSeconds - seconds),
    };
  }

  #outcome(ended: TrainingOutcome["ended"]): TrainingOutcome {
    // Where it diverged, the trainer may be some steps further than the one in question.
    const steps = this.#last?.step ?? this.#plan.trainer.steps;
    return {
      ended,
      steps,
      seconds: this.#seconds(),
      last: this.#last,
      before: this.#before,
      best: this.#best,
      exitCode: ended === "interrupted" ? this.#interrupt.exitCode : 0,
    };
  }
}

/** Pairs over the time of the steps that took them. */
class Speed {
  #pairs = 0;
  #seconds = 0;

  add(pairs: number, seconds: number): void {
    this.#pairs += pairs;
    this.#seconds += seconds;
  }

  get pairsPerSecond(): number {
    return this.#pairs / this.#seconds;
  }

  /** The speed so far, and begins anew. */
  take(): number {
    const { pairsPerSecond } = this;
    this.#pairs = 0;
    this.#seconds = 0;
    return pairsPerSecond;
  }
}
