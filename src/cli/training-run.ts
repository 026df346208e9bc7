import { setImmediate } from "node:timers/promises";
import { type AttentionSeq2seq, evaluate, type Pair, type Trainer } from "../index.ts";
import { parentProcess } from "./jobs/parent.ts";
import type { Progress, Standing } from "./progress.ts";

/** What a training run works with. */
export interface TrainingPlan {
  readonly model: AttentionSeq2seq;
  readonly trainer: Trainer;
  /** Passes over the pairs, for people to read. */
  readonly epochs: number;
  /** What the model is measured on after each epoch. */
  readonly sample: readonly Pair[];
  readonly progress: Progress;
  /** Seconds after which training stops; null: no bound. */
  readonly maxSeconds: number | null;
  /** Exact match on the sample at which training stops; above 1: never. */
  readonly goodEnough: number;
  /** Receives the model file each time the model is the best so far. */
  readonly keep: (bytes: Uint8Array) => Promise<void>;
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
  readonly ended: "finished" | "good enough" | "out of time" | "interrupted" | "diverged";
  readonly steps: number;
  readonly seconds: number;
  /** The loss of the last step. */
  readonly loss: number;
  readonly best: Best | null;
  /** What a process that was interrupted exits with: 130 after Ctrl-C, 143 after SIGTERM. */
  readonly exitCode: number;
}

/**
 * Trains, measures after every epoch, and keeps the best: highest exact match on the sample, of
 * equals the one with the fewest wrong symbols, and of equals in both the last one, which has learnt
 * most. Ctrl-C or SIGTERM ends the run after the step at hand, with the best so far kept, or the
 * model as it stands if nothing has been measured yet. A loss, gradients or parameters that are not
 * finite end it; what was kept stays.
 */
export async function runTraining(plan: TrainingPlan): Promise<TrainingOutcome> {
  const interrupt = new Interrupt();
  try {
    return await new Run(plan, interrupt).toTheEnd();
  } finally {
    interrupt.stopListening();
    plan.progress.end();
  }
}

class Run {
  readonly #plan: TrainingPlan;
  readonly #interrupt: Interrupt;
  readonly #began = performance.now();
  #best: Best | null = null;
  #last: { exactMatch: number; symbolErrorRate: number } | null = null;
  #stepSeconds = 0;
  #pairs = 0;
  #steps = 0;
  #loss = Number.NaN;

  constructor(plan: TrainingPlan, interrupt: Interrupt) {
    this.#plan = plan;
    this.#interrupt = interrupt;
  }

  async toTheEnd(): Promise<TrainingOutcome> {
    const { trainer, progress, goodEnough } = this.#plan;
    let epochLoss = 0;
    let epochSteps = 0;
    while (this.#steps < trainer.totalSteps) {
      const before = performance.now();
      const report = await trainer.step();
      this.#stepSeconds += (performance.now() - before) / 1000;
      this.#pairs += report.pairs;
      this.#steps = report.step;
      this.#loss = report.loss;
      if (!Number.isFinite(report.loss) || !Number.isFinite(report.gradientNorm)) {
        return this.#outcome("diverged");
      }
      epochLoss += report.loss;
      epochSteps += 1;
      progress.step(this.#standing(report.epoch, epochLoss / epochSteps));
      await setImmediate(); // lets Ctrl-C through: a step may never leave the current task
      const { asked } = this.#interrupt;
      const late = this.#late();
      if ((asked || report.endOfEpoch || late) && !(await this.#isFinite())) {
        return this.#outcome("diverged");
      }
      if (asked) {
        if (this.#best === null) await this.#keep(report.epoch, null);
        return this.#outcome("interrupted");
      }
      if (report.endOfEpoch || late) {
        const exact = await this.#measure(report.epoch);
        progress.evaluated(this.#standing(report.epoch, epochLoss / epochSteps));
        if (exact >= goodEnough) return this.#outcome("good enough");
        epochLoss = 0;
        epochSteps = 0;
      }
      if (late) return this.#outcome("out of time");
    }
    return this.#outcome("finished");
  }

  async #measure(epoch: number): Promise<number> {
    const { model, sample } = this.#plan;
    const { exactMatch, symbolErrorRate } = await evaluate(model, sample);
    this.#last = { exactMatch, symbolErrorRate };
    const best = this.#best;
    if (
      best === null ||
      exactMatch > (best.exactMatch ?? -1) ||
      (exactMatch === best.exactMatch &&
        symbolErrorRate <= (best.symbolErrorRate ?? Number.POSITIVE_INFINITY))
    ) {
      await this.#keep(epoch, this.#last);
    }
    return exactMatch;
  }

  async #keep(
    epoch: number,
    measured: { exactMatch: number; symbolErrorRate: number } | null,
  ): Promise<void> {
    const bytes = await this.#plan.model.toBytes();
    await this.#plan.keep(bytes);
    this.#best = {
      bytes,
      epoch,
      exactMatch: measured?.exactMatch ?? null,
      symbolErrorRate: measured?.symbolErrorRate ?? null,
    };
  }

  /** Whether the model's numbers are: the step with the last finite loss may have been too large. */
  async #isFinite(): Promise<boolean> {
    const numbers = await this.#plan.model.parameters.values.read();
    return numbers.every(Number.isFinite);
  }

  #late(): boolean {
    const { maxSeconds } = this.#plan;
    return maxSeconds !== null && this.#seconds() >= maxSeconds;
  }

  #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  #standing(epoch: number, loss: number): Standing {
    const { trainer, epochs, maxSeconds } = this.#plan;
    const seconds = this.#seconds();
    const toGo = (seconds / this.#steps) * (trainer.totalSteps - this.#steps);
    return {
      step: this.#steps,
      totalSteps: trainer.totalSteps,
      epoch,
      epochs,
      loss,
      exactMatch: this.#last?.exactMatch ?? null,
      symbolErrorRate: this.#last?.symbolErrorRate ?? null,
      pairsPerSecond: this.#pairs / this.#stepSeconds,
      secondsLeft: maxSeconds === null ? toGo : Math.min(toGo, maxSeconds - seconds),
    };
  }

  #outcome(ended: TrainingOutcome["ended"]): TrainingOutcome {
    const seconds = this.#seconds();
    const exitCode = ended === "interrupted" ? this.#interrupt.exitCode : 0;
    return { ended, steps: this.#steps, seconds, loss: this.#loss, best: this.#best, exitCode };
  }
}

/** Notes the first Ctrl-C or SIGTERM, or that the heed that started this one wants an end; a second one ends the process where it stands. */
class Interrupt {
  asked = false;
  exitCode = 0;
  readonly #listener = (signal: NodeJS.Signals): void => {
    if (this.asked) process.exit(this.exitCode);
    this.asked = true;
    this.exitCode = signal === "SIGTERM" ? 143 : 130;
  };

  constructor() {
    process.on("SIGINT", this.#listener);
    process.on("SIGTERM", this.#listener);
    parentProcess()?.onStop(() => this.#listener("SIGTERM"));
  }

  stopListening(): void {
    process.off("SIGINT", this.#listener);
    process.off("SIGTERM", this.#listener);
  }
}
