import type { Floats } from "../arrays.ts";
import type { AttentionInputs, AttentionPlan, AttentionRows } from "./contract.ts";
import { STAGES } from "./contract.ts";
import { callOf, dropped, gradientOfRow, isAllowed, scoreOf, weightsOfRow } from "./rows.ts";

type Inputs = AttentionInputs<Floats, Int32Array>;
type Rows = AttentionRows<Floats>;

/** context = drop(normaliser(score)) · values, row by row: the formulas of the contract as they stand. */
export function attendForward(
  inputs: Inputs,
  plan: AttentionPlan,
  context: Floats,
  rows: Rows,
  weights: Floats | null,
  logSumExp: Floats | null,
): void {
  const { steps, valueSize } = plan;
  const call = callOf(inputs, plan);
  const { layout } = call;
  for (const { n, h, q, row } of layout.rows()) {
    const { scores, max, sum, w } = weightsOfRow(call, n, h, q);
    rows.maxima[row] = max;
    rows.sums[row] = sum;
    if (logSumExp !== null)
      logSumExp[row] = sum === 0 ? Number.NEGATIVE_INFINITY : max + Math.log(sum);
    const out = layout.query(n, h, q, valueSize);
    const kept = w.map((weight, t) => dropped(plan, row, t, weight));
    for (let e = 0; e < valueSize; e++) {
      let total = 0;
      for (let t = 0; t < steps; t++) {
        if (scores[t] === undefined) continue;
        total += kept[t]! * inputs.values[layout.key(n, h, t, valueSize) + e]!;
      }
      context[out + e] = total;
    }
    if (weights !== null) for (let t = 0; t < steps; t++) weights[row * steps + t] = w[t]!;
  }
}

/** The gradient of every score, from which those of query, keys and values follow as sums. */
export function attendBackward(
  inputs: Inputs,
  plan: AttentionPlan,
  _context: Floats,
  rows: Rows,
  weights: Floats | null,
  dContext: Floats,
  dWeights: Floats | null,
  dots: Floats,
  dQuery: Floats,
  dKeys: Floats,
  dValues: Floats,
  dVectors: Floats | null,
): void {
  const { batch, keyHeads, capacity, steps, size, valueSize, softcap, scale, additive } = plan;
  const { query, keys, vector } = inputs;
  const call = callOf(inputs, plan);
  const { layout } = call;
  dKeys.fill(0, 0, batch * keyHeads * capacity * size);
  dValues.fill(0, 0, batch * keyHeads * capacity * valueSize);
  dVectors?.fill(0, 0, batch * keyHeads * capacity * size);
  const dq = new Float64Array(size);
  for (const { n, h, q, row } of layout.rows()) {
    const gradient = gradientOfRow(call, { rows, weights, dContext, dWeights }, n, h, q);
    dots[row] = gradient.dot;
    dq.fill(0);
    const [at, out] = [layout.query(n, h, q, size), layout.query(n, h, q, valueSize)];
    for (let t = 0; t < steps; t++) {
      const dScore = gradient.dScores[t];
      if (dScore === undefined) continue;
      // Was capped = softcap · tanh(raw / softcap), whose slope is 1 − (capped / softcap)².
      const { capped } = scoreOf(call, n, h, q, t);
      const dRaw = softcap > 0 ? dScore * (1 - (capped / softcap) ** 2) : dScore;
      const key = layout.key(n, h, t, size);
      for (let d = 0; d < size; d++) {
        let [left, right] = [keys[key + d]!, query[at + d]!];
        if (additive) {
          const tanh = Math.tanh(query[at + d]! + keys[key + d]!);
          if (dVectors !== null) dVectors[key + d] = dVectors[key + d]! + dRaw * scale * tanh;
          left = right = (vector === null ? 1 : vector[d]!) * (1 - tanh * tanh);
        }
        dq[d] = dq[d]! + dRaw * scale * left;
        dKeys[key + d] = dKeys[key + d]! + dRaw * scale * right;
      }
      const value = layout.key(n, h, t, valueSize);
      const weight = dropped(plan, row, t, gradient.w[t]!);
      for (let e = 0; e < valueSize; e++) {
        dValues[value + e] = dValues[value + e]! + weight * dContext[out + e]!;
      }
    }
    for (let d = 0; d < size; d++) dQuery[at + d] = dq[d]!;
  }
}

/** dBias[…] = Σ dScore over the axes along which bias was broadcast. */
export function attendBiasBackward(
  inputs: Inputs,
  plan: AttentionPlan,
  rows: Rows,
  weights: Floats | null,
  dContext: Floats,
  dWeights: Floats | null,
  _dots: Floats,
  dBias: Floats,
): void {
  const call = callOf(inputs, plan);
  const { layout } = call;
  dBias.fill(0, 0, layout.biasSize());
  for (const { n, h, q } of layout.rows()) {
    const { dScores } = gradientOfRow(call, { rows, weights, dContext, dWeights }, n, h, q);
    for (let t = 0; t < plan.steps; t++) {
      const at = layout.bias(n, h, q, t);
      dBias[at] = dBias[at]! + (dScores[t] ?? 0);
    }
  }
}

/** Every score, as far as the stage. */
export function attentionScores(
  inputs: Inputs,
  plan: AttentionPlan,
  stage: number,
  scores: Floats,
): void {
  const call = callOf(inputs, plan);
  for (const { n, h, q, row } of call.layout.rows()) {
    for (let t = 0; t < plan.steps; t++) {
      const { raw, capped, score } = scoreOf(call, n, h, q, t);
      const masked = isAllowed(call, n, h, q, t) ? score : Number.NEGATIVE_INFINITY;
      const upTo = stage === STAGES.raw ? raw : stage === STAGES.capped ? capped : masked;
      scores[row * plan.steps + t] = upTo;
    }
  }
}
