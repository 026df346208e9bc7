import { checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError, DtypeError, ShapeError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import {
  checkShape,
  flatten,
  formatShape,
  type NestedNumbers,
  type Shape,
  sameShape,
  shapeOf,
  sizeOf,
} from "../core/shapes.ts";
import type { Dtype, Memory, Storage } from "../core/storage.ts";
import { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkDevice, deviceFor } from "./current.ts";

/** Where and as what a new tensor is held. */
export interface TensorOptions {
  /** Default: the current device if it holds `dtype`, else the reference device. */
  readonly device?: Memory;
  /** Default: `"float32"`, whatever array the data comes in. */
  readonly dtype?: Dtype;
}

type TensorData = Float32Array | Float64Array | NestedNumbers;

/**
 * A tensor of the given numbers, which are copied.
 *
 * @param data a Float32Array, Float64Array, flat or nested arrays of numbers, or one number
 * @param shape sizes per axis; without it, the nesting gives the shape
 * @throws ShapeError when the number of elements does not fit, or nested arrays are ragged
 * @throws DtypeError when the dtype does not exist or the device does not hold it
 * @example
 * const hs = tensor([[1, 2, 3], [4, 5, 6]]);
 * hs.shape; // → [2, 3]
 * tensor(new Float32Array(6), [3, 2]).toArray(); // → [[0, 0], [0, 0], [0, 0]]
 */
export function tensor(data: TensorData, shape?: Shape, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options, CREATION);
  const { flat, shape: actual } = readData("tensor", data, shape);
  const result = emptyTensor("tensor", actual, options);
  result.storage.write(flat);
  return result;
}

/**
 * A tensor of zeros.
 *
 * @throws ShapeError or DtypeError as {@link tensor}
 * @example
 * zeros([2, 2]).toArray(); // → [[0, 0], [0, 0]]
 */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  checkShape("zeros", shape);
  checkOptions("zeros", options, CREATION);
  const result = emptyTensor("zeros", shape, options);
  deviceOf(result).kernels.fill(result.storage, 0, result.size);
  return result;
}

/**
 * Normal random numbers, mean 0 and deviation 1 unless given, one draw of `random` per element in
 * row-major order.
 *
 * @throws ShapeError or DtypeError as {@link tensor}
 * @example
 * normal([10, 5, 4], new Random(42)).shape; // → [10, 5, 4]
 */
export function normal(
  shape: Shape,
  random: Random,
  options: TensorOptions & { readonly mean?: number; readonly deviation?: number } = {},
): Tensor {
  checkDraw("normal", shape, random);
  checkOptions("normal", options, [...CREATION, "mean", "deviation"]);
  const { mean = 0, deviation = 1 } = options;
  checkNumber("normal", "mean", mean, "a finite number", Number.isFinite);
  checkNumber("normal", "deviation", deviation, "a finite number ≥ 0", notNegative);
  const result = emptyTensor("normal", shape, options);
  drawInto(result.storage, result.size, () => random.normal(mean, deviation));
  return result;
}

/**
 * Uniform random numbers, `low ≤ u < high`, from 0 to 1 unless given, one draw of `random` per element
 * in row-major order.
 *
 * @throws ShapeError or DtypeError as {@link tensor}
 * @example
 * const u = uniform([3], new Random(42), { low: 5, high: 6 });
 * u.data.every((x) => x >= 5 && x <= 6); // → true
 */
export function uniform(
  shape: Shape,
  random: Random,
  options: TensorOptions & { readonly low?: number; readonly high?: number } = {},
): Tensor {
  checkDraw("uniform", shape, random);
  checkOptions("uniform", options, [...CREATION, "low", "high"]);
  const { low = 0, high = 1 } = options;
  checkNumber("uniform", "low", low, "a finite number", Number.isFinite);
  const above = (value: number): boolean => value >= low && Number.isFinite(value);
  checkNumber("uniform", "high", high, `a finite number ≥ low, which is ${low}`, above);
  const result = emptyTensor("uniform", shape, options);
  const held = result.dtype === "float32" ? Math.fround : Number;
  drawInto(result.storage, result.size, () => {
    const value = random.uniform(low, high);
    // A number just below `high` may round up to it where it is held.
    return held(value) < high ? value : low;
  });
  return result;
}

/**
 * Whole numbers that name rows or lengths: symbols for an `Embedding`, targets for a loss, lengths of
 * sequences. Copied from an Int32Array or from flat or nested arrays.
 *
 * @throws ShapeError as {@link tensor}; DtypeError when a number is not a whole number of 32 bits
 * @example
 * indices([[3, 1], [2, 0]]).shape; // → [2, 2]
 */
export function indices(
  data: Int32Array | NestedNumbers,
  shape?: Shape,
  options: { readonly device?: Memory } = {},
): Indices {
  // A dtype is let pass, so that one object of options serves tensors and the indices beside them.
  checkOptions("indices", options, CREATION);
  const { flat, shape: actual } = readData("indices", data, shape);
  for (let i = 0; i < flat.length; i++) {
    if ((flat[i]! | 0) !== flat[i]) {
      throw new DtypeError({
        where: "indices",
        expected: "whole numbers of 32 bits",
        received: `${flat[i]} at element ${i}`,
      });
    }
  }
  const device = options.device ?? deviceFor("float32");
  checkDevice("indices", device);
  const storage = device.allocate("int32", flat.length);
  storage.write(flat);
  return new Indices(device, storage, actual);
}

/** The options of everything that makes tensors. */
const CREATION = ["device", "dtype"];
/** Numbers that are drawn before they are written, so that large tensors need no second copy. */
const DRAWN_AT_ONCE = 2 ** 14;

/** Overwrites a storage of `length` numbers with what `next` gives, in order. */
export function drawInto(storage: Storage, length: number, next: () => number): void {
  for (let start = 0; start < length; start += DRAWN_AT_ONCE) {
    const numbers = Float64Array.from({ length: Math.min(DRAWN_AT_ONCE, length - start) }, next);
    const part = storage.slice(start, numbers.length);
    part.write(numbers);
    part.release();
  }
}

function notNegative(value: number): boolean {
  return value >= 0 && Number.isFinite(value);
}

function checkDraw(where: string, shape: Shape, random: unknown): void {
  checkShape(where, shape);
  if (random instanceof Random) return;
  throw new DataError({
    where,
    expected: "a Random to draw from",
    received: describe(random),
    fix: "make one with new Random(seed)",
  });
}

function emptyTensor(where: string, shape: Shape, options: TensorOptions): Tensor {
  const { dtype = "float32" } = options;
  const device = deviceHolding(where, dtype, options.device);
  return new Tensor(device, device.allocate(dtype, sizeOf(shape)), shape, dtype);
}

/** The device asked for, or the one for the dtype, if it holds that dtype. */
export function deviceHolding(where: string, dtype: Dtype, asked: Memory | undefined): Memory {
  if (dtype !== "float32" && dtype !== "float64") {
    throw new DtypeError({
      where,
      expected: 'dtype "float32" or "float64"',
      received: describe(dtype),
    });
  }
  const device = asked ?? deviceFor(dtype);
  checkDevice(where, device);
  if (!device.dtypes.includes(dtype)) {
    throw new DtypeError({
      where,
      expected: `a dtype that the ${device.name} device holds (${device.dtypes.join(", ")})`,
      received: dtype,
      fix: "float64 runs on the reference device",
    });
  }
  return device;
}

interface FlatData {
  readonly flat: ArrayLike<number>;
  readonly shape: Shape;
}

function readData(
  where: string,
  data: Int32Array | TensorData,
  shape: Shape | undefined,
): FlatData {
  if (shape !== undefined) checkShape(where, shape);
  if (ArrayBuffer.isView(data)) {
    // By its tag, which is the same for arrays of another frame or context.
    const tag = Object.prototype.toString.call(data).slice(8, -1);
    const accepted = [
      "Float32Array",
      "Float64Array",
      ...(where === "indices" ? ["Int32Array"] : []),
    ];
    if (!accepted.includes(tag)) {
      throw new DtypeError({
        where,
        expected: where === "indices" ? "an Int32Array" : "a Float32Array or a Float64Array",
        received: tag,
        fix: "convert it first, e.g. Float32Array.from(data)",
      });
    }
    const flat = data as Float32Array;
    return { flat, shape: checkCount(where, flat.length, shape) };
  }
  if (typeof data !== "number" && !Array.isArray(data)) {
    throw new DtypeError({
      where,
      expected: "numbers: a typed array, a flat or nested array, or one number",
      received: describe(data),
    });
  }
  const nested = shapeOf(data, where);
  const flat = flatten(where, data, nested);
  if (shape === undefined || nested.length > 1) {
    if (shape !== undefined && !sameShape(shape, nested)) {
      throw new ShapeError({
        where,
        expected: `nested arrays of shape ${formatShape(shape)}`,
        received: `shape ${formatShape(nested)}`,
        fix: "give the numbers flat, or leave the shape out",
      });
    }
    return { flat, shape: nested };
  }
  return { flat, shape: checkCount(where, flat.length, shape) };
}

/** The shape, if there are as many numbers as it asks for; without one, that of a row of them. */
export function checkCount(where: string, count: number, shape: Shape | undefined): Shape {
  if (shape === undefined) return [count];
  if (sizeOf(shape) !== count) {
    throw new ShapeError({
      where,
      expected: `${sizeOf(shape)} numbers for shape ${formatShape(shape)}`,
      received: `${count}`,
    });
  }
  return shape;
}
