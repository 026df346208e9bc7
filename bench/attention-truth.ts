import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { normal, openDevice, Random, TimeAttention, tensor } from "heed";
import { CACHE, writeCached } from "./cache.ts";
import type { Sizes } from "./shapes.ts";
import { relativeError } from "./statistics.ts";

/** What every contender is given at a shape, and what it has to come out with, as files. */
export interface Task {
  readonly sizes: Sizes;
  /** hsEnc, hsDec, dout, one after the other, float32. */
  readonly inputs: string;
  /** out, dhsEnc, dhsDec, one after the other, float64, by the definition. */
  readonly truth: string;
}

/** Relative L2 errors of a contender's three results. */
export interface Errors {
  readonly forward: number;
  readonly backward: number;
}

/** How long the three arrays are, of the inputs and of the results alike: encoder, decoder, decoder. */
export function lengths([N, Td, Te, H]: Sizes): { encoder: number; decoder: number } {
  return { encoder: N * Te * H, decoder: N * Td * H };
}

/** Inputs and truth of a shape, made on the first call and kept in the cache. */
export async function attentionTask(sizes: Sizes): Promise<Task> {
  const name = sizes.join("x");
  const inputs = join(CACHE, "tasks", `${name}.f32`);
  const truth = join(CACHE, "tasks", `${name}.truth.f64`);
  if (existsSync(inputs) && existsSync(truth)) return { sizes, inputs, truth };
  const [N, Td, Te, H] = sizes;
  const reference = await openDevice("reference");
  const random = new Random(1);
  // Logits of ordinary size at any H: their deviation is 1.
  const deviation = H ** -0.25;
  const arrays = [Te, Td, Td].map((T) =>
    normal([N, T, H], random, { device: reference, deviation }),
  );
  const [hsEnc, hsDec, dout] = arrays.map((each) =>
    tensor(each.data, each.shape, { device: reference, dtype: "float64" }),
  );
  if (hsEnc === undefined || hsDec === undefined || dout === undefined)
    throw new Error("no inputs");
  const layer = new TimeAttention();
  const out = layer.forward(hsEnc, hsDec);
  const results = [out, ...layer.backward(dout)];
  writeCached(`tasks/${name}.f32`, joined(arrays.map(({ data }) => data)));
  writeCached(`tasks/${name}.truth.f64`, joined(results.map(({ data }) => data)));
  return { sizes, inputs, truth };
}

/** How far a contender's results, a file of out, dhsEnc, dhsDec in float32, are from the truth. */
export function compareWithTruth(task: Task, results: string): Errors {
  const actual = floats(results, Float32Array);
  const truth = floats(task.truth, Float64Array);
  const { encoder, decoder } = lengths(task.sizes);
  const [first, second] = [decoder, decoder + encoder];
  const error = (start: number, end?: number): number =>
    relativeError(actual.subarray(start, end), truth.subarray(start, end));
  return {
    forward: error(0, first),
    backward: Math.max(error(first, second), error(second)),
  };
}

/** The numbers of a file. */
export function floats<T extends Float32Array | Float64Array>(
  path: string,
  type: new (buffer: ArrayBuffer) => T,
): T {
  const bytes = readFileSync(path);
  return new type(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  );
}

function joined(arrays: readonly ArrayBufferView[]): Uint8Array {
  return Buffer.concat(
    arrays.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)),
  );
}
