import type { Floats } from "../arrays.ts";

/** y[i, t] = exp(−(t − centres[i])² / (2 · deviation²)) */
export function gaussianForward(
  centres: Floats,
  y: Floats,
  rows: number,
  steps: number,
  deviation: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < steps; t++) {
      const distance = (t - centres[i]!) / deviation;
      y[i * steps + t] = Math.exp((-distance * distance) / 2);
    }
  }
}

/**
 * Was y[i, t] = exp(−(t − centres[i])² / (2 · deviation²)), so
 * dCentres[i] = Σₜ dy[i, t] · y[i, t] · (t − centres[i]) / deviation².
 */
export function gaussianBackward(
  centres: Floats,
  y: Floats,
  dy: Floats,
  dCentres: Floats,
  rows: number,
  steps: number,
  deviation: number,
): void {
  for (let i = 0; i < rows; i++) {
    let total = 0;
    for (let t = 0; t < steps; t++) {
      total += dy[i * steps + t]! * y[i * steps + t]! * (t - centres[i]!);
    }
    dCentres[i] = total / (deviation * deviation);
  }
}
