/** Attention by its formulas, number by number, from the data of a case: nothing of heed computes here. */
import { threefry } from "../../src/core/threefry.ts";
import {
  type AttentionCase,
  type numbersOf,
  scaleOf,
  shapesOf,
  totalSteps,
} from "./attention-cases.ts";

type Numbers = ReturnType<typeof numbersOf>;

/** A row of a call: query q of head h of sequence n, with the head g whose keys it meets. */
interface Row {
  readonly n: number;
  readonly h: number;
  readonly g: number;
  readonly q: number;
}

/** What a call must give: context in the layout of the case, the rest by (N, H, Tq[, Tk]). */
export function expectedOf(each: AttentionCase, numbers: Numbers) {
  const { batch, heads, queries, valueSize } = each;
  const Tk = totalSteps(each);
  const context = new Float64Array(batch * heads * queries * valueSize);
  const weights: number[] = [];
  const raw: number[] = [];
  const capped: number[] = [];
  const masked: number[] = [];
  const logSumExp: number[] = [];
  for (const row of rowsOf(each)) {
    const keys = Array.from({ length: Tk }, (_, t) => t);
    const scores = keys.map((t) => scoresOf(each, numbers, row, t));
    const open = keys.filter((t) => isOpen(each, numbers, row, t));
    const w = normalised(
      each,
      open.map((t) => scores[t]!.final),
    );
    const all = keys.map((t) => (open.includes(t) ? w[open.indexOf(t)]! : 0));
    weights.push(...all);
    raw.push(...scores.map((score) => score.raw));
    capped.push(...scores.map((score) => score.capped));
    masked.push(
      ...keys.map((t) => (open.includes(t) ? scores[t]!.final : Number.NEGATIVE_INFINITY)),
    );
    logSumExp.push(Math.log(open.reduce((sum, t) => sum + Math.exp(scores[t]!.final), 0)));
    const index = (row.n * heads + row.h) * queries + row.q;
    for (let e = 0; e < valueSize; e++) {
      const terms = open.map(
        (t) => all[t]! * kept(each, index, t) * valueAt(each, numbers, row, t, e),
      );
      context[contextIndex(each, row, e)] = terms.reduce((sum, term) => sum + term, 0);
    }
  }
  return { context, weights, raw, capped, masked, logSumExp };
}

/** Every row, in order. */
export function rowsOf({ batch, heads, keyHeads, queries }: AttentionCase): Row[] {
  const rows: Row[] = [];
  for (let n = 0; n < batch; n++) {
    for (let h = 0; h < heads; h++) {
      for (let q = 0; q < queries; q++) {
        rows.push({ n, h, g: Math.floor(h / (heads / keyHeads)), q });
      }
    }
  }
  return rows;
}

/** Whether the query of a row may meet key t. */
export function isOpen(each: AttentionCase, numbers: Numbers, row: Row, t: number): boolean {
  const { causal, window } = each;
  const { mask, lengths, floats } = numbers;
  const place = placeOf(each, numbers, row);
  if (lengths !== null && t >= lengths[row.n]!) return false;
  const isCausal = causal !== undefined && causal !== false;
  if (isCausal && t > place) return false;
  const [left, right] =
    typeof window === "object"
      ? [window.left ?? Number.POSITIVE_INFINITY, window.right ?? Number.POSITIVE_INFINITY]
      : [window ?? Number.POSITIVE_INFINITY, window ?? Number.POSITIVE_INFINITY];
  if (t < place - left || t > place + right) return false;
  if (mask !== null && broadcastAt(each, mask.data, mask.shape, row, t) === 0) return false;
  const { bias } = shapesOf(each);
  if (bias === undefined) return true;
  return broadcastAt(each, floats["bias"]!, bias, row, t) !== Number.NEGATIVE_INFINITY;
}

/** The key beside which a query stands. */
function placeOf(each: AttentionCase, { lengths }: Numbers, { n, q }: Row): number {
  const { causal } = each;
  if (causal === "top-left") return q;
  if (causal === "bottom-right") return q - each.queries + (lengths?.[n] ?? totalSteps(each));
  if (typeof causal === "object") return q + causal.offset;
  return q + (each.past ?? 0);
}

function scoresOf(each: AttentionCase, numbers: Numbers, row: Row, t: number) {
  const { floats, slopes } = numbers;
  const [W, Wq, Wk, b, v] = ["W", "Wq", "Wk", "b", "v"].map((name) => floats[name]);
  const query = Array.from({ length: each.size }, (_, d) => queryAt(each, numbers, row, d));
  const key = Array.from({ length: each.keySize }, (_, d) => keyAt(each, numbers, row, t, d));
  const times = (x: readonly number[], matrix: Float64Array | undefined): readonly number[] => {
    if (matrix === undefined) return x;
    const columns = matrix.length / x.length;
    return Array.from({ length: columns }, (_, j) =>
      x.reduce((sum, value, i) => sum + value * matrix[i * columns + j]!, 0),
    );
  };
  let sum = 0;
  if (each.score === "additive") {
    const right = times(key, Wk);
    for (const [a, left] of times(query, Wq).entries()) {
      sum += (v?.[a] ?? 1) * Math.tanh(left + right[a]! + (b?.[a] ?? 0));
    }
  } else {
    for (const [d, left] of times(query, W).entries()) sum += left * key[d]!;
  }
  const raw = scaleOf(each) * sum;
  const { softcap } = each;
  const capped = softcap > 0 ? softcap * Math.tanh(raw / softcap) : raw;
  const { bias } = shapesOf(each);
  const added = bias === undefined ? 0 : broadcastAt(each, floats["bias"]!, bias, row, t);
  const slope = slopes?.[row.h] ?? 0;
  return { raw, capped, final: capped + added - slope * Math.abs(placeOf(each, numbers, row) - t) };
}

/** Softmax; or, by bisection, the weights [a · s − τ]₊^(1/(α−1)) that add up to 1, with a = α − 1. */
function normalised({ normalizer }: AttentionCase, scores: readonly number[]): number[] {
  if (scores.length === 0) return [];
  const most = Math.max(...scores);
  if (normalizer === "softmax") {
    const powers = scores.map((score) => Math.exp(score - most));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  }
  const factor = normalizer === "sparsemax" ? 1 : 0.5;
  const power = normalizer === "sparsemax" ? 1 : 2;
  const at = (tau: number): number[] =>
    scores.map((score) => Math.max(factor * (score - most) - tau, 0) ** power);
  let [low, high] = [-1, 0];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (at(middle).reduce((total, w) => total + w, 0) >= 1) low = middle;
    else high = middle;
  }
  return at(low);
}

/** What dropout multiplies weight t of a row by. */
function kept({ dropout }: AttentionCase, row: number, t: number): number {
  if (dropout === null) return 1;
  const words = new Uint32Array(2);
  threefry(dropout.seed, dropout.stream, t >>> 1, row, words);
  const dropped = words[t % 2]! < Math.round(dropout.rate * 2 ** 32);
  return dropped ? 0 : 1 / (1 - dropout.rate);
}

/** The number of an array that broadcasts to (N, H, Tq, Tk), or to (N, Tq, Tk). */
function broadcastAt(
  each: AttentionCase,
  data: ArrayLike<number>,
  shape: readonly number[],
  { n, h, q }: Row,
  t: number,
): number {
  const place = each.layout === "one" && shape.length < 4 ? [n, q, t] : [n, h, q, t];
  const aligned = place.slice(place.length - shape.length);
  const index = shape.reduce((at, size, axis) => at * size + (size === 1 ? 0 : aligned[axis]!), 0);
  return data[index]!;
}

const flat = (sizes: readonly number[], at: readonly number[]): number =>
  sizes.reduce((index, size, axis) => index * size + at[axis]!, 0);

function queryAt(each: AttentionCase, { floats }: Numbers, { n, h, q }: Row, d: number): number {
  const { batch, heads, queries, size, layout } = each;
  const index =
    layout === "four axes"
      ? flat([batch, heads, queries, size], [n, h, q, d])
      : flat([batch, queries, heads, size], [n, q, h, d]);
  return floats["query"]![index]!;
}

/** Of what has rows per key: those of the past come first. */
function stepAt(
  each: AttentionCase,
  { floats }: Numbers,
  row: Row,
  t: number,
  what: readonly [string, string, number, number],
): number {
  const [name, pastName, size, d] = what;
  const past = each.past ?? 0;
  const [array, steps, at] =
    t < past ? [floats[pastName]!, past, t] : [floats[name]!, each.steps, t - past];
  const { batch, keyHeads, layout } = each;
  const index =
    layout === "four axes"
      ? flat([batch, keyHeads, steps, size], [row.n, row.g, at, d])
      : flat([batch, steps, keyHeads, size], [row.n, at, row.g, d]);
  return array[index]!;
}

function keyAt(each: AttentionCase, numbers: Numbers, row: Row, t: number, d: number): number {
  return stepAt(each, numbers, row, t, ["keys", "pastKeys", each.keySize, d]);
}

function valueAt(each: AttentionCase, numbers: Numbers, row: Row, t: number, e: number): number {
  return stepAt(each, numbers, row, t, ["values", "pastValues", each.valueSize, e]);
}

function contextIndex(each: AttentionCase, { n, h, q }: Row, e: number): number {
  const { batch, heads, queries, valueSize, layout } = each;
  return layout === "four axes"
    ? flat([batch, heads, queries, valueSize], [n, h, q, e])
    : flat([batch, queries, heads, valueSize], [n, q, h, e]);
}
