import type { Floats } from "../arrays.ts";

/**
 * y[i, j] = exp(x[i, j] − maxₖ x[i, k]) / Σₖ exp(x[i, k] − max): the maximum is taken off so that no
 * exponential overflows, and cancels in the quotient. A row of −∞ alone (every key masked) gives 0.
 */
export function softmaxForward(x: Floats, y: Floats, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) softmaxRow(x, y, i * columns, columns);
}

/** What the weights of a row can be had from again, by `softmaxWeight`. */
export interface SoftmaxRow {
  /** The largest number, −∞ if there is none. NaN is never the largest. */
  readonly max: number;
  /** Σ exp(x − max), 0 where all are −∞. */
  readonly sum: number;
}

/** softmaxForward of the `columns` numbers from `start` on. */
export function softmaxRow(x: Floats, y: Floats, start: number, columns: number): SoftmaxRow {
  const end = start + columns;
  let max = Number.NEGATIVE_INFINITY;
  for (let j = start; j < end; j++) if (x[j]! > max) max = x[j]!;
  const shift = shiftOf(max);
  let sum = 0;
  for (let j = start; j < end; j++) {
    const e = Math.exp(x[j]! - shift);
    y[j] = e;
    sum += e;
  }
  const divisor = sum === 0 ? 1 : sum;
  for (let j = start; j < end; j++) y[j] = y[j]! / divisor;
  return { max, sum };
}

/** What is taken off a row. All masked: exp(−∞ − 0) = 0 for every key, and a NaN among them stays one. */
function shiftOf(max: number): number {
  return max === Number.NEGATIVE_INFINITY ? 0 : max;
}

/** The weight of x in its row. */
export function softmaxWeight(x: number, { max, sum }: SoftmaxRow): number {
  return sum === 0 ? 0 : Math.exp(x - shiftOf(max)) / sum;
}

/**
 * Was y = softmax(x). With ∂y[j]/∂x[k] = y[j] · ([j = k] − y[k]),
 * dx[i, j] = y[i, j] · (dy[i, j] − Σₖ y[i, k] · dy[i, k]).
 */
export function softmaxBackward(
  y: Floats,
  dy: Floats,
  dx: Floats,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    let dot = 0;
    for (let j = 0; j < columns; j++) dot += y[i * columns + j]! * dy[i * columns + j]!;
    for (let j = 0; j < columns; j++) {
      dx[i * columns + j] = y[i * columns + j]! * (dy[i * columns + j]! - dot);
    }
  }
}
