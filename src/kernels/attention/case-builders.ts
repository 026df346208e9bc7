import {
  accumulator,
  BACKWARD,
  changed,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  type LengthsKind,
  largest,
  lengthsOf,
  magnitude,
  normals,
  output,
  poisonPadding,
  seeded,
  type Tolerance,
  withValues,
} from "../case.ts";
import { attentionWeightForward as weightDefinition } from "./definition.ts";

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
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

let lastDrawn: { key: string; numbers: ReturnType<typeof draw> } | null = null;

/** The numbers of a case, which it shares with the other ops of the same options. */
function numbersOf(options: AttentionOptions): ReturnType<typeof draw> {
  const { batch, queries, steps, size, lengths, seed, logits, nan } = options;
  const key = JSON.stringify([batch, queries, steps, size, lengths, seed, logits, nan]);
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
  const dKeys = normals(random, batch * steps * size);
  const dValues = normals(random, batch * steps * size);
  const arrays = {
    query,
    keys,
    values,
    weights,
    paddedWeights,
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

function repeated(counts: Int32Array, times: number): Int32Array {
  return Int32Array.from(
    { length: counts.length * times },
    (_, i) => counts[Math.floor(i / times)]!,
  );
}

function nameOf(op: string, options: AttentionOptions): string {
  const { batch, queries, steps, size, lengths = "null", shared, special = "" } = options;
  const flags = options.accumulate === true ? ", added" : "";
  const alias = shared === undefined ? "" : `, one array for ${shared}`;
  const not = options.nan === undefined ? "" : `, NaN in ${options.nan}`;
  const shape = `N ${batch}, Tq ${queries}, Tk ${steps}, D ${size}`;
  return `${op}: ${shape}, lengths ${lengths}${flags}${alias}${not}${special}`;
}

export function attentionWeightForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null" } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("attentionWeightForward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      weights: output(batch * queries * steps),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    call: (kernels, f, i) => {
      const counts = lengths === "null" ? null : i.lengths;
      kernels.attentionWeightForward(
        f.query,
        f.keys,
        counts,
        f.weights,
        batch,
        queries,
        steps,
        size,
      );
    },
  });
}

/** `shared: "gradients"` here means that dScores is dWeights. */
export function attentionWeightBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false } = options;
  const x = numbersOf(options);
  const inPlace = options.shared === "gradients";
  const upstream = magnitude(x.dWeights);
  return kernelCase({
    name: nameOf("attentionWeightBackward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      weights: input(x.paddedWeights),
      dWeights: inPlace ? changed(x.dWeights) : input(x.dWeights),
      dScores: output(inPlace ? 0 : batch * queries * steps),
      dQuery: output(batch * queries * size),
      dKeys: accumulator(accumulate, x.dKeys),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: {
      dScores: upstream,
      dWeights: upstream,
      dQuery: upstream * largest(x.keys),
      dKeys: upstream * largest(x.query) + (accumulate ? magnitude(x.dKeys) : 0),
    },
    call: (kernels, f, i) =>
      kernels.attentionWeightBackward(
        f.query,
        f.keys,
        lengths === "null" ? null : i.lengths,
        f.weights,
        f.dWeights,
        inPlace ? f.dWeights : f.dScores,
        f.dQuery,
        f.dKeys,
        batch,
        queries,
        steps,
        size,
        accumulate,
      ),
  });
}

export function weightSumForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null" } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("weightSumForward", options),
    floats: {
      values: input(x.values),
      weights: input(x.paddedWeights),
      context: output(batch * queries * size),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { context: Math.sqrt(batch * queries * size) * largest(x.values) },
    call: (kernels, f, i) => {
      const counts = lengths === "null" ? null : i.lengths;
      kernels.weightSumForward(f.values, f.weights, counts, f.context, batch, queries, steps, size);
    },
  });
}

export function weightSumBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false } = options;
  const x = numbersOf(options);
  const upstream = magnitude(x.dContext);
  return kernelCase({
    name: nameOf("weightSumBackward", options),
    floats: {
      values: input(x.values),
      weights: input(x.paddedWeights),
      dContext: input(x.dContext),
      dWeights: output(batch * queries * steps),
      dValues: accumulator(accumulate, x.dValues),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: {
      dWeights: upstream * largest(x.values),
      dValues: upstream * largest(x.weights) + (accumulate ? magnitude(x.dValues) : 0),
    },
    call: (kernels, f, i) =>
      kernels.weightSumBackward(
        f.values,
        f.weights,
        lengths === "null" ? null : i.lengths,
        f.dContext,
        f.dWeights,
        f.dValues,
        batch,
        queries,
        steps,
        size,
        accumulate,
      ),
  });
}

export function attentionForwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", shared } = options;
  const x = numbersOf(options);
  return kernelCase({
    name: nameOf("attentionForward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      values: input(x.values),
      weights: output(batch * queries * steps),
      context: output(batch * queries * size),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { context: Math.sqrt(batch * queries * size) * largest(x.values) },
    call: (kernels, f, i) =>
      kernels.attentionForward(
        // With one array for all three (Tq = Tk), this is self-attention.
        shared === "both" ? f.keys : f.query,
        f.keys,
        shared === undefined ? f.values : f.keys,
        lengths === "null" ? null : i.lengths,
        f.weights,
        f.context,
        batch,
        queries,
        steps,
        size,
      ),
  });
}

export function attentionBackwardCase(options: AttentionOptions): KernelCase {
  const { batch, queries, steps, size, lengths = "null", accumulate = false, shared } = options;
  const x = numbersOf(options);
  const oneInput = shared === "values" || shared === "both";
  const oneGradient = shared === "gradients" || shared === "both";
  const upstream = magnitude(x.dContext) * largest(x.values);
  const ofValues = magnitude(x.dContext) * largest(x.weights);
  const ofKeys = upstream * largest(x.query);
  const start = accumulate ? magnitude(x.dKeys) : 0;
  return kernelCase({
    name: nameOf("attentionBackward", options),
    floats: {
      query: input(x.query),
      keys: input(x.keys),
      values: input(x.values),
      weights: input(x.paddedWeights),
      dContext: input(x.dContext),
      dScores: output(batch * queries * steps),
      dQuery: output(batch * queries * size),
      dKeys: accumulator(accumulate, x.dKeys),
      dValues: oneGradient ? output(0) : accumulator(accumulate, x.dValues),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: {
      dScores: upstream,
      dQuery: upstream * largest(x.keys),
      dKeys: start + ofKeys + (oneGradient ? ofValues : 0),
      dValues: start + ofValues,
    },
    call: (kernels, f, i) =>
      kernels.attentionBackward(
        f.query,
        f.keys,
        oneInput ? f.keys : f.values,
        lengths === "null" ? null : i.lengths,
        f.weights,
        f.dContext,
        f.dScores,
        f.dQuery,
        f.dKeys,
        oneGradient ? f.dKeys : f.dValues,
        batch,
        queries,
        steps,
        size,
        accumulate,
      ),
  });
}
