import type { Floats } from "../arrays.ts";
import { softmaxRow } from "../softmax/definition.ts";

/**
 * losses[i] = ln Σⱼ exp(x[i, j]) − (1 − ε) · x[i, target] − ε · meanⱼ x[i, j], by log-sum-exp with the
 * maximum taken off everything.
 */
export function softmaxCrossEntropyForward(
  logits: Floats,
  targets: Int32Array,
  ignored: number,
  smoothing: number,
  probabilities: Floats,
  losses: Floats,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    const { max, sum } = softmaxRow(logits, probabilities, start, columns);
    if (targets[i] === ignored) {
      losses[i] = 0;
      continue;
    }
    let loss = Math.log(sum) - (1 - smoothing) * (logits[start + targets[i]!]! - max);
    // Without smoothing, a logit of −∞ off the target has no part in the loss.
    for (let j = 0; j < columns && smoothing > 0; j++) {
      loss -= (smoothing / columns) * (logits[start + j]! - max);
    }
    losses[i] = loss;
  }
}

/**
 * Was loss = Σ of rows · factor, so
 * dLogits[i, j] = factor · (probabilities[i, j] − (1 − ε) · [j = targets[i]] − ε / columns).
 */
export function softmaxCrossEntropyBackward(
  probabilities: Floats,
  targets: Int32Array,
  ignored: number,
  smoothing: number,
  factor: number,
  dLogits: Floats,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const wanted = (targets[i] === j ? 1 - smoothing : 0) + smoothing / columns;
      const gradient = factor * (probabilities[i * columns + j]! - wanted);
      dLogits[i * columns + j] = targets[i] === ignored ? 0 : gradient;
    }
  }
}
