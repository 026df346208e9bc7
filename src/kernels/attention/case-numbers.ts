import {
  type LengthsKind,
  lengthsOf,
  normals,
  poisonPadding,
  seeded,
  type Tolerance,
  withValues,
} from "../case.ts";
import {
  weightSumForward as sumDefinition,
  attentionWeightForward as weightDefinition,
} from "./definition.ts";

export interface AttentionOptions {
  readonly batch: number;
  readonly queries: number;
  readonly steps: number;
  readonly size: number;
  readonly lengths?: LengthsKind;
  readonly accumulate?: boolean;
  /** Which arguments are one array. */
  readonly shared?: "values" | "gradients" | "both";
  readonly seed?: number;
  /** Standard deviation of the logits. */
  readonly logits?: number;
  readonly nan?: "query" | "keys" | "values" | "upstream";
  /** What becomes of a row of scores from its first key to its last; by default nothing special. */
  readonly scores?: keyof typeof SCORES;
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

/** What is added to the score of key t of `steps`, where logits are of deviation `logits`. */
export const SCORES = {
  "the largest last": (t: number, steps: number, logits: number) => (6 * logits * t) / steps,
  "the largest first": (t: number, steps: number, logits: number) => (-6 * logits * t) / steps,
  "−∞ at first": (t: number, steps: number) => (2 * t < steps ? Number.NEGATIVE_INFINITY : 0),
  "−∞ from half on": (t: number, steps: number) => (2 * t < steps ? 0 : Number.NEGATIVE_INFINITY),
  "−∞": () => Number.NEGATIVE_INFINITY,
  "∞ at last": (t: number, steps: number) => (t + 1 < steps ? 0 : Number.POSITIVE_INFINITY),
} as const;

let lastDrawn: { key: string; numbers: ReturnType<typeof draw> } | null = null;

/** The numbers of a case, which it shares with the other ops of the same options. */
export function numbersOf(options: AttentionOptions): ReturnType<typeof draw> {
  const { batch, queries, steps, size, lengths, seed, logits, nan, scores } = options;
  const key = JSON.stringify([batch, queries, steps, size, lengths, seed, logits, nan, scores]);
  if (lastDrawn?.key !== key) lastDrawn = { key, numbers: draw(options) };
  return lastDrawn.numbers;
}

/** Padding behind the lengths holds NaN and infinities. */
function draw(options: AttentionOptions) {
  const { batch, queries, steps, size, lengths = "null", logits = 1 } = options;
  const random = seeded(options.seed ?? batch * 1009 + queries * 211 + steps * 17 + size);
  const place = (which: AttentionOptions["nan"]) =>
    options.nan === which ? { 3: Number.NaN } : {};
  const queryScale = logits / Math.sqrt(Math.max(size, 1));
  const query = withValues(normals(random, batch * queries * size, queryScale), place("query"));
  const keys = withValues(normals(random, batch * steps * size), place("keys"));
  if (logits > 10) pairUp(keys, normals(random, keys.length, 1 / logits), size);
  if (options.scores !== undefined) shape(query, keys, options, SCORES[options.scores]);
  const values = withValues(normals(random, batch * steps * size), place("values"));
  const dContext = withValues(normals(random, batch * queries * size), place("upstream"));
  const dWeights = withValues(normals(random, batch * queries * steps), place("upstream"));
  const counts = lengthsOf(lengths, batch, steps);
  poisonPadding(keys, counts, steps, size);
  poisonPadding(values, counts, steps, size);
  const weights = new Float32Array(batch * queries * steps);
  weightDefinition(query, keys, counts, weights, batch, queries, steps, size);
  const perQuery = counts.length === 0 ? counts : repeated(counts, queries);
  poisonPadding(dWeights, perQuery, steps, 1);
  const paddedWeights = weights.slice();
  poisonPadding(paddedWeights, perQuery, steps, 1);
  const contextOf = (x: Float32Array): Float32Array => {
    const context = new Float32Array(batch * queries * size);
    sumDefinition(x, weights, counts, context, batch, queries, steps, size);
    return context;
  };
  const dKeys = normals(random, batch * steps * size);
  const dValues = normals(random, batch * steps * size);
  const arrays = {
    query,
    keys,
    values,
    weights,
    paddedWeights,
    context: contextOf(values),
    contextOfKeys: contextOf(keys),
    dContext,
    dWeights,
    dKeys,
    dValues,
  };
  return { ...arrays, counts };
}

/**
 * Makes every second key its predecessor plus a little: among large logits one alone has all the
 * weight, and nothing shows but 0 and 1, unless there are some that nearly tie.
 */
function pairUp(keys: Float32Array, little: Float32Array, size: number): void {
  for (let i = size; i < keys.length; i++) {
    if (Math.floor(i / size) % 2 === 1) keys[i] = keys[i - size]! + little[i]!;
  }
}

/** Adds to the scores by way of the first of the `size` numbers, which is 1 in every query. */
function shape(
  query: Float32Array,
  keys: Float32Array,
  { steps, size, logits = 1 }: AttentionOptions,
  added: (t: number, steps: number, logits: number) => number,
): void {
  for (let q = 0; q < query.length; q += size) query[q] = 1;
  for (let k = 0; k < keys.length; k += size) keys[k] = added((k / size) % steps, steps, logits);
}

function repeated(counts: Int32Array, times: number): Int32Array {
  return Int32Array.from(
    { length: counts.length * times },
    (_, i) => counts[Math.floor(i / times)]!,
  );
}

export function nameOf(op: string, options: AttentionOptions): string {
  const { batch, queries, steps, size, lengths = "null", shared, scores, special = "" } = options;
  const flags = options.accumulate === true ? ", added" : "";
  const alias = shared === undefined ? "" : `, one array for ${shared}`;
  const not = options.nan === undefined ? "" : `, NaN in ${options.nan}`;
  const row = scores === undefined ? "" : `, scores ${scores}`;
  const shape = `N ${batch}, Tq ${queries}, Tk ${steps}, D ${size}`;
  return `${op}: ${shape}, lengths ${lengths}${flags}${alias}${not}${row}${special}`;
}
