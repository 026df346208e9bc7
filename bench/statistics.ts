/** The middle of the values; NaN where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}

/** The median of theirs[i] / ours[i], over the rounds that both took part in. */
export function medianRatio(theirs: readonly number[], ours: readonly number[]): number {
  const rounds = Math.min(theirs.length, ours.length);
  return median(Array.from({ length: rounds }, (_, i) => (theirs[i] ?? 0) / (ours[i] ?? 0)));
}

/** ‖actual − truth‖ / ‖truth‖; NaN or Infinity where a number is missing or not finite. */
export function relativeError(actual: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (actual.length !== truth.length) return Number.NaN;
  let [squares, norm] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    squares += ((actual[i] ?? Number.NaN) - (truth[i] ?? Number.NaN)) ** 2;
    norm += (truth[i] ?? Number.NaN) ** 2;
  }
  return Math.sqrt(squares / norm);
}
