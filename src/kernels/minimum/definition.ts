import type { Floats } from "../arrays.ts";

/** y[i] = min(a[i], b[i]), NaN where either is. */
export function minimumForward(a: Floats, b: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = Math.min(a[i]!, b[i]!);
}

/** Was y = min(a, b): dy goes to the smaller one, to a where they are equal, to both as NaN where either is. */
export function minimumBackward(
  a: Floats,
  b: Floats,
  dy: Floats,
  da: Floats,
  db: Floats,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    // NaN is neither of the two, and makes both NaN.
    const [toA, toB] = [a[i]! <= b[i]!, b[i]! < a[i]!];
    da[i] = toA ? dy[i]! : toB ? 0 : Number.NaN;
    db[i] = toB ? dy[i]! : toA ? 0 : Number.NaN;
  }
}
