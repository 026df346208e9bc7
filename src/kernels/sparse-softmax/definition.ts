import type { Floats } from "../arrays.ts";

/**
 * y[i, j] = max(x[i, j] − τᵢ, 0) with the threshold τᵢ at which the row's sum is 1: the closest
 * distribution to x (Martins & Astudillo 2016, algorithm 1). A row of −∞ alone gives 0.
 */
export function sparsemaxForward(x: Floats, y: Floats, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) sparsemaxRow(x, y, i * columns, columns);
}

/** sparsemaxForward of the `columns` numbers from `start` on. */
export function sparsemaxRow(x: Floats, y: Floats, start: number, columns: number): void {
  sparseRow(x, y, start, columns, 1, sparsemaxThreshold, (excess) => excess);
}

function sparsemaxThreshold(sorted: Float64Array): number {
  let [total, threshold] = [0, 0];
  for (const [k, z] of sorted.entries()) {
    total += z;
    // As long as z is above the threshold of itself and the larger ones, it has a share.
    if (!(1 + (k + 1) * z > total)) break;
    threshold = (total - 1) / (k + 1);
  }
  return threshold;
}

/**
 * y[i, j] = max(x[i, j] / 2 − τᵢ, 0)² with the threshold τᵢ at which the row's sum is 1: entmax with
 * α = 1.5 (Peters, Niculae & Martins 2019, algorithm 2). A row of −∞ alone gives 0.
 */
export function entmaxForward(x: Floats, y: Floats, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) entmaxRow(x, y, i * columns, columns);
}

/** entmaxForward of the `columns` numbers from `start` on. */
export function entmaxRow(x: Floats, y: Floats, start: number, columns: number): void {
  sparseRow(x, y, start, columns, 1 / 2, entmaxThreshold, (excess) => excess * excess);
}

function entmaxThreshold(sorted: Float64Array): number {
  let [total, squares, threshold] = [0, 0, 0];
  for (const [k, z] of sorted.entries()) {
    total += z;
    squares += z * z;
    const mean = total / (k + 1);
    // Σ (z − τ)² = 1 over the k + 1 largest, solved for τ: none where they lie too far apart.
    const spread = squares - mean * total;
    const candidate = mean - Math.sqrt((1 - spread) / (k + 1));
    if (!(candidate <= z)) break;
    threshold = candidate;
  }
  return threshold;
}

/** y = share(max(factor · x − τ, 0)), with the τ that `thresholdOf` gives for falling numbers of which the first is 0. */
function sparseRow(
  x: Floats,
  y: Floats,
  start: number,
  columns: number,
  factor: number,
  thresholdOf: (sorted: Float64Array) => number,
  share: (excess: number) => number,
): void {
  const row = x.subarray(start, start + columns);
  const max = largestOf(row);
  if (!Number.isFinite(max)) {
    y.fill(max === Number.NEGATIVE_INFINITY ? 0 : Number.NaN, start, start + columns);
    return;
  }
  // The maximum is taken off so that no digits are lost, and shifts τ by as much.
  const z = Float64Array.from(row, (value) => factor * (value - max));
  const threshold = thresholdOf(z.slice().sort().reverse());
  for (let j = 0; j < columns; j++) y[start + j] = share(Math.max(z[j]! - threshold, 0));
}

/** −∞ for no numbers, NaN where one is. */
function largestOf(row: Floats): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of row) max = Math.max(max, value);
  return max;
}

/**
 * Was y = sparsemax(x). With s[j] = 1 where y[j] > 0, else 0, ∂y[j]/∂x[k] = s[j] · ([j = k] − s[k] / Σ s),
 * so dx[i, j] = s[j] · (dy[i, j] − Σₖ s[k] · dy[i, k] / Σ s): the mean over the support is taken off.
 */
export function sparsemaxBackward(
  y: Floats,
  dy: Floats,
  dx: Floats,
  rows: number,
  columns: number,
): void {
  // NaN stays one.
  const slopes = y.map((share) => (share > 0 ? 1 : share));
  for (let i = 0; i < rows; i++) rowBackward(slopes, dy, dx, i * columns, columns);
}

/** Was y = entmax(x), α = 1.5. As sparsemaxBackward with s = √y. */
export function entmaxBackward(
  y: Floats,
  dy: Floats,
  dx: Floats,
  rows: number,
  columns: number,
): void {
  const roots = y.map(Math.sqrt);
  for (let i = 0; i < rows; i++) rowBackward(roots, dy, dx, i * columns, columns);
}

/** dx = s ⊙ (dy − Σ s · dy / Σ s) of the `columns` numbers from `start` on; dy is not read where s is 0. */
function rowBackward(s: Floats, dy: Floats, dx: Floats, start: number, columns: number): void {
  const end = start + columns;
  let [total, slopes] = [0, 0];
  for (let j = start; j < end; j++) {
    if (s[j] === 0) continue;
    total += s[j]! * dy[j]!;
    slopes += s[j]!;
  }
  for (let j = start; j < end; j++) dx[j] = s[j] === 0 ? 0 : s[j]! * (dy[j]! - total / slopes);
}
