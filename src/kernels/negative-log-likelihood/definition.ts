import type { Floats } from "../arrays.ts";

/** Probabilities below it count as it: its logarithm, −69.3, is finite, and so is what 1 / p adds up to. */
export const LEAST_PROBABILITY = 2 ** -100;

/** ln max(p, 2^−100); of NaN, NaN. */
function logarithm(p: number): number {
  return Math.log(p <= LEAST_PROBABILITY ? LEAST_PROBABILITY : p);
}

/** Its derivative. */
function slope(p: number): number {
  return p <= LEAST_PROBABILITY ? 0 : 1 / p;
}

/** losses[i] = −(1 − ε) · ln p[i, targets[i]] − ε · the mean of ln p[i, j] over j < symbols. */
export function negativeLogLikelihoodForward(
  probabilities: Floats,
  targets: Int32Array,
  ignored: number,
  smoothing: number,
  symbols: number,
  losses: Floats,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    losses[i] = 0;
    if (targets[i] === ignored) continue;
    let loss = -(1 - smoothing) * logarithm(probabilities[i * columns + targets[i]!]!);
    for (let j = 0; j < symbols && smoothing > 0; j++) {
      loss -= (smoothing / symbols) * logarithm(probabilities[i * columns + j]!);
    }
    losses[i] = loss;
  }
}

/**
 * Was loss = Σ of rows · factor, so dProbabilities[i, j] =
 * −factor · ((1 − ε) · [j = targets[i]] + ε / symbols · [j < symbols]) / p[i, j], 0 where p[i, j] ≤ 2^−100.
 */
export function negativeLogLikelihoodBackward(
  probabilities: Floats,
  targets: Int32Array,
  ignored: number,
  smoothing: number,
  symbols: number,
  factor: number,
  dProbabilities: Floats,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const hit = targets[i] === j ? 1 - smoothing : 0;
      const wanted = hit + (j < symbols && smoothing > 0 ? smoothing / symbols : 0);
      const counts = targets[i] !== ignored && wanted > 0;
      const at = i * columns + j;
      dProbabilities[at] = counts ? -factor * wanted * slope(probabilities[at]!) : 0;
    }
  }
}
