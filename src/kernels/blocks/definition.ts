import type { Floats } from "../arrays.ts";

/** y[r, i] = x[r, i] + b[i] */
export function addRepeated(
  x: Floats,
  b: Floats,
  y: Floats,
  repeats: number,
  length: number,
): void {
  for (let r = 0; r < repeats; r++) {
    for (let i = 0; i < length; i++) y[r * length + i] = x[r * length + i]! + b[i]!;
  }
}

/** y[yOffset + i · yStride + j] (+)= x[xOffset + i · xStride + j] */
export function copyBlocks(
  x: Floats,
  xOffset: number,
  xStride: number,
  y: Floats,
  yOffset: number,
  yStride: number,
  blocks: number,
  length: number,
  accumulate: boolean,
): void {
  for (let i = 0; i < blocks; i++) {
    for (let j = 0; j < length; j++) {
      const to = yOffset + i * yStride + j;
      const value = x[xOffset + i * xStride + j]!;
      y[to] = accumulate ? y[to]! + value : value;
    }
  }
}

/** y[i, :] = x[i, :] where d[i, :] is not all 0, else 0 */
export function maskUnmet(
  x: Floats,
  d: Floats,
  y: Floats,
  rows: number,
  size: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    const met = d.subarray(i * columns, (i + 1) * columns).some((g) => g !== 0);
    for (let j = i * size; j < (i + 1) * size; j++) y[j] = met ? x[j]! : 0;
  }
}
