import type { Dtype, Storage } from "../../src/core/storage.ts";
import type { Floats } from "../../src/kernels/arrays.ts";
import type { FloatArray, IntArray, KernelCase } from "../../src/kernels/case.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import type { Device } from "../../src/kernels/device.ts";

/** What stands in the arrays of a case after its call. */
export interface Answer {
  readonly floats: Readonly<Record<string, Floats>>;
  readonly ints: Readonly<Record<string, Int32Array>>;
  /** The guard words that were written to, and the inputs that were changed: one line each. */
  readonly damage: readonly string[];
}

/** What an int output holds before the call. */
const UNSET = -559038737;
/** Around what is written: a number that no op computes and that spoils any sum it gets into. */
const GUARD = Math.fround(1.5e30);
const INT_GUARD = 0x5eadbeef;

/**
 * Calls the case on a device. Every array lies in a storage of its own, `guard` words of its front
 * and of its back being fences: NaN around inputs, so that a read outside spoils the result, and a
 * large number around what is written. Outputs hold NaN before the call. An odd number of guard
 * words also puts arrays where no vector is aligned, as slices of a flat buffer are.
 */
export async function runOn(
  device: Device,
  dtype: Dtype,
  kernelCase: KernelCase,
  guard = 5,
): Promise<Answer> {
  const floats = mapValues(kernelCase.floats, (array) => fencedFloats(array, guard));
  const ints = mapValues(kernelCase.ints, (array) => fencedInts(array, guard));
  const storages = (arrays: Record<string, Float64Array | Int32Array>, type: Dtype | "int32") =>
    mapValues(arrays, (numbers) => {
      const whole = device.allocate(type, numbers.length);
      whole.write(numbers);
      return { whole, inner: whole.slice(guard, numbers.length - 2 * guard) };
    });
  const onDevice = { floats: storages(floats, dtype), ints: storages(ints, "int32") };
  kernelCase.call(
    device.kernels,
    mapValues(onDevice.floats, ({ inner }) => inner),
    mapValues(onDevice.ints, ({ inner }) => inner),
  );
  const damage: string[] = [];
  const answer = { floats: {} as Record<string, Floats>, ints: {} as Record<string, Int32Array> };
  const held = [
    ...entriesOf(onDevice.floats, floats, kernelCase.floats),
    ...entriesOf(onDevice.ints, ints, kernelCase.ints),
  ];
  for (const { name, storage, before, role } of held) {
    const after = await storage.whole.read();
    const end = after.length - guard;
    for (let i = 0; i < after.length; i++) {
      const inside = i >= guard && i < end;
      if (inside && role !== "input") continue;
      if (Object.is(after[i], before[i])) continue;
      const where = inside ? `input ${name}[${i - guard}]` : `${name}[${i - guard}], outside of it`;
      damage.push(`${where}, was overwritten with ${after[i]}`);
    }
    if (after instanceof Int32Array) answer.ints[name] = after.slice(guard, end);
    else answer.floats[name] = after.slice(guard, end);
    storage.inner.release();
    storage.whole.release();
  }
  return { ...answer, damage };
}

/** Calls the case on the definitions in float64, with the same float32 numbers. */
export function expectedOf(kernelCase: KernelCase): Answer {
  const floats = mapValues(kernelCase.floats, (array) => fencedFloats(array, 0));
  const ints = mapValues(kernelCase.ints, (array) => fencedInts(array, 0));
  kernelCase.call<Floats, Int32Array>(definitions, floats, ints);
  return { floats, ints, damage: [] };
}

function fencedFloats(array: FloatArray, guard: number): Float64Array {
  const numbers = new Float64Array(array.length + 2 * guard);
  numbers.fill(array.role === "input" ? Number.NaN : GUARD);
  if (array.role === "output") numbers.fill(Number.NaN, guard, guard + array.length);
  else numbers.set(array.data, guard);
  return numbers;
}

function fencedInts(array: IntArray, guard: number): Int32Array {
  const numbers = new Int32Array(array.length + 2 * guard).fill(INT_GUARD);
  if (array.role === "output") numbers.fill(UNSET, guard, guard + array.length);
  else numbers.set(array.data, guard);
  return numbers;
}

function* entriesOf(
  storages: Record<string, { whole: Storage; inner: Storage }>,
  before: Record<string, Float64Array | Int32Array>,
  arrays: KernelCase["floats"] | KernelCase["ints"],
) {
  for (const [name, storage] of Object.entries(storages)) {
    yield { name, storage, before: before[name]!, role: arrays[name]!.role };
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
