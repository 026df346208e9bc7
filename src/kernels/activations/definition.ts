import type { Floats } from "../arrays.ts";
import { normalDensity, normalDistribution } from "./normal-distribution.ts";

/** y[i] = tanh(x[i]) */
export function tanhForward(x: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = Math.tanh(x[i]!);
}

/** y = tanh(x), so dx = dy · (1 − y²) */
export function tanhBackward(y: Floats, dy: Floats, dx: Floats, length: number): void {
  for (let i = 0; i < length; i++) dx[i] = dy[i]! * (1 - y[i]! * y[i]!);
}

/** y[i] = σ(x[i]) = 1 / (1 + e⁻ˣ) */
export function sigmoidForward(x: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = 1 / (1 + Math.exp(-x[i]!));
}

/** y = σ(x), so dx = dy · y · (1 − y) */
export function sigmoidBackward(y: Floats, dy: Floats, dx: Floats, length: number): void {
  for (let i = 0; i < length; i++) dx[i] = dy[i]! * y[i]! * (1 - y[i]!);
}

/** y[i] = max(x[i], 0), NaN where x[i] is */
export function reluForward(x: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) y[i] = x[i]! < 0 ? 0 : x[i]!;
}

/** y = max(x, 0), so dx = dy where y > 0, else 0; NaN where y is */
export function reluBackward(y: Floats, dy: Floats, dx: Floats, length: number): void {
  for (let i = 0; i < length; i++) dx[i] = y[i]! > 0 ? dy[i]! : 0 * y[i]!;
}

/** y[i] = x[i] · Φ(x[i]); 0, its limit, at −∞ */
export function geluForward(x: Floats, y: Floats, length: number): void {
  for (let i = 0; i < length; i++) {
    y[i] = x[i] === Number.NEGATIVE_INFINITY ? 0 : x[i]! * normalDistribution(x[i]!);
  }
}

/** y = x · Φ(x), so dx = dy · (Φ(x) + x · φ(x)), φ the density of Φ; of x · φ(x) its limit at ±∞ */
export function geluBackward(x: Floats, dy: Floats, dx: Floats, length: number): void {
  for (let i = 0; i < length; i++) {
    const finite = Math.abs(x[i]!) === Number.POSITIVE_INFINITY ? 0 : x[i]!;
    dx[i] = dy[i]! * (normalDistribution(x[i]!) + finite * normalDensity(x[i]!));
  }
}
