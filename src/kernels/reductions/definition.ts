import type { Floats } from "../arrays.ts";

/** y[0] = Σᵢ x[i] */
export function sum(x: Floats, y: Floats, length: number): void {
  let total = 0;
  for (let i = 0; i < length; i++) total += x[i]!;
  y[0] = total;
}

/** y[j] (+)= Σᵢ x[i, j] */
export function sumRows(
  x: Floats,
  y: Floats,
  rows: number,
  columns: number,
  accumulate: boolean,
): void {
  for (let j = 0; j < columns; j++) {
    let total = accumulate ? y[j]! : 0;
    for (let i = 0; i < rows; i++) total += x[i * columns + j]!;
    y[j] = total;
  }
}

/** total[0] = √(Σᵢ x[i]² [+ total[0]²]) */
export function norm(x: Floats, total: Floats, length: number, accumulate: boolean): void {
  let squares = accumulate ? total[0]! * total[0]! : 0;
  for (let i = 0; i < length; i++) squares += x[i]! * x[i]!;
  total[0] = Math.sqrt(squares);
}

/** x[i] *= limit / total[0] where total[0] > limit (Pascanu et al. 2013, algorithm 1) */
export function clipToNorm(x: Floats, total: Floats, limit: number, length: number): void {
  const size = total[0]!;
  if (!(size > limit)) return;
  for (let i = 0; i < length; i++) x[i] = x[i]! * (limit / size);
}

/** y[i] = the first j with the largest x[i, j]; NaN is never the largest, and an all-NaN row gives 0 */
export function argmax(x: Floats, y: Int32Array, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    let best = 0;
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < columns; j++) {
      if (x[i * columns + j]! > largest) {
        largest = x[i * columns + j]!;
        best = j;
      }
    }
    y[i] = best;
  }
}
