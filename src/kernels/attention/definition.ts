import type { Floats } from "../arrays.ts";
import { softmaxRow } from "../softmax/definition.ts";

/** The number of keys that sequence `n` may attend to. */
function allowed(lengths: Int32Array | null, n: number, steps: number): number {
  return lengths === null ? steps : lengths[n]!;
}

/** weights[n, q, t] = exp(s[t]) / Σₖ exp(s[k]) with s[t] = Σ_d query[n, q, d] · keys[n, t, d] */
export function attentionWeightForward(
  query: Floats,
  keys: Floats,
  lengths: Int32Array | null,
  weights: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
): void {
  for (let n = 0; n < batch; n++) {
    const length = allowed(lengths, n, steps);
    for (let q = 0; q < queries; q++) {
      const row = (n * queries + q) * steps;
      for (let t = 0; t < length; t++) {
        let score = 0;
        for (let d = 0; d < size; d++) {
          score += query[(n * queries + q) * size + d]! * keys[(n * steps + t) * size + d]!;
        }
        weights[row + t] = score;
      }
      softmaxRow(weights, weights, row, length);
      for (let t = length; t < steps; t++) weights[row + t] = 0;
    }
  }
}

/**
 * Was s = query · keysᵀ, weights = softmax(s), so
 * dScores[t] = weights[t] · (dWeights[t] − Σₖ weights[k] · dWeights[k]),
 * dQuery = dScores · keys, dKeys (+)= dScoresᵀ · query.
 */
export function attentionWeightBackward(
  query: Floats,
  keys: Floats,
  lengths: Int32Array | null,
  weights: Floats,
  dWeights: Floats,
  dScores: Floats,
  dQuery: Floats,
  dKeys: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
  accumulate: boolean,
): void {
  if (!accumulate) dKeys.fill(0, 0, batch * steps * size);
  for (let n = 0; n < batch; n++) {
    const length = allowed(lengths, n, steps);
    for (let q = 0; q < queries; q++) {
      const row = (n * queries + q) * steps;
      let dot = 0;
      for (let t = 0; t < length; t++) dot += weights[row + t]! * dWeights[row + t]!;
      for (let t = 0; t < steps; t++) {
        dScores[row + t] = t < length ? weights[row + t]! * (dWeights[row + t]! - dot) : 0;
      }
      for (let d = 0; d < size; d++) {
        const at = (n * queries + q) * size + d;
        let total = 0;
        for (let t = 0; t < length; t++) {
          const key = (n * steps + t) * size + d;
          total += dScores[row + t]! * keys[key]!;
          dKeys[key] = dKeys[key]! + dScores[row + t]! * query[at]!;
        }
        dQuery[at] = total;
      }
    }
  }
}

/** context[n, q, d] = Σₜ weights[n, q, t] · values[n, t, d] */
export function weightSumForward(
  values: Floats,
  weights: Floats,
  lengths: Int32Array | null,
  context: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
): void {
  for (let n = 0; n < batch; n++) {
    const length = allowed(lengths, n, steps);
    for (let q = 0; q < queries; q++) {
      for (let d = 0; d < size; d++) {
        let total = 0;
        for (let t = 0; t < length; t++) {
          total += weights[(n * queries + q) * steps + t]! * values[(n * steps + t) * size + d]!;
        }
        context[(n * queries + q) * size + d] = total;
      }
    }
  }
}

/** Was context = weights · values, so dWeights = dContext · valuesᵀ, dValues (+)= weightsᵀ · dContext. */
export function weightSumBackward(
  values: Floats,
  weights: Floats,
  lengths: Int32Array | null,
  dContext: Floats,
  dWeights: Floats,
  dValues: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
  accumulate: boolean,
): void {
  if (!accumulate) dValues.fill(0, 0, batch * steps * size);
  for (let n = 0; n < batch; n++) {
    const length = allowed(lengths, n, steps);
    for (let q = 0; q < queries; q++) {
      const row = (n * queries + q) * steps;
      for (let t = 0; t < steps; t++) {
        let total = 0;
        if (t < length) {
          for (let d = 0; d < size; d++) {
            const value = (n * steps + t) * size + d;
            const dc = dContext[(n * queries + q) * size + d]!;
            total += dc * values[value]!;
            dValues[value] = dValues[value]! + weights[row + t]! * dc;
          }
        }
        dWeights[row + t] = total;
      }
    }
  }
}

/** context = softmax(query · keysᵀ) · values: Luong et al. 2015, equation 7 and section 3.1 ("dot"). */
export function attentionForward(
  query: Floats,
  keys: Floats,
  values: Floats,
  lengths: Int32Array | null,
  weights: Floats,
  context: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
): void {
  attentionWeightForward(query, keys, lengths, weights, batch, queries, steps, size);
  weightSumForward(values, weights, lengths, context, batch, queries, steps, size);
}

/**
 * The two backward passes above in one. As context = Σₖ weights[k] · values[k], the term of the
 * softmax's gradient Σₖ weights[k] · dWeights[k] = Σₖ weights[k] · (dContext · values[k])
 * = dContext · context (Dao et al. 2022, appendix B.2).
 */
export function attentionBackward(
  query: Floats,
  keys: Floats,
  values: Floats,
  lengths: Int32Array | null,
  weights: Floats,
  context: Floats,
  dContext: Floats,
  dQuery: Floats,
  dKeys: Floats,
  dValues: Floats,
  batch: number,
  queries: number,
  steps: number,
  size: number,
  accumulate: boolean,
): void {
  if (!accumulate) {
    dKeys.fill(0, 0, batch * steps * size);
    dValues.fill(0, 0, batch * steps * size);
  }
  const dScores = new Float64Array(steps);
  for (let n = 0; n < batch; n++) {
    const length = allowed(lengths, n, steps);
    for (let q = 0; q < queries; q++) {
      const row = (n * queries + q) * steps;
      const at = (n * queries + q) * size;
      let dot = 0;
      for (let d = 0; d < size; d++) dot += dContext[at + d]! * context[at + d]!;
      for (let t = 0; t < length; t++) {
        let dWeight = 0;
        for (let d = 0; d < size; d++) {
          dWeight += dContext[at + d]! * values[(n * steps + t) * size + d]!;
        }
        dScores[t] = weights[row + t]! * (dWeight - dot);
      }
      for (let d = 0; d < size; d++) {
        let total = 0;
        for (let t = 0; t < length; t++) {
          const key = (n * steps + t) * size + d;
          total += dScores[t]! * keys[key]!;
          dKeys[key] = dKeys[key]! + dScores[t]! * query[at + d]!;
          dValues[key] = dValues[key]! + weights[row + t]! * dContext[at + d]!;
        }
        dQuery[at + d] = total;
      }
    }
  }
}
