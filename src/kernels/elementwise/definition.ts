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
