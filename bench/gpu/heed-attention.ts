import { attention, type Device, type Tensor, tensor } from "heed";
import { relativeError } from "../statistics.ts";
import { columnSums, type Head, keyRow, queryRow } from "./attention-rows.ts";
import { type Prepared, settle } from "./prepared.ts";
import { randomNumbers } from "./random-numbers.ts";
import type { AttentionSize } from "./sizes.ts";

/** Up to so many keys, rows of the gradients of keys and values are computed anew: it takes T² · D. */
const SHORT = 1024;

/** `attention` as a program calls it that wants no weights, and gives back what it does not need. */
export function prepareAttention(device: Device, size: AttentionSize): Prepared {
  const { steps: T, heads, size: D, backward } = size;
  const numbers = [1, 2, 3, 4].map((seed) => randomNumbers(heads * T * D, seed));
  const given = numbers.map((each) => tensor(each, [1, heads, T, D], { device }));
  const [query, keys, values, dContext] = given as [Tensor, Tensor, Tensor, Tensor];
  /** Context, and the three gradients. */
  const call = (): Tensor[] => {
    const result = attention(query, keys, values, { score: "scaled-dot" });
    if (!backward) {
      result.forget();
      return [result.context];
    }
    const { dQuery, dKeys, dValues } = result.backward(dContext);
    result.forget();
    return [result.context, dQuery, dKeys, dValues];
  };
  return {
    async repeat(times) {
      for (let i = 0; i < times; i++) for (const each of call()) each.dispose();
      await settle(query);
    },
    async check() {
      const results = call();
      const read: Float32Array[] = [];
      for (const each of results) read.push((await each.read()) as Float32Array);
      for (const each of results) each.dispose();
      return errorOf(size, numbers, read);
    },
    release() {
      for (const each of given) each.dispose();
    },
  };
}

/** The worst of the relative errors of a few rows of each result, in the last head. */
function errorOf(
  { steps: T, heads, size: D, backward }: AttentionSize,
  numbers: readonly Float32Array[],
  results: readonly Float32Array[],
): number {
  const last = (all: Float32Array | undefined): Float32Array =>
    (all ?? new Float32Array()).subarray((heads - 1) * T * D);
  const [query, keys, values, dContext] = numbers.map(last);
  const [context, dQuery, dKeys, dValues] = [0, 1, 2, 3].map((i) => last(results[i]));
  const head = { query, keys, values, dContext, steps: T, size: D } as Head;
  const row = (array: Float32Array | undefined, i: number): number[] => [
    ...(array ?? []).slice(i * D, (i + 1) * D),
  ];
  const errors: number[] = [];
  for (const q of [0, Math.floor(T / 3), T - 1]) {
    const truth = queryRow(head, q);
    errors.push(relativeError(row(context, q), truth.context));
    if (backward) errors.push(relativeError(row(dQuery, q), truth.dQuery));
  }
  if (backward && T <= SHORT) {
    const t = Math.floor(T / 2);
    const truth = keyRow(head, t);
    errors.push(relativeError(row(dKeys, t), truth.dKeys));
    errors.push(relativeError(row(dValues, t), truth.dValues));
  }
  if (backward) {
    const truth = columnSums(head.dContext, D);
    errors.push(relativeError(columnSums(dValues ?? new Float32Array(), D), truth));
  }
  // Unlike Math.max of some, NaN of any is seen.
  return errors.reduce((worst, each) => (each > worst || Number.isNaN(each) ? each : worst), 0);
}
