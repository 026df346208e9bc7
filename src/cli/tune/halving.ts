import { UsageError } from "../errors.ts";
import { allotment } from "../jobs/allotment.ts";
import type { JobPool } from "../jobs/job-pool.ts";
import { count } from "../output.ts";
import { afterRound, ranked, type Trial } from "./trial.ts";

/** In less time than this no run says anything. */
const LEAST_SECONDS = 1;

/**
 * How many runs take part in each round of successive halving (Jamieson & Talwalkar 2016): all in the
 * first, and the better half of the ones before in each that follows, until two are left.
 *
 * @example
 * roundSizes(9); // → [9, 5, 3, 2]
 * roundSizes(1); // → [1]
 */
export function roundSizes(runs: number): number[] {
  const sizes = [runs];
  for (let left = runs; left > 2; sizes.push(left)) left = Math.ceil(left / 2);
  return sizes;
}

/**
 * The seconds that each run of a round trains for: what is left of the time is for this round and those to
 * come in equal parts, and in a round as many runs share each moment as are side by side.
 *
 * @example
 * secondsEach(600, { rounds: 2, runs: 4, sideBySide: 2 }); // → 150
 */
export function secondsEach(
  left: number,
  of: { readonly rounds: number; readonly runs: number; readonly sideBySide: number },
): number {
  return left / of.rounds / Math.ceil(of.runs / of.sideBySide);
}

/** @throws UsageError when the time is too little for so many runs */
export function checkBudget(budget: number, runs: number, cores: number): void {
  const rounds = roundSizes(runs).length;
  const each = secondsEach(budget, { rounds, runs, sideBySide: allotment(runs, cores).sideBySide });
  if (each >= LEAST_SECONDS) return;
  throw new UsageError({
    where: "--budget",
    expected: `at least ${Math.ceil((budget * LEAST_SECONDS) / each)} seconds for ${count(runs)} combinations`,
    received: String(budget),
  });
}

/** What trials are run with. */
export interface TrialsPlan {
  readonly pool: JobPool;
  /** Seconds for all together. */
  readonly budget: number;
  readonly cores: number;
  /** The words of `heed train` that begin or continue a trial. */
  readonly wordsOf: (trial: Trial) => readonly string[];
}

/**
 * Runs trials by successive halving, in about the time given, or until the pool is interrupted. Each round
 * continues its runs from where the one before left them. A run that comes to its end keeps its place
 * without taking any more time; one that fails has none.
 */
export async function runTrials(
  trials: readonly Trial[],
  { pool, budget, cores, wordsOf }: TrialsPlan,
): Promise<Trial[]> {
  const end = performance.now() + 1000 * budget;
  const sizes = roundSizes(trials.length);
  let standing = [...trials];
  // What a run takes beside its training: about what this process has taken to read the same so far.
  let starting = performance.now() / 1000;
  for (const [round, size] of sizes.entries()) {
    const going = ranked(standing.filter(({ state }) => state !== "failed"))
      .slice(0, size)
      .filter(({ state }) => state !== "finished");
    const runs = going.length;
    const { sideBySide, threads } = allotment(runs, cores);
    const began = performance.now();
    const rounds = sizes.length - round;
    const each = secondsEach((end - began) / 1000, { rounds, runs, sideBySide });
    const seconds = round === 0 ? Math.max(each - starting, LEAST_SECONDS) : each - starting;
    if (runs === 0 || seconds < LEAST_SECONDS || pool.exitCode !== 0) break;
    const time = ["--max-seconds", seconds.toFixed(2), "--threads", String(threads), "--quiet"];
    const jobs = going.map((trial) => ({
      name: trial.choice.name,
      words: ["train", ...wordsOf(trial), ...time],
    }));
    const outcomes = await pool.run(jobs, sideBySide);
    const taken = (performance.now() - began) / 1000 / Math.ceil(runs / sideBySide);
    starting = Math.max(starting, taken - seconds);
    const after = new Map<Trial, Trial>();
    for (const [i, trial] of going.entries()) {
      after.set(trial, await afterRound(trial, outcomes[i]!));
    }
    standing = standing.map((trial) => after.get(trial) ?? trial);
  }
  return standing;
}
