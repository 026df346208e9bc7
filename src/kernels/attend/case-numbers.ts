import type { Random } from "../../core/random.ts";
import { lengthsOf, normals, seeded } from "../case.ts";
import {
  type AttendOptions,
  type AttendSetting,
  planOf,
  SCORES,
  settingOf,
} from "./case-options.ts";
import { type AttentionInputs, AXES } from "./contract.ts";
import { attendForward } from "./definition.ts";
import { broadcastSize, type Call, callOf, isAllowed } from "./rows.ts";

const POISON = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const MASK_TRUE = [1, -1, 255, 2 ** 31 - 1];

let lastDrawn: { key: string; numbers: ReturnType<typeof draw> } | null = null;

/** The numbers of a case, which it shares with the other ops of the same setting. */
export function numbersOf(options: AttendOptions): ReturnType<typeof draw> {
  const { keep: _, logSumExp: __, dWeights: ___, shared, ...drawn } = settingOf(options);
  // JSON knows neither NaN nor infinities.
  const key = JSON.stringify([drawn, String(drawn.oddNumber), shared === "all", shared !== "none"]);
  if (lastDrawn?.key !== key) lastDrawn = { key, numbers: draw(settingOf(options)) };
  return lastDrawn.numbers;
}

/** Whatever no query may meet, and every query that meets nothing, holds NaN and infinities. */
function draw(s: AttendSetting) {
  const { batch, heads, keyHeads, queries, steps, size, valueSize } = s;
  const random = seeded(s.seed).stream(queries * 211 + steps * 17 + size);
  const plan = planOf(s);
  const keyRows = batch * keyHeads * plan.capacity;
  const rows = batch * heads * queries;
  const perPart = s.scale === 1 && s.score === "dot" ? Math.sqrt(Math.max(size, 1)) : 1;
  const keys = normals(random, keyRows * size);
  const query = normals(random, rows * size, s.logits / perPart);
  if (s.scores !== "none") shape(query, keys, s);
  const values = normals(random, keyRows * valueSize);
  const vector = normals(random, size);
  const slopes = Float32Array.from({ length: heads }, (_, h) => 2 ** ((-8 * (h + 1)) / heads));
  const counts = lengthsOf(s.lengths, batch, steps);
  const mask = maskOf(random, s);
  const bias = biasOf(random, s);
  const dContext = normals(random, rows * valueSize);
  const dWeights = normals(random, rows * steps);
  const inputs: AttentionInputs<Float32Array, Int32Array> = {
    query: s.shared === "all" ? keys : query,
    keys,
    values: s.shared === "none" ? values : keys,
    vector: s.score === "additive, v" ? vector : null,
    lengths: s.lengths === "null" ? null : counts,
    mask: s.maskAxes < 0 ? null : mask,
    bias: s.biasAxes < 0 ? null : bias,
    slopes: s.slopes ? slopes : null,
  };
  const call = callOf(inputs, plan);
  const met = meetings(call);
  /** Where that row begins in the query or the context. */
  const startOfRow = (row: number, width: number): number => {
    const { n, h, q } = call.layout.rowAt(row);
    return call.layout.query(n, h, q, width);
  };
  const poison = (x: Float32Array, row: (number: number) => number, width: number) => {
    return (yes: number, number: number) => {
      if (yes === 1) return;
      const start = row(number);
      for (let i = start; i < start + width; i++) x[i] = POISON[i % 3]!;
    };
  };
  // One array for all three is poisoned nowhere: a key that no query meets may be a query that meets some.
  if (s.shared !== "all") {
    for (const [x, width] of [
      [keys, size],
      [values, valueSize],
    ] as const) {
      met.keys.forEach(poison(x, (row) => row * width, width));
    }
    met.queries.forEach(poison(query, (row) => startOfRow(row, size), size));
  }
  met.queries.forEach(poison(dContext, (row) => startOfRow(row, valueSize), valueSize));
  met.pairs.forEach(poison(dWeights, (pair) => pair, 1));
  met.bias.forEach((yes, i) => {
    // −∞ is what made it so, and stays.
    if (yes === 0 && bias[i] !== Number.NEGATIVE_INFINITY) bias[i] = POISON[i % 2]!;
  });
  const odd = { query: inputs.query, keys, values: inputs.values, vector, bias, slopes };
  const places = {
    query: startOfRow(middle(met.queries), size) + Math.floor(size / 2),
    keys: middle(met.keys) * size + Math.floor(size / 2),
    values: middle(met.keys) * valueSize + Math.floor(valueSize / 2),
    vector: Math.floor(size / 2),
    bias: middle(met.bias),
    slopes: Math.floor(heads / 2),
    upstream: startOfRow(middle(met.queries), valueSize) + Math.floor(valueSize / 2),
  };
  if (s.odd !== "none") {
    const x = s.odd === "upstream" ? dContext : odd[s.odd];
    if (places[s.odd] < x.length) x[places[s.odd]] = s.oddNumber;
  }
  const enough = Array.from({ length: rows }, (_, row) => {
    const pairs = met.pairs.subarray(row * steps, (row + 1) * steps);
    return pairs.reduce((count, yes) => count + yes, 0) >= 3;
  });
  const forward = {
    context: new Float32Array(rows * valueSize),
    maxima: new Float32Array(rows),
    sums: new Float32Array(rows),
    weights: new Float32Array(rows * steps),
  };
  attendForward(inputs, plan, forward.context, forward, forward.weights, null);
  const arrays = { query, keys, values, vector, slopes, counts, mask, bias, dContext, dWeights };
  /** Most queries meet so few keys that their gradients may be next to nothing. */
  const thin = 2 * enough.filter((yes) => yes).length < rows;
  return { plan, inputs, ...arrays, ...forward, thin };
}

/** Adds to the scores by way of the first number of each row, which is 1 in every query. */
function shape(query: Float32Array, keys: Float32Array, s: AttendSetting): void {
  const { scores, size, steps, spare, keyHeads, sideBySide } = s;
  if (scores === "none" || size === 0) return;
  // Eighths, of which float32 adds up so many without rounding as there are below 2^24.
  if (scores.startsWith("about")) {
    for (const x of [query, keys]) x.set(x.map((value) => Math.round(8 * value) / 8));
  }
  for (let i = 0; i < query.length; i += size) query[i] = 1;
  for (let i = 0; i < keys.length; i += size) {
    const row = i / size;
    const t = sideBySide ? Math.floor(row / keyHeads) : row;
    keys[i] = SCORES[scores](t % (steps + spare), steps);
  }
}

/** The number of elements of an array of those axes, or of none. */
function lengthOf(s: AttendSetting, axes: number): number {
  return axes < 0 ? 0 : broadcastSize(s, axes);
}

/** Calls with the element of an array of those axes and the query's index, for every element. */
function elements(s: AttendSetting, axes: number, visit: (i: number, query: number) => void): void {
  const inner = axes & AXES.steps ? s.steps : 1;
  const queries = axes & AXES.queries ? s.queries : 1;
  for (let i = 0; i < lengthOf(s, axes); i++) visit(i, Math.floor(i / inner) % queries);
}

function maskOf(random: Random, s: AttendSetting): Int32Array {
  const mask = new Int32Array(lengthOf(s, s.maskAxes));
  elements(s, s.maskAxes, (i, query) => {
    const chance = random.uniform();
    const some = chance < 1 / 3 ? 0 : MASK_TRUE[i % MASK_TRUE.length]!;
    const everyThird = s.mask === "rows" && query % 3 === 1;
    mask[i] = s.mask === "everything" ? 1 : s.mask === "nothing" || everyThird ? 0 : some;
  });
  return mask;
}

function biasOf(random: Random, s: AttendSetting): Float32Array {
  const bias = normals(random, lengthOf(s, s.biasAxes));
  elements(s, s.biasAxes, (i, query) => {
    const some = random.uniform() < 1 / 4;
    if (s.bias === "finite") return;
    if (some || (s.bias === "rows of −∞" && query % 3 === 1)) bias[i] = Number.NEGATIVE_INFINITY;
  });
  return bias;
}

/** 1 for each key, query, pair of them and element of the bias that takes part in any score. */
function meetings(call: Call) {
  const { plan, layout } = call;
  const { batch, heads, keyHeads, queries, steps, capacity } = plan;
  const met = {
    keys: new Uint8Array(batch * keyHeads * capacity),
    queries: new Uint8Array(batch * heads * queries),
    pairs: new Uint8Array(batch * heads * queries * steps),
    bias: new Uint8Array(call.inputs.bias?.length ?? 0),
  };
  for (const { n, h, q, row } of layout.rows()) {
    for (let t = 0; t < steps; t++) {
      if (!isAllowed(call, n, h, q, t)) continue;
      met.keys[layout.key(n, h, t, 1)] = 1;
      met.queries[row] = 1;
      met.pairs[row * steps + t] = 1;
      if (call.inputs.bias !== null) met.bias[layout.bias(n, h, q, t)] = 1;
    }
  }
  return met;
}

/** The index of the middle one of the ones; of the middle if there is none. */
function middle(ones: Uint8Array): number {
  const at = [...ones.keys()].filter((i) => ones[i] === 1);
  return at[Math.floor(at.length / 2)] ?? Math.floor(ones.length / 2);
}
