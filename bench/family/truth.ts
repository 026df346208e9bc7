/** Inputs of calls of the family and what has to come out, as files of the cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openDevice } from "heed";
import { type Errors, floats } from "../attention-truth.ts";
import { CACHE, writeCached } from "../cache.ts";
import { relativeError } from "../statistics.ts";
import { type FamilyCall, type FamilyInputs, resultLengths, splitInputs } from "./calls.ts";
import { drawInputs, makeCall } from "./heed-call.ts";

/** The file of a call's query, keys, values and dContext, one after the other, float32. */
export async function inputsOf(call: FamilyCall): Promise<string> {
  const { batch, heads, keyHeads, queries, steps, size, cached = false, logits = 1 } = call;
  const sizes = [batch, heads, keyHeads, queries, steps, size].join("x");
  const name = `family/${sizes}${cached ? "-cached" : ""}-${logits}.f32`;
  if (existsSync(join(CACHE, name))) return join(CACHE, name);
  return writeCached(name, bytesOf(inOrder(drawInputs(call, await openDevice("reference")))));
}

/** The file of what comes out, float64, by the definition: context, and the gradients too. */
export async function truthOf(call: FamilyCall): Promise<string> {
  const { name: _name, backward: _backward, ...what } = call;
  const backward = call.cached !== true;
  const title = JSON.stringify({ ...what, backward }).replaceAll(/[^\w.-]+/g, "-");
  const name = `family/truth${title}.f64`;
  if (existsSync(join(CACHE, name))) return join(CACHE, name);
  const numbers = floats(await inputsOf(call), Float32Array);
  const device = await openDevice("reference");
  const made = makeCall({ ...call, backward }, splitInputs(call, numbers), device, "float64");
  return writeCached(name, bytesOf(made.result()));
}

/** How far results in float32 are from the truth, both as files: context, then the worst gradient. */
export function errorsOf(call: FamilyCall, results: string, truth: string): Errors {
  const [forward = Number.NaN, ...backward] = eachError(call, results, truth);
  return { forward, backward: Math.max(0, ...backward) };
}

/** How far each of a call's results is from the truth. */
export function eachError(call: FamilyCall, results: string, truth: string): number[] {
  const actual = floats(results, Float32Array);
  const expected = floats(truth, Float64Array);
  const lengths = resultLengths(call);
  if (actual.length !== lengths.reduce((a, b) => a + b)) return lengths.map(() => Number.NaN);
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return relativeError(actual.subarray(end - length, end), expected.subarray(end - length, end));
  });
}

function inOrder({ query, keys, values, dContext }: FamilyInputs): Float32Array[] {
  return [query, keys, values, dContext];
}

function bytesOf(arrays: readonly ArrayBufferView[]): Uint8Array {
  return Buffer.concat(
    arrays.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)),
  );
}
