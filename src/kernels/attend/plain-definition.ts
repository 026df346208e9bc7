import type { Floats } from "../arrays.ts";
import { softmaxRow, softmaxWeight } from "../softmax/definition.ts";
import type { AttentionInputs, AttentionPlan, AttentionRows } from "./contract.ts";

type Inputs = AttentionInputs<Floats, Int32Array>;

/** Where the rows of query q of sequence n begin, and those of the keys that it meets; and its scores. */
function rowOf({ query, keys, lengths }: Inputs, plan: AttentionPlan, row: number) {
  const { queries, steps, capacity, size, valueSize } = plan;
  const n = Math.floor(row / queries);
  const [at, out, first] = [row * size, row * valueSize, n * capacity];
  const scores = Float64Array.from({ length: lengths === null ? steps : lengths[n]! }, (_, t) => {
    let sum = 0;
    for (let d = 0; d < size; d++) sum += query[at + d]! * keys[(first + t) * size + d]!;
    return sum;
  });
  return { at, out, first, scores };
}

/** definition.ts as far as PLAIN_PLAN goes: what a page that has no more than that begins with. */
export function attendForward(
  inputs: Inputs,
  plan: AttentionPlan,
  context: Floats,
  { maxima, sums }: AttentionRows<Floats>,
): void {
  const { batch, queries, valueSize } = plan;
  for (let row = 0; row < batch * queries; row++) {
    const { out, first, scores: w } = rowOf(inputs, plan, row);
    const { max, sum } = softmaxRow(w, w, 0, w.length);
    maxima[row] = max;
    sums[row] = sum;
    for (let e = 0; e < valueSize; e++) {
      let total = 0;
      for (let t = 0; t < w.length; t++) {
        total += w[t]! * inputs.values[(first + t) * valueSize + e]!;
      }
      context[out + e] = total;
    }
  }
}

/** The same of its backward pass. */
export function attendBackward(
  inputs: Inputs,
  plan: AttentionPlan,
  _context: Floats,
  { maxima, sums }: AttentionRows<Floats>,
  _weights: null,
  dContext: Floats,
  _dWeights: null,
  dots: Floats,
  dQuery: Floats,
  dKeys: Floats,
  dValues: Floats,
): void {
  const { batch, queries, capacity, size, valueSize } = plan;
  dKeys.fill(0, 0, batch * capacity * size);
  dValues.fill(0, 0, batch * capacity * valueSize);
  for (let row = 0; row < batch * queries; row++) {
    const { at, out, first, scores } = rowOf(inputs, plan, row);
    const [max, sum] = [maxima[row]!, sums[row]!];
    const w = scores.map((score) => softmaxWeight(score, { max, sum }));
    let dot = 0;
    const dWeights = w.map((weight, t) => {
      let dWeight = 0;
      for (let e = 0; e < valueSize; e++) {
        dWeight += dContext[out + e]! * inputs.values[(first + t) * valueSize + e]!;
      }
      dot += weight * dWeight;
      return dWeight;
    });
    if (sum === 0) dot = 0;
    dots[row] = dot;
    const dq = new Float64Array(size);
    for (let t = 0; t < w.length; t++) {
      const dScore = w[t]! * (dWeights[t]! - dot);
      const [key, value] = [(first + t) * size, (first + t) * valueSize];
      for (let d = 0; d < size; d++) {
        dq[d] = dq[d]! + dScore * inputs.keys[key + d]!;
        dKeys[key + d] = dKeys[key + d]! + dScore * inputs.query[at + d]!;
      }
      for (let e = 0; e < valueSize; e++) {
        dValues[value + e] = dValues[value + e]! + w[t]! * dContext[out + e]!;
      }
    }
    dQuery.set(dq, at);
  }
}
