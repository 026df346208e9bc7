import type { Floats } from "../arrays.ts";
import { softmaxRow } from "../softmax/definition.ts";

/** losses[i] = ln Σⱼ exp(x[i, j]) − x[i, target], by log-sum-exp with the maximum taken off. */
export function softmaxCrossEntropyForward(
  logits: Floats,
  targets: Int32Array,
  ignored: number,
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
    losses[i] = Math.log(sum) - (logits[start + targets[i]!]! - max);
  }
}

/** Was loss = Σ of rows · factor, so dLogits[i, j] = factor · (probabilities[i, j] − [j = targets[i]]). */
export function softmaxCrossEntropyBackward(
  probabilities: Floats,
  targets: Int32Array,
  ignored: number,
  factor: number,
  dLogits: Floats,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const hit = targets[i] === j ? 1 : 0;
      const gradient = factor * (probabilities[i * columns + j]! - hit);
      dLogits[i * columns + j] = targets[i] === ignored ? 0 : gradient;
    }
  }
}
