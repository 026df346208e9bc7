import type { Random } from "../../core/random.ts";
import { seeded } from "../case.ts";
import { type AttendOptions, SCORES } from "./case-options.ts";
import { NORMALIZERS } from "./contract.ts";

/** Numbers of queries or keys: few for most, and at times more than one block of a kernel has. */
const FEW = [0, 1, 2, 3, 4, 5, 7, 9, 16, 17] as const;
const MANY = [33, 47, 48, 49, 65, 127, 129, 140] as const;
const SIZES = [1, 2, 3, 4, 5, 8, 15, 17] as const;
const DIVISORS = [
  [1, 1],
  [2, 1],
  [2, 2],
  [3, 1],
  [4, 2],
  [4, 1],
] as const;
const LENGTHS = ["null", "full", "mixed", "mixed", "zero"] as const;

/** One feature in so many is there. */
function chance(random: Random, oneIn: number): boolean {
  return random.integer(oneIn) === 0;
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.integer(from.length)]!;
}

/** A setting in which any feature may meet any other: always the same for a seed. */
export function randomOptions(seed: number): AttendOptions {
  const random = seeded(seed).stream(9);
  const long = chance(random, 6);
  const [heads, keyHeads] = pick(random, DIVISORS);
  const queries = pick(random, long && chance(random, 2) ? MANY : FEW);
  const steps = pick(random, long ? MANY : FEW);
  const size = chance(random, 30) ? 65 : pick(random, SIZES);
  const normalizer = chance(random, 4)
    ? pick(random, Object.keys(NORMALIZERS) as (keyof typeof NORMALIZERS)[])
    : "softmax";
  const score = pick(random, ["dot", "dot", "additive", "additive, v"] as const);
  const shared = chance(random, 5) ? pick(random, ["values", "gradients"] as const) : "none";
  const scores =
    score === "dot" && normalizer === "softmax" && chance(random, 12)
      ? pick(random, Object.keys(SCORES) as (keyof typeof SCORES)[])
      : "none";
  const options: AttendOptions = {
    seed,
    batch: pick(random, [0, 1, 1, 2, 3]),
    heads,
    keyHeads,
    queries,
    steps,
    spare: chance(random, 4) ? 1 + random.integer(5) : 0,
    size,
    valueSize: shared === "none" ? pick(random, [size, ...SIZES]) : size,
    sideBySide: chance(random, 2),
    score,
    scale: pick(random, [1, 1, 1 / Math.sqrt(size), -0.5, 1e-4, 0]),
    softcap: chance(random, 5) ? pick(random, [0.5, 2, 30]) : 0,
    normalizer,
    lengths: chance(random, 2) ? pick(random, LENGTHS) : "null",
    slopes: chance(random, 5),
    dropout: chance(random, 6) ? pick(random, [0.1, 0.5, 0.9]) : 0,
    keep: chance(random, 2),
    logSumExp: chance(random, 2),
    dWeights: chance(random, 3),
    shared,
    scores,
    ...rulesOf(random, queries, steps),
  };
  // Scores of a given size are exact in float32 as they are, and not with anything done to them. Where
  // one is ∞, all weights are NaN; of a row that drops them all, the contract leaves open what is left.
  const exact: AttendOptions = { scale: 1, softcap: 0, slopes: false, biasAxes: -1, dropout: 0 };
  return scores === "none" ? options : { ...options, ...exact };
}

/** Masks, biases and windows. */
function rulesOf(random: Random, queries: number, steps: number): AttendOptions {
  const near = () => random.integer(Math.max(steps, 1) + 2);
  const mask: AttendOptions = chance(random, 2)
    ? { maskAxes: random.integer(16), mask: pick(random, ["some", "some", "rows", "nothing"]) }
    : {};
  const bias: AttendOptions = chance(random, 3)
    ? { biasAxes: random.integer(16), bias: pick(random, ["finite", "some −∞", "rows of −∞"]) }
    : {};
  const toEnd = chance(random, 2);
  const window: AttendOptions = chance(random, 2)
    ? {
        toEnd,
        shift: chance(random, 2) ? (toEnd ? -queries : 0) : near() - (toEnd ? queries : 2),
        left: chance(random, 2) ? near() : -1,
        right: chance(random, 2) ? 0 : near() - 1,
      }
    : {};
  return { ...mask, ...bias, ...window };
}
