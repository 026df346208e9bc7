import type { Floats } from "../arrays.ts";

/** c[i, j] (+)= bias[j] + Σₖ op(a)[i, k] · op(b)[k, j] */
export function matmul(
  a: Floats,
  b: Floats,
  bias: Floats | null,
  c: Floats,
  rows: number,
  columns: number,
  inner: number,
  transposeA: boolean,
  transposeB: boolean,
  accumulate: boolean,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let total = bias === null ? 0 : bias[j]!;
      for (let k = 0; k < inner; k++) {
        const left = transposeA ? a[k * rows + i]! : a[i * inner + k]!;
        const right = transposeB ? b[j * inner + k]! : b[k * columns + j]!;
        total += left * right;
      }
      c[i * columns + j] = accumulate ? c[i * columns + j]! + total : total;
    }
  }
}
