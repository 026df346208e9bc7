import type { Floats } from "../arrays.ts";

/** y[i] = value */
export function fill(y: Floats, value: number, length: number): void {
  for (let i = 0; i < length; i++) y[i] = value;
}

/** y[i] = x[i] */
export function copy(x: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = x[i]!;
}

/** y[i] = a[i] + b[i] */
export function add(a: Floats, b: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = a[i]! + b[i]!;
}

/** y[i] = a[i] · b[i] */
export function multiply(a: Floats, b: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = a[i]! * b[i]!;
}

/** y[i] = factor · x[i] */
export function scale(x: Floats, factor: number, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = factor * x[i]!;
}

/** y[n, t, :] = x[n, t, :] for t < lengths[n], else 0 */
export function maskSteps(
  x: Floats,
  lengths: Int32Array,
  y: Floats,
  batch: number,
  steps: number,
  size: number,
): void {
  for (let n = 0; n < batch; n++) {
    for (let t = 0; t < steps; t++) {
      for (let d = 0; d < size; d++) {
        const i = (n * steps + t) * size + d;
        y[i] = t < lengths[n]! ? x[i]! : 0;
      }
    }
  }
}
