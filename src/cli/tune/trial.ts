import { join } from "node:path";
import type { JobOutcome } from "../jobs/job-pool.ts";
import {
  bestEpoch,
  compareEpochs,
  type EpochPoint,
  LOG_NAME,
  readTrainingLogs,
} from "../plot/training-log.ts";
import { isOver } from "../run/description.ts";
import type { Choice } from "./grid.ts";

/** How far a combination of the grid has come. */
export interface Trial {
  readonly choice: Choice;
  /** The directory of its run. */
  readonly run: string;
  /** The best that it reached on the dev pairs; null where it has not been measured. */
  readonly best: EpochPoint | null;
  /** Seconds that it has trained. */
  readonly seconds: number;
  /** Rounds of halving that it took part in. */
  readonly rounds: number;
  /** What more training there is of it. */
  readonly state: "waiting" | "unfinished" | "finished" | "failed";
  /** How it ended, in words. */
  readonly note: string;
}

/** A trial before its first round. */
export function newTrial(choice: Choice, folder: string): Trial {
  const run = join(folder, choice.name);
  return { choice, run, best: null, seconds: 0, rounds: 0, state: "waiting", note: "not begun" };
}

/** A trial after a round, as its log tells it. */
export async function afterRound(trial: Trial, { ended, reason }: JobOutcome): Promise<Trial> {
  if (ended === "not begun") return trial;
  // A job that failed at once has left no log, or one without a step.
  const [log] = await readTrainingLogs([join(trial.run, LOG_NAME)]).catch(() => []);
  const end = log?.ended ?? "interrupted";
  const state = ended === "failed" ? "failed" : isOver(end) ? "finished" : "unfinished";
  const note = ended === "failed" ? `failed: ${reason}` : end;
  const { best, seconds } = trial;
  return {
    ...trial,
    best: log === undefined ? best : bestEpoch(log),
    seconds: Math.max(
      log?.steps.at(-1)?.seconds ?? seconds,
      log?.epochs.at(-1)?.seconds ?? seconds,
    ),
    rounds: trial.rounds + 1,
    state,
    note,
  };
}

/** Best first; those that were never measured last, in the order of the grid. */
export function ranked(trials: readonly Trial[]): Trial[] {
  return trials.toSorted((a, b) => {
    if (a.best === null || b.best === null)
      return Number(a.best === null) - Number(b.best === null);
    return compareEpochs(a.best, b.best);
  });
}
