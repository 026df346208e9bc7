import { type AttentionSeq2seq, evaluate, type Pair, type StepReport, type Trainer } from "heed";
import type { PreparedTraining } from "./training-plan.ts";
import type { Conversion, TrainingEnd, TrainingNotice } from "./training-task.ts";

/** Milliseconds between two notices of how far it is, and between two looks at examples. */
const STEP_NOTICE = 200;
const LOOK_NOTICE = 1000;
/** Milliseconds after which calls from the page get their turn. */
const TURN = 50;
const CONVERSIONS = 8;

/** A training that is under way in a worker. */
export class TrainingRun {
  readonly #trainer: Trainer;
  readonly #sample: readonly Pair[];
  readonly #say: (notice: TrainingNotice) => void;
  #pinned: string;
  #stopped = false;
  /** What is waited for while it is paused. */
  #pause: Promise<void> | null = null;
  #goOn: (() => void) | null = null;
  /** When examples were looked at last. */
  #saidLook = 0;
  /** Milliseconds of training, without pauses. */
  #spent = 0;
  #lossSum = 0;
  #lossSteps = 0;
  #pairs = 0;

  constructor({ trainer, sample, plan }: PreparedTraining, say: (notice: TrainingNotice) => void) {
    this.#trainer = trainer;
    this.#sample = sample;
    this.#say = say;
    this.#pinned = plan.pinned;
  }

  /** Trains until it is done or stopped. */
  async train(): Promise<TrainingEnd> {
    const trainer = this.#trainer;
    let best: Uint8Array | null = null;
    let [saidStep, turn] = [0, performance.now()];
    let last: StepReport | null = null;
    /** Pairs of steps that were done and not read yet. */
    let ahead = 0;
    while (!trainer.done && !this.#stopped) {
      const began = performance.now();
      const { endOfEpoch, pairs, reports } = await trainer.advance();
      ahead += pairs - pairsOf(reports);
      // A GPU is waited for only where something is to be shown, and before it is too far ahead of what is.
      const far = !((ahead * this.#spent) / this.#pairs < STEP_NOTICE);
      const more = far || endOfEpoch || trainer.done ? await trainer.reports() : [];
      ahead -= pairsOf(more);
      for (const report of [...reports, ...more]) {
        last = report;
        if (!Number.isFinite(report.loss)) break;
        this.#lossSum += report.loss;
        this.#lossSteps++;
        this.#pairs += report.pairs;
      }
      if (last !== null && !Number.isFinite(last.loss)) break;
      this.#spent += performance.now() - began;
      if (endOfEpoch && last !== null) {
        const measured = await this.#measure(last);
        if (measured.isBest) best = measured.model;
      }
      const now = performance.now();
      if (last !== null && (now - saidStep >= STEP_NOTICE || trainer.done)) {
        saidStep = now;
        this.#sayStep(last);
      }
      if (now - this.#saidLook >= LOOK_NOTICE || trainer.done) {
        this.#saidLook = now;
        await this.#look(trainer.model, trainer.steps);
      }
      if (now - turn >= TURN) {
        await nextTask();
        if (this.#pause !== null) await this.#pause;
        turn = performance.now();
      }
    }
    const diverged = last !== null && !Number.isFinite(last.loss);
    return {
      reason: diverged ? "diverged" : this.#stopped ? "stopped" : "done",
      step: trainer.steps,
      model: best ?? (diverged ? null : await trainer.model.toBytes()),
      seconds: this.#spent / 1000,
    };
  }

  pause(): void {
    this.#pause ??= new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  resume(): void {
    this.#goOn?.();
    this.#pause = null;
    this.#goOn = null;
  }

  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** Shows another text: at once while it is paused, else after the step that is under way. */
  async pin(text: string): Promise<void> {
    this.#pinned = text;
    this.#saidLook = 0;
    if (this.#pause !== null) await this.#look(this.#trainer.model, this.#trainer.steps);
  }

  async #measure(report: StepReport) {
    const trainer = this.#trainer;
    return trainer.withAverage(async (model) => {
      const { exactMatch, symbolErrorRate } = await evaluate(model, this.#sample);
      const isBest = trainer.measured({ exactMatch, symbolErrorRate });
      const bytes = await model.toBytes();
      this.#say({
        kind: "epoch",
        epoch: report.epoch,
        step: report.step,
        loss: report.epochLoss,
        exactMatch,
        symbolErrorRate,
        isBest,
        seconds: this.#spent / 1000,
        model: bytes,
      });
      return { model: bytes, isBest };
    });
  }

  async #look(model: AttentionSeq2seq, step: number): Promise<void> {
    const pairs = this.#sample.slice(0, CONVERSIONS);
    const results = await model.transduceMany(pairs);
    const conversions = pairs.map(({ source, target }, i): Conversion => {
      return { source, target, output: results[i]?.output ?? "" };
    });
    const pinned = await model.transduce(this.#pinned);
    this.#say({ kind: "look", step, conversions, pinned });
  }

  #sayStep({ step, epoch }: StepReport): void {
    const seconds = this.#spent / 1000;
    this.#say({
      kind: "step",
      step,
      epoch,
      loss: this.#lossSum / Math.max(this.#lossSteps, 1),
      pairsPerSecond: this.#pairs / seconds,
      secondsLeft: (seconds / step) * (this.#trainer.totalSteps - step),
      seconds,
    });
    this.#lossSum = 0;
    this.#lossSteps = 0;
  }
}

function pairsOf(reports: readonly StepReport[]): number {
  return reports.reduce((sum, { pairs }) => sum + pairs, 0);
}

/** Lets whatever waits for this thread have its turn; a timer would wait for four milliseconds. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
