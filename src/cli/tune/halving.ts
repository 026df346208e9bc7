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
