/**
 * Rows of attention and of its gradients, one at a time and in float64: what a long call can be held against where
 * all of it would take minutes.
 */

/** One head's numbers, (T, D) each. */
export interface Head {
  readonly query: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly dContext: Float32Array;
  readonly steps: number;
  readonly size: number;
}

function dot(a: Float32Array, i: number, b: ArrayLike<number>, j: number, D: number): number {
  let sum = 0;
  for (let d = 0; d < D; d++) sum += a[i * D + d]! * b[j * D + d]!;
  return sum;
}

/** The weights of query q. */
function weightsOf({ query, keys, steps, size: D }: Head, q: number): Float64Array {
  const weights = Float64Array.from(
    { length: steps },
    (_, t) => dot(query, q, keys, t, D) / Math.sqrt(D),
  );
  const most = weights.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    weights[t] = Math.exp(weights[t]! - most);
    sum += weights[t]!;
  }
  for (let t = 0; t < steps; t++) weights[t]! /= sum;
  return weights;
}

/** The gradients of the scores of query q, from its weights. */
function scoreGradients(head: Head, q: number, weights: Float64Array): Float64Array {
  const { values, dContext, steps, size: D } = head;
  const gradients = Float64Array.from({ length: steps }, (_, t) => dot(dContext, q, values, t, D));
  const mean = gradients.reduce((sum, each, t) => sum + each * weights[t]!, 0);
  return gradients.map((each, t) => weights[t]! * (each - mean));
}

/** Row q of context, and of dQuery. */
export function queryRow(head: Head, q: number): { context: number[]; dQuery: number[] } {
  const { keys, values, steps, size: D } = head;
  const weights = weightsOf(head, q);
  const gradients = scoreGradients(head, q, weights);
  const [context, dQuery] = [new Array<number>(D).fill(0), new Array<number>(D).fill(0)];
  for (let t = 0; t < steps; t++) {
    for (let d = 0; d < D; d++) {
      context[d]! += weights[t]! * values[t * D + d]!;
      dQuery[d]! += (gradients[t]! * keys[t * D + d]!) / Math.sqrt(D);
    }
  }
  return { context, dQuery };
}

/** Row t of dKeys, and of dValues: it takes all queries. */
export function keyRow(head: Head, t: number): { dKeys: number[]; dValues: number[] } {
  const { query, dContext, steps, size: D } = head;
  const [dKeys, dValues] = [new Array<number>(D).fill(0), new Array<number>(D).fill(0)];
  for (let q = 0; q < steps; q++) {
    const weights = weightsOf(head, q);
    const gradient = scoreGradients(head, q, weights)[t]!;
    for (let d = 0; d < D; d++) {
      dKeys[d]! += (gradient * query[q * D + d]!) / Math.sqrt(D);
      dValues[d]! += weights[t]! * dContext[q * D + d]!;
    }
  }
  return { dKeys, dValues };
}

/** Sums of the columns of a (T, D) array, as of dContext: since weights add up to 1, those of dValues are the same. */
export function columnSums(rows: Float32Array, D: number): number[] {
  const sums = new Array<number>(D).fill(0);
  for (let i = 0; i < rows.length; i++) sums[i % D]! += rows[i]!;
  return sums;
}
