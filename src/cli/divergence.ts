import type { Pair, StepReport, Trainer } from "../index.ts";
import { count } from "./output.ts";

/** A pair is very long that is as many times as long as half of the others. */
const VERY_LONG = 8;
/** Gradients explode whose norm is as many times the clip. */
const EXPLODING = 10;

/** Why a step came to numbers that are not finite, most likely, and what to do about it. */
export interface LikelyCause {
  readonly cause: string;
  readonly fix: string;
}

/**
 * Looks for the likely cause among what there was just before.
 *
 * @param steps steps done, the one in question included
 * @param before the step before it; null where it is the first of this process
 */
export function likelyCause(
  trainer: Trainer,
  pairs: readonly Pair[],
  steps: number,
  before: StepReport | null,
): LikelyCause {
  const length = (pair: Pair): number => pair.source.length + pair.target.length;
  const lengths = pairs.map(length).sort((a, b) => a - b);
  const median = lengths[lengths.length >> 1] ?? 0;
  const batch = trainer.batchOf(Math.max(steps - 1, 0)).map((i) => pairs[i] as Pair);
  const longest = batch.reduce((most, pair) => (length(pair) > length(most) ? pair : most));
  if (length(longest) > VERY_LONG * Math.max(median, VERY_LONG)) {
    return {
      cause: `its batch has the pair of line ${longest.line}, of ${count(length(longest))} characters, where half of all have at most ${count(median)}`,
      fix: "leave it out, or try a lower --rate",
    };
  }
  const { clip, rate } = trainer.options;
  const norm =
    before === null ? "" : `, whose norm was ${before.gradientNorm.toPrecision(3)} just before`;
  if (clip === null) {
    return { cause: `gradients are not clipped${norm}`, fix: "try --clip 1 or a lower --rate" };
  }
  if (before !== null && before.gradientNorm > EXPLODING * clip) {
    return {
      cause: `the rate of ${rate} is too high: gradients explode${norm}, with a clip of ${clip}`,
      fix: "try a lower --rate or a lower --clip",
    };
  }
  return { cause: `the rate of ${rate} is too high`, fix: "try a lower --rate or a lower --clip" };
}
