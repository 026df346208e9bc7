/** One row of the general attention's definition: one query of one head, and all it may meet. */
import { threefry } from "../../core/threefry.ts";
import type { Floats } from "../arrays.ts";
import { softmaxRow, softmaxWeight } from "../softmax/definition.ts";
import { entmaxRow, sparsemaxRow } from "../sparse-softmax/definition.ts";
import {
  type AttentionInputs,
  type AttentionPlan,
  type AttentionRows,
  AXES,
  NORMALIZERS,
} from "./contract.ts";

type Inputs = AttentionInputs<Floats, Int32Array>;

/** By key: a number for each that is allowed, undefined for each that is not. */
type PerKey = (number | undefined)[];

/** A call of the op, with where the rows of its arrays begin. */
export interface Call {
  readonly inputs: Inputs;
  readonly plan: AttentionPlan;
  readonly layout: ReturnType<typeof layoutOf>;
}

export function callOf(inputs: Inputs, plan: AttentionPlan): Call {
  return { inputs, plan, layout: layoutOf(plan) };
}

/** Where rows begin in the arrays of a plan. */
function layoutOf(plan: AttentionPlan) {
  const { batch, heads, keyHeads, queries, steps, capacity, sideBySide } = plan;
  const rowAt = (row: number) => {
    const h = Math.floor(row / queries) % heads;
    return { n: Math.floor(row / queries / heads), h, q: row % queries, row };
  };
  /** The element of an array of broadcast axes. */
  const at = (axes: number, n: number, h: number, q: number, t: number): number => {
    let index = 0;
    if (axes & AXES.batch) index = n;
    if (axes & AXES.heads) index = index * heads + h;
    if (axes & AXES.queries) index = index * queries + q;
    if (axes & AXES.steps) index = index * steps + t;
    return index;
  };
  return {
    rowAt,
    /** Every row there is, in order. */
    *rows() {
      for (let row = 0; row < batch * heads * queries; row++) yield rowAt(row);
    },
    /** Of query and dQuery, or with E numbers of context and dContext. */
    query: (n: number, h: number, q: number, size: number): number =>
      (sideBySide ? (n * queries + q) * heads + h : (n * heads + h) * queries + q) * size,
    /** Of keys and values, and of their gradients. */
    key: (n: number, h: number, t: number, size: number): number => {
      const g = Math.floor((h * keyHeads) / heads);
      return (
        (sideBySide ? (n * capacity + t) * keyHeads + g : (n * keyHeads + g) * capacity + t) * size
      );
    },
    mask: (n: number, h: number, q: number, t: number): number => at(plan.maskAxes, n, h, q, t),
    bias: (n: number, h: number, q: number, t: number): number => at(plan.biasAxes, n, h, q, t),
    /** The number of elements of bias. */
    biasSize: (): number => broadcastSize(plan, plan.biasAxes),
  };
}

type Broadcast = Pick<AttentionPlan, "batch" | "heads" | "queries" | "steps">;

/** The number of elements of an array of those axes. */
export function broadcastSize(sizes: Broadcast, axes: number): number {
  const along = (axis: keyof typeof AXES) => (axes & AXES[axis] ? sizes[axis] : 1);
  return along("batch") * along("heads") * along("queries") * along("steps");
}

/** The key beside which query q of sequence n stands, and the number of keys that there are. */
function placeOf({ inputs, plan }: Call, n: number, q: number) {
  const length = inputs.lengths === null ? plan.steps : inputs.lengths[n]!;
  return { length, place: q + plan.shift + (plan.toEnd ? length : 0) };
}

/** Whether query q of head h may meet key t. */
export function isAllowed(call: Call, n: number, h: number, q: number, t: number): boolean {
  const { plan, layout } = call;
  const { mask, bias } = call.inputs;
  const { length, place } = placeOf(call, n, q);
  if (t >= length) return false;
  if (plan.left >= 0 && t < place - plan.left) return false;
  if (plan.right >= 0 && t > place + plan.right) return false;
  if (mask !== null && mask[layout.mask(n, h, q, t)] === 0) return false;
  return bias === null || bias[layout.bias(n, h, q, t)] !== Number.NEGATIVE_INFINITY;
}

/** raw, capped and score of the contract; −∞ is for the caller. */
export function scoreOf(
  call: Call,
  n: number,
  h: number,
  q: number,
  t: number,
): { raw: number; capped: number; score: number } {
  const { layout } = call;
  const { query, keys, vector, bias, slopes } = call.inputs;
  const { size, scale, softcap, additive } = call.plan;
  const [at, key] = [layout.query(n, h, q, size), layout.key(n, h, t, size)];
  let sum = 0;
  for (let d = 0; d < size; d++) {
    sum += additive
      ? (vector === null ? 1 : vector[d]!) * Math.tanh(query[at + d]! + keys[key + d]!)
      : query[at + d]! * keys[key + d]!;
  }
  const raw = scale * sum;
  const capped = softcap > 0 ? softcap * Math.tanh(raw / softcap) : raw;
  let score = capped;
  if (bias !== null) score += bias[layout.bias(n, h, q, t)]!;
  if (slopes !== null) score -= slopes[h]! * Math.abs(placeOf(call, n, q).place - t);
  return { raw, capped, score };
}

/** The weights of a row, with the largest score and the sum that the softmax divides by. */
export function weightsOfRow(
  call: Call,
  n: number,
  h: number,
  q: number,
): { scores: PerKey; w: Floats; max: number; sum: number } {
  const { plan } = call;
  const scores: PerKey = Array.from({ length: plan.steps }, (_, t) =>
    isAllowed(call, n, h, q, t) ? scoreOf(call, n, h, q, t).score : undefined,
  );
  const allowed = Float64Array.from(scores.filter((score) => score !== undefined));
  const normal = new Float64Array(allowed.length);
  const { max, sum } = softmaxRow(allowed, normal, 0, allowed.length);
  const { sparsemax, entmax15 } = NORMALIZERS;
  if (plan.normalizer === sparsemax) sparsemaxRow(allowed, normal, 0, allowed.length);
  if (plan.normalizer === entmax15) entmaxRow(allowed, normal, 0, allowed.length);
  // Back to where they came from: those that are not allowed weigh nothing.
  const w = new Float64Array(plan.steps);
  let next = 0;
  for (let t = 0; t < plan.steps; t++) if (scores[t] !== undefined) w[t] = normal[next++]!;
  return { scores, w, max, sum };
}

/** What dropout makes of weight t of a row, or of its gradient: `factor` times as much, or 0 even of NaN. */
export function dropped(plan: AttentionPlan, row: number, t: number, x: number): number {
  if (plan.threshold === 0) return x * plan.factor;
  const words = new Uint32Array(2);
  threefry(plan.seed, plan.stream, t >>> 1, row, words);
  return words[t % 2]! >= plan.threshold ? x * plan.factor : 0;
}

/** What a backward pass knows of the forward one, and what came back to it. */
interface Upstream {
  readonly rows: AttentionRows<Floats>;
  readonly weights: Floats | null;
  readonly dContext: Floats;
  readonly dWeights: Floats | null;
}

/** dScore of every key that is allowed; dot, which all of them lose; and the weights again. */
export function gradientOfRow(
  call: Call,
  { rows, weights, dContext, dWeights }: Upstream,
  n: number,
  h: number,
  q: number,
): { dScores: PerKey; dot: number; w: Floats } {
  const { inputs, plan, layout } = call;
  const { steps, valueSize, normalizer } = plan;
  const row = (n * plan.heads + h) * plan.queries + q;
  const left = { max: rows.maxima[row]!, sum: rows.sums[row]! };
  const out = layout.query(n, h, q, valueSize);
  const [w, g, dWeight] = [
    new Float64Array(steps),
    new Float64Array(steps),
    new Float64Array(steps),
  ];
  const allowed = Array.from({ length: steps }, (_, t) => isAllowed(call, n, h, q, t));
  let [total, dot] = [0, 0];
  for (let t = 0; t < steps; t++) {
    if (!allowed[t]) continue;
    w[t] =
      weights === null
        ? softmaxWeight(scoreOf(call, n, h, q, t).score, left)
        : weights[row * steps + t]!;
    g[t] = w[t]!;
    // NaN stays one.
    if (normalizer === NORMALIZERS.sparsemax) g[t] = w[t]! > 0 ? 1 : w[t]!;
    if (normalizer === NORMALIZERS.entmax15) g[t] = Math.sqrt(w[t]!);
    let sum = 0;
    for (let e = 0; e < valueSize; e++) {
      sum += dContext[out + e]! * inputs.values[layout.key(n, h, t, valueSize) + e]!;
    }
    dWeight[t] = dropped(plan, row, t, sum) + (dWeights === null ? 0 : dWeights[row * steps + t]!);
    total += g[t]!;
    dot += g[t]! * dWeight[t]!;
  }
  if (normalizer !== NORMALIZERS.softmax && total !== 0) dot /= total;
  // Nothing weighs anything, whatever came back.
  if (normalizer === NORMALIZERS.softmax && left.sum === 0) dot = 0;
  const dScores: PerKey = allowed.map((yes, t) => (yes ? g[t]! * (dWeight[t]! - dot) : undefined));
  return { dScores, dot, w };
}
