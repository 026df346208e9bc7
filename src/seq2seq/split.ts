import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { checkInstance, checkPairs } from "./arguments.ts";
import type { Pair } from "./types.ts";

/**
 * Sets some pairs aside for measuring: a share of the distinct sources, drawn at random, with every
 * pair that has one of them. A held-out source therefore never occurs in `train`. Both parts keep the
 * order of `pairs`.
 *
 * Held out are `round(share · S)` of the S distinct sources, but at least 1, at most `most`, and never
 * all of them. A thousand measure an error rate to about ±1 % and take seconds.
 *
 * @param share share of the distinct sources, 0 < share < 1
 * @param random its next numbers decide; the same seed gives the same split
 * @param most largest number of distinct sources held out
 * @throws DataError when there are fewer than 2 distinct sources, or share or most is out of range
 *
 * @example
 * const pairs = ["a", "b", "a"].map((source, i) => ({ source, target: String(i), line: i + 1 }));
 * const { train, heldOut } = holdOut(pairs, 0.5, new Random(1));
 * train.length + heldOut.length; // → 3
 * new Set(train.map(({ source }) => source)).size; // → 1
 */
export function holdOut(
  pairs: readonly Pair[],
  share: number,
  random: Random,
  most = 1000,
): { train: Pair[]; heldOut: Pair[] } {
  checkPairs("holdOut", pairs);
  checkInstance("holdOut", "random", random, Random);
  if (!(typeof share === "number" && share > 0 && share < 1)) {
    throw new DataError({
      where: "holdOut",
      expected: "a share between 0 and 1, such as 0.1",
      received: describe(share),
    });
  }
  if (!Number.isSafeInteger(most) || most < 1) {
    throw new DataError({
      where: "holdOut",
      expected: "a whole number of at least 1 as the most to hold out",
      received: describe(most),
    });
  }
  const sources = [...new Set(pairs.map(({ source }) => source))];
  if (sources.length < 2) {
    throw new DataError({
      where: "holdOut",
      expected: "pairs with at least 2 different sources, one to train on and one to hold out",
      received: sources.length === 0 ? "no pairs" : `${pairs.length} with the same source`,
      fix: "give more pairs",
    });
  }
  const wanted = Math.max(1, Math.round(share * sources.length));
  const count = Math.min(wanted, most, sources.length - 1);
  random.shuffle(sources);
  const held = new Set(sources.slice(0, count));
  const train: Pair[] = [];
  const heldOut: Pair[] = [];
  for (const pair of pairs) (held.has(pair.source) ? heldOut : train).push(pair);
  return { train, heldOut };
}
