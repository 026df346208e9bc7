import type { Child } from "./child.ts";
import { type Ceiling, measureQuietly } from "./measure-ceilings.ts";
import type { Options } from "./options.ts";

/** Something that a process has ready, and its times so far. */
export interface Timed {
  readonly child: Child;
  /** What the process calls it. */
  readonly key: string;
  /** Of those with one owner, who are far behind the best of them is left out; null: never. */
  readonly owner: string | null;
  /** Milliseconds per round. */
  readonly rounds: number[];
}

/** A way this many times slower than its owner's best in the first round is left out of the others. */
const FAR_BEHIND = 1.6;

/** Seconds that every way is run before its times count. */
const WARM_UP = 0.3;

/** Milliseconds that a way which takes seconds per call is given at a shape: three rounds, or so long. */
const PATIENCE = 10_000;

/**
 * Times everything in turn, a slice each, round after round, so that what slows the machine down hits all
 * alike. Gives GFLOP/s per ceiling and round.
 */
export async function timeInTurn(
  timed: readonly Timed[],
  ceilings: readonly Ceiling[],
  { rounds, seconds }: Options,
): Promise<number[][]> {
  await warmUp(timed);
  const dropped = new Set<Timed>();
  const ceilingRounds = ceilings.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    const rates = await measureQuietly(ceilings);
    for (const [i, rate] of rates.entries()) ceilingRounds[i]?.push(rate);
    for (const each of timed) {
      if (dropped.has(each) || isLong(each.rounds) || each.rounds.length > round) continue;
      const { milliseconds } = await each.child.ask({ do: "time", way: each.key, seconds });
      each.rounds.push(Number(milliseconds));
    }
    if (round === 0) for (const each of farBehind(timed)) dropped.add(each);
  }
  return ceilingRounds;
}

/** Engines compile anew what is called often: they are given time for it, all alike. */
async function warmUp(timed: readonly Timed[]): Promise<void> {
  for (const { child, key, rounds } of timed) {
    const { milliseconds } = await child.ask({ do: "time", way: key, seconds: WARM_UP });
    // What takes so long does not gain by another call: it counts.
    if (Number(milliseconds) > 1000 * WARM_UP) rounds.push(Number(milliseconds));
  }
}

function isLong(rounds: readonly number[]): boolean {
  return rounds.length >= 3 && rounds.reduce((sum, each) => sum + each, 0) > PATIENCE;
}

function farBehind(timed: readonly Timed[]): Timed[] {
  const best = new Map<string | null, number>();
  for (const { owner, rounds } of timed) {
    best.set(owner, Math.min(best.get(owner) ?? Number.POSITIVE_INFINITY, rounds[0] ?? 0));
  }
  return timed.filter(
    ({ owner, rounds }) => owner !== null && (rounds[0] ?? 0) > FAR_BEHIND * (best.get(owner) ?? 0),
  );
}
