import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Storage } from "../../src/core/storage.ts";
import type { AddressedStorage } from "../../src/devices/addresses.ts";
import { type KernelExports, kernelCalls } from "../../src/devices/kernel-calls.ts";
import type { FloatArray, IntArray, KernelCase } from "../../src/kernels/case.ts";
import type { Answer } from "../support/run-case.ts";

/** A call as C gets it: the op, and numbers in which arrays have their number from 1 on, null has 0. */
interface Call {
  readonly op: string;
  readonly numbers: readonly number[];
}

/** What an array is, as replay.c has it. */
const [WRITTEN, GIVEN, ROOM] = [0, 1, 2];

/** Writes what replay.c reads: numbers little-endian and of 32 bits, arguments doubles. */
export function writeCases(path: string, cases: readonly KernelCase[]): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, numbers(cases.length));
    for (const kernelCase of cases) writeSync(file, bytesOfCase(kernelCase));
  } finally {
    closeSync(file);
  }
}

/** What replay.c wrote: the arrays of each case after its call, one case at a time. */
export function* readAnswers(path: string, cases: readonly KernelCase[]): Generator<Answer> {
  const file = openSync(path, "r");
  const next = (length: number): ArrayBuffer => {
    const bytes = new Uint8Array(4 * length);
    if (readSync(file, bytes) < bytes.length) throw new Error("answers are missing");
    return bytes.buffer;
  };
  try {
    for (const kernelCase of cases) {
      const floats = mapValues(kernelCase.floats, ({ length }) => new Float32Array(next(length)));
      const ints = mapValues(kernelCase.ints, ({ length }) => new Int32Array(next(length)));
      yield { floats, ints, damage: damageTo(kernelCase, floats, ints) };
    }
    if (readSync(file, new Uint8Array(1)) > 0) throw new Error("there are more answers than cases");
  } finally {
    closeSync(file);
  }
}

function bytesOfCase(kernelCase: KernelCase): Uint8Array {
  const call = callOf(kernelCase);
  const arrays = arraysOf(kernelCase);
  return Buffer.concat([
    ...text(kernelCase.name),
    ...text(call.op),
    numbers(arrays.length),
    ...arrays.flatMap(({ role, length, data }) => [
      numbers(role === "output" ? WRITTEN : role === "scratch" ? ROOM : GIVEN, length),
      bytesOf(data),
    ]),
    numbers(call.numbers.length),
    bytesOf(Float64Array.from(call.numbers)),
  ]);
}

/** Records the case's call, through the lines that devices call the C kernels by. */
function callOf(kernelCase: KernelCase): Call {
  const calls: Call[] = [];
  const recorder = new Proxy({} as KernelExports, {
    get:
      (_, op) =>
      (...received: number[]) =>
        calls.push({ op: String(op), numbers: received }),
  });
  let arrays = 0;
  const numbered = (): Storage => {
    const address = ++arrays;
    return { address: () => address } as unknown as AddressedStorage;
  };
  kernelCase.call(
    kernelCalls(recorder, () => {}),
    mapValues(kernelCase.floats, numbered),
    mapValues(kernelCase.ints, numbered),
  );
  if (calls.length !== 1) throw new Error(`${kernelCase.name} calls ${calls.length} ops`);
  return calls[0]!;
}

/** In the order in which they are numbered. */
function arraysOf({ floats, ints }: KernelCase): (FloatArray | IntArray)[] {
  return [...Object.values(floats), ...Object.values(ints)];
}

/** Inputs that were written to, one line each. */
function damageTo(
  kernelCase: KernelCase,
  floats: Answer["floats"],
  ints: Answer["ints"],
): string[] {
  const arrays = { ...kernelCase.floats, ...kernelCase.ints };
  return Object.entries({ ...floats, ...ints }).flatMap(([name, after]) => {
    const { role, data } = arrays[name]!;
    if (role !== "input" || Buffer.compare(bytesOf(data), bytesOf(after)) === 0) return [];
    return [`input ${name} was overwritten`];
  });
}

function numbers(...values: number[]): Uint8Array {
  return bytesOf(Uint32Array.from(values));
}

function text(value: string): Uint8Array[] {
  const bytes = Buffer.from(value);
  return [numbers(bytes.length), bytes];
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
