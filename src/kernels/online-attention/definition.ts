import type { Floats } from "../arrays.ts";
import { attentionBackward } from "../attention/definition.ts";

/** query[q, :] · keys[t, :] for rows that begin at the given elements. */
function scoreOf(query: Floats, q: number, keys: Floats, t: number, size: number): number {
  let score = 0;
  for (let d = 0; d < size; d++) score += query[q + d]! * keys[t + d]!;
  return score;
}

/** exp(score − max) for a score that is at most max; 0 where both are −∞, which exp(−∞ − 0) is. */
function exponential(score: number, max: number): number {
  return Math.exp(score - (max === Number.NEGATIVE_INFINITY ? 0 : max));
}

/**
 * The softmax's maximum and sum of a growing row (Milakov & Gimelshein 2018, algorithm 3), and the
 * weighted sum alongside (Rabe & Staats 2021; Dao et al. 2022, algorithm 1). For t = 0, 1, …, from
 * m = −∞, l = 0, o = 0:
 *
 *     m′ = max(m, s[t])
 *     l′ = l · exp(m − m′) + exp(s[t] − m′)
 *     o′ = o · exp(m − m′) + exp(s[t] − m′) · values[t, :]
 *
 * and at the end context = o / l. No weights are held, whatever the number of keys.
 */
export function onlineAttentionForward(
  query: Floats,
  keys: Floats,
  values: Floats,
  lengths: Int32Array | null,
  context: Floats,
  maxima: Floats,
  sums: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
): void {
  const total = new Float64Array(size);
  for (let row = 0; row < batch * queries; row++) {
    const n = Math.floor(row / queries);
    const length = lengths === null ? steps : lengths[n]!;
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    total.fill(0);
    for (let t = 0; t < length; t++) {
      const key = (n * steps + t) * size;
      const score = scoreOf(query, row * size, keys, key, size);
      // NaN, for which every comparison is false, is never the largest, and reaches the sums below.
      const larger = score > max ? score : max;
      const rescale = exponential(max, larger);
      const weight = exponential(score, larger);
      sum = sum * rescale + weight;
      for (let d = 0; d < size; d++) total[d] = total[d]! * rescale + weight * values[key + d]!;
      max = larger;
    }
    maxima[row] = max;
    sums[row] = sum;
    const divisor = sum === 0 ? 1 : sum;
    for (let d = 0; d < size; d++) context[row * size + d] = total[d]! / divisor;
  }
}

/**
 * With weights[t] = exp(s[t] − max) / sum computed anew, row by row, as attentionBackward, which needs
 * no array of (Tq, Tk) besides (Dao et al. 2022, algorithm 4).
 */
export function onlineAttentionBackward(
  query: Floats,
  keys: Floats,
  values: Floats,
  lengths: Int32Array | null,
  context: Floats,
  maxima: Floats,
  sums: Floats,
  dContext: Floats,
  dQuery: Floats,
  dKeys: Floats,
  dValues: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
  accumulate: boolean,
): void {
  if (!accumulate) {
    dKeys.fill(0, 0, batch * steps * size);
    dValues.fill(0, 0, batch * steps * size);
  }
  const weights = new Float64Array(steps);
  for (let row = 0; row < batch * queries; row++) {
    const n = Math.floor(row / queries);
    const length = lengths === null ? steps : lengths[n]!;
    const divisor = sums[row] === 0 ? 1 : sums[row]!;
    for (let t = 0; t < length; t++) {
      const score = scoreOf(query, row * size, keys, (n * steps + t) * size, size);
      weights[t] = exponential(score, maxima[row]!) / divisor;
    }
    const ofRow = (x: Floats): Floats => x.subarray(row * size, (row + 1) * size);
    const ofSequence = (x: Floats): Floats =>
      x.subarray(n * steps * size, (n * steps + length) * size);
    attentionBackward(
      ofRow(query),
      ofSequence(keys),
      ofSequence(values),
      null,
      weights,
      ofRow(context),
      ofRow(dContext),
      ofRow(dQuery),
      ofSequence(dKeys),
      ofSequence(dValues),
      1,
      1,
      length,
      size,
      true,
    );
  }
}
