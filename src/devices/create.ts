import { DtypeError, ShapeError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
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
import type { Dtype, Memory } from "../core/storage.ts";
import { Indices, Tensor } from "../core/tensor.ts";
import { deviceFor } from "./current.ts";

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
  const result = emptyTensor("zeros", shape, options);
  result.storage.write(new Float32Array(result.size));
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
  const { mean = 0, deviation = 1 } = options;
  return draw("normal", shape, () => random.normal(mean, deviation), options);
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
  const { low = 0, high = 1 } = options;
  return draw("uniform", shape, () => random.uniform(low, high), options);
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
  const storage = device.allocate("int32", flat.length);
  storage.write(flat);
  return new Indices(device, storage, actual);
}

function draw(where: string, shape: Shape, next: () => number, options: TensorOptions): Tensor {
  checkShape(where, shape);
  const result = emptyTensor(where, shape, options);
  result.storage.write(Float64Array.from({ length: result.size }, next));
  return result;
}

function emptyTensor(where: string, shape: Shape, options: TensorOptions): Tensor {
  const { dtype = "float32" } = options;
  if (dtype !== "float32" && dtype !== "float64") {
    throw new DtypeError({
      where,
      expected: 'dtype "float32" or "float64"',
      received: JSON.stringify(dtype) ?? String(dtype),
    });
  }
  const device = options.device ?? deviceFor(dtype);
  if (!device.dtypes.includes(dtype)) {
    throw new DtypeError({
      where,
      expected: `a dtype that the ${device.name} device holds (${device.dtypes.join(", ")})`,
      received: dtype,
      fix: "float64 runs on the reference device",
    });
  }
  return new Tensor(device, device.allocate(dtype, sizeOf(shape)), shape, dtype);
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
    if (
      !(data instanceof Float32Array) &&
      !(data instanceof Float64Array) &&
      !(where === "indices" && data instanceof Int32Array)
    ) {
      throw new DtypeError({
        where,
        expected: where === "indices" ? "an Int32Array" : "a Float32Array or a Float64Array",
        received: Object.prototype.toString.call(data).slice(8, -1),
        fix: "convert it first, e.g. Float32Array.from(data)",
      });
    }
    return { flat: data, shape: checkCount(where, data.length, shape) };
  }
  if (typeof data !== "number" && !Array.isArray(data)) {
    throw new DtypeError({
      where,
      expected: "numbers: a typed array, a flat or nested array, or one number",
      received: data === null ? "null" : typeof data,
    });
  }
  const nested = shapeOf(data);
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

function checkCount(where: string, count: number, shape: Shape | undefined): Shape {
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
