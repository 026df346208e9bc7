/// <reference lib="esnext.disposable" preserve="true" />

import { ShapeError, StateError } from "./errors.ts";
import { checkShape, formatShape, type NestedNumbers, nest, type Shape, sizeOf } from "./shapes.ts";
import type { Dtype, Memory, Storage } from "./storage.ts";

/** `Symbol.dispose` where the engine has it, so that `using` works; a private symbol elsewhere. */
export const disposeSymbol: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("heed.dispose") as typeof Symbol.dispose);

/** What tensors and indices share: a shape over a storage on a device, and an end of life. */
abstract class Held {
  /** Sizes per axis, outermost first; `[]` is a single number. */
  readonly shape: Shape;
  /** Where the numbers live. */
  readonly device: Memory;
  #storage: Storage | null;

  constructor(device: Memory, storage: Storage, shape: Shape) {
    this.device = device;
    this.#storage = storage;
    this.shape = Object.freeze([...shape]);
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether `dispose` was called. */
  get disposed(): boolean {
    return this.#storage === null;
  }

  /**
   * The memory behind it, for kernels.
   *
   * @throws StateError after `dispose`.
   */
  get storage(): Storage {
    if (this.#storage === null) {
      throw new StateError({
        where: `${this.constructor.name}${formatShape(this.shape)}`,
        expected: `one that is still held`,
        received: "use after dispose()",
        fix: "dispose it later, or copy what you need with read() first",
      });
    }
    return this.#storage;
  }

  /** Gives the memory back now rather than when this object is collected. Twice is once. */
  dispose(): void {
    this.#storage?.release();
    this.#storage = null;
  }

  /** What `using` calls at the end of its block: `dispose`. */
  [disposeSymbol](): void {
    this.dispose();
  }
}

/**
 * A row-major array of numbers on a device.
 *
 * Made by {@link tensor}, or returned by a layer. Memory goes back when the tensor is collected,
 * or earlier by `dispose()` or `using`.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * x.data[0] = 5;
 * x.reshape([4]).toArray(); // → [5, 2, 3, 4]
 * x.dispose();
 * x.data; // → throws StateError
 */
export class Tensor extends Held {
  /** The type of the numbers. */
  readonly dtype: Dtype;

  /** For devices and layers; everybody else calls {@link tensor}. */
  constructor(device: Memory, storage: Storage, shape: Shape, dtype: Dtype) {
    super(device, storage, shape);
    this.dtype = dtype;
  }

  /**
   * A view of the numbers, row-major: writing to it changes the tensor. Valid as long as the tensor
   * is held; keep the tensor, or copy, if you keep a `subarray` of it. Where a page lacks cross-origin
   * isolation, ask for it anew after other tensors were made, since memory that grows moves.
   *
   * @throws DeviceError on a GPU, which only `await read()` can reach.
   */
  get data(): Float32Array | Float64Array {
    return this.storage.view() as Float32Array | Float64Array;
  }

  /** A copy of the numbers, row-major, on every device. */
  async read(): Promise<Float32Array | Float64Array> {
    return (await this.storage.read()) as Float32Array | Float64Array;
  }

  /** The numbers as nested arrays; a plain number for shape `[]`. @throws DeviceError as `data` does */
  toArray(): NestedNumbers {
    return nest(this.data, this.shape);
  }

  /**
   * The same numbers under another shape; both tensors share one memory, which lives as long as
   * either is held.
   *
   * @throws ShapeError when the number of elements differs.
   */
  reshape(shape: Shape): Tensor {
    checkShape("Tensor.reshape", shape);
    if (sizeOf(shape) !== this.size) {
      throw new ShapeError({
        where: "Tensor.reshape",
        expected: `a shape of ${this.size} elements, as ${formatShape(this.shape)} has`,
        received: formatShape(shape),
      });
    }
    return this.view(0, shape);
  }

  /**
   * The numbers from element `offset` on as a tensor of the given shape, sharing the memory.
   *
   * @throws ShapeError when they reach beyond this tensor's.
   */
  view(offset: number, shape: Shape): Tensor {
    checkShape("Tensor.view", shape);
    const length = sizeOf(shape);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > this.size) {
      throw new ShapeError({
        where: "Tensor.view",
        expected: `an offset and shape within ${this.size} elements`,
        received: `${length} elements from ${offset} on`,
      });
    }
    return new Tensor(this.device, this.storage.slice(offset, length), shape, this.dtype);
  }
}

/**
 * Whole numbers that name rows or lengths (int32): symbols for an `Embedding`, targets for a loss.
 * Made by {@link indices}.
 *
 * @example
 * const ids = indices([[3, 1], [2, 0]]);
 * ids.data; // → [3, 1, 2, 0]
 */
export class Indices extends Held {
  /** Always `"int32"`. */
  readonly dtype = "int32";

  /** A view of the numbers, row-major; see {@link Tensor.data}. */
  get data(): Int32Array {
    return this.storage.view() as Int32Array;
  }

  /** A copy of the numbers, on every device. */
  async read(): Promise<Int32Array> {
    return (await this.storage.read()) as Int32Array;
  }

  /** The numbers as nested arrays; a plain number for shape `[]`. */
  toArray(): NestedNumbers {
    return nest(this.data, this.shape);
  }
}
