import { median } from "../statistics.ts";

/**
 * Does the same thing so many times in a row, and resolves when the GPU is done with the last. Nothing waits in
 * between: a wait for the GPU takes longer than many a kernel.
 */
export type Repeat = (times: number) => Promise<void>;

/** How long and how often something is timed. PyTorch's side reads the same fields. */
export interface Pace {
  /** Milliseconds of a round, about. */
  readonly slice: number;
  /** Rounds, at least and at most. */
  readonly least: number;
  readonly most: number;
}

export const PACES = {
  full: { slice: 100, least: 5, most: 15 },
  quick: { slice: 60, least: 5, most: 9 },
  tiny: { slice: 5, least: 2, most: 3 },
} as const satisfies Record<string, Pace>;

/** Repetitions in a round, at most. */
const MOST_REPEATS = 20_000;

/** The median is good enough when it is off by about this share, or less. */
const GOOD = 0.01;

/** Milliseconds of one repetition, per round: until the median is stable, or the patience at its end. */
export async function timeRounds(
  repeat: Repeat,
  { slice, least, most }: Pace,
  now: () => number = () => performance.now(),
): Promise<number[]> {
  const time = async (times: number): Promise<number> => {
    const start = now();
    await repeat(times);
    return now() - start;
  };
  await time(1); // compiles
  let times = 1;
  for (;;) {
    const taken = await time(times);
    const enough = Math.min(Math.ceil((times * slice) / Math.max(taken, 1e-3)), MOST_REPEATS);
    // What one repetition took says little of how long many take: closer step by step.
    if (taken >= slice / 2 || times === MOST_REPEATS) {
      times = enough;
      break;
    }
    times = Math.min(enough, 10 * times);
  }
  const rounds: number[] = [];
  while (rounds.length < most && !(rounds.length >= least && isStable(rounds))) {
    rounds.push((await time(times)) / times);
  }
  return rounds;
}

/** Whether the median of the rounds is known well enough, by how far they scatter. */
export function isStable(rounds: readonly number[]): boolean {
  const sorted = rounds.toSorted((a, b) => a - b);
  const quartile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  // The standard error of a median of normal numbers, from the range of the middle half of them.
  const error = (0.93 * (quartile(0.75) - quartile(0.25))) / Math.sqrt(sorted.length);
  return error <= GOOD * median(rounds);
}
