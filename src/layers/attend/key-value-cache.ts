import { checkOptions, checkSize, describe, LARGEST_SIZE } from "../../core/arguments.ts";
import { ShapeError, StateError } from "../../core/errors.ts";
import { formatShape } from "../../core/shapes.ts";
import type { Dtype, Memory } from "../../core/storage.ts";
import { disposeSymbol, type Tensor } from "../../core/tensor.ts";
import { deviceHolding } from "../../devices/create.ts";
import { familyDevice } from "../../devices/family.ts";
import { agree, checkTensor, together } from "../checks.ts";
import { newTensor } from "../layer.ts";
import { copyBlocks, swapAxes } from "./blocks.ts";

/** The sizes of a {@link KeyValueCache}, and where it is held. */
export interface KeyValueCacheOptions {
  /** N */
  readonly batch: number;
  /** Heads of keys and values: `keyHeads` of the calls that use it; 1 unless given. */
  readonly heads?: number | undefined;
  /** Of one head's key. */
  readonly size: number;
  /** Of one head's value; `size` unless given. */
  readonly valueSize?: number | undefined;
  /** The most steps it takes. Without it, it grows as it needs to. */
  readonly capacity?: number | undefined;
  /** The current device unless given, or the reference device where that does not hold `dtype`. */
  readonly device?: Memory | undefined;
  /** `"float32"` unless given. */
  readonly dtype?: Dtype | undefined;
}

const KNOWN = ["batch", "heads", "size", "valueSize", "capacity", "device", "dtype"];
/** Room of a cache without a capacity, once there is anything in it. */
const FIRST_ROOM = 16;

/**
 * Keys and values of the steps so far, for a decoder that makes one step after the other: each call of
 * {@link attention} with it appends its keys and values in place, and meets all that are there.
 *
 * @example
 * const [query, keys] = [tensor([[[1, 0]]]), tensor([[[0, 1]]])];
 * using cache = new KeyValueCache({ batch: 1, size: 2 });
 * for (let step = 0; step < 3; step++) attention(query, keys, keys, { cache });
 * cache.length; // → 3
 */
export class KeyValueCache {
  /** N */
  readonly batch: number;
  /** Heads of keys and values. */
  readonly heads: number;
  /** Of one head's key. */
  readonly size: number;
  /** Of one head's value. */
  readonly valueSize: number;
  /** The type of the numbers. */
  readonly dtype: Dtype;
  /** Where they live. */
  readonly device: Memory;
  readonly #most: number | null;
  #room: number;
  #length = 0;
  #held: { keys: Tensor; values: Tensor } | null;

  /**
   * @throws ShapeError when a size is not a whole number ≥ 0; DtypeError when the device does not hold the
   *   dtype; DataError for any other option
   */
  constructor(options: KeyValueCacheOptions) {
    const where = "KeyValueCache";
    checkOptions(where, options, KNOWN);
    const { batch, heads = 1, size, valueSize = size, capacity, dtype = "float32" } = options;
    for (const [name, value] of Object.entries({ batch, heads, size, valueSize })) {
      checkSize(where, name, value);
    }
    if (capacity !== undefined) checkSize(where, "capacity", capacity);
    this.batch = batch;
    this.heads = heads;
    this.size = size;
    this.valueSize = valueSize;
    this.dtype = dtype;
    this.device = deviceHolding(where, dtype, options.device);
    this.#most = capacity ?? null;
    this.#room = capacity ?? 0;
    this.#held = this.#make(this.#room);
  }

  /** Steps that are there. */
  get length(): number {
    return this.#length;
  }

  /** Steps that there is room for; without a capacity given, this grows. */
  get capacity(): number {
    return this.#room;
  }

  /** Whether `dispose` was called. */
  get disposed(): boolean {
    return this.#held === null;
  }

  /**
   * (N, heads, capacity, size): of every head, the first `length` rows are keys. The cache's own, until
   * it grows or is disposed.
   *
   * @throws StateError after `dispose`
   */
  get keys(): Tensor {
    return this.#get("KeyValueCache.keys").keys;
  }

  /** (N, heads, capacity, valueSize), as {@link KeyValueCache.keys}. @throws StateError after `dispose` */
  get values(): Tensor {
    return this.#get("KeyValueCache.values").values;
  }

  /**
   * Puts steps behind those that are there.
   *
   * @param keys (N, heads, T, size), or (N, T, heads · size)
   * @param values (N, heads, T, valueSize), or (N, T, heads · valueSize)
   * @throws ShapeError when they have other sizes, or the capacity does not hold them; StateError after
   *   `dispose`
   */
  append(keys: Tensor, values: Tensor): void {
    const where = "KeyValueCache.append";
    const steps = this.check(where, keys, values);
    const held = this.#makeRoom(where, steps);
    this.#write(keys, held.keys, this.size, steps);
    this.#write(values, held.values, this.valueSize, steps);
    this.#length += steps;
  }

  /**
   * Forgets all but the first `length` steps.
   *
   * @throws ShapeError when there are not so many; StateError after `dispose`
   */
  truncate(length: number): void {
    const where = "KeyValueCache.truncate";
    this.#get(where);
    if (!Number.isSafeInteger(length) || length < 0 || length > this.#length) {
      throw new ShapeError({
        where,
        expected: `a length from 0 to ${this.#length}`,
        received: describe(length),
      });
    }
    this.#length = length;
  }

  /** Gives the memory back. Twice is once. */
  dispose(): void {
    this.#held?.keys.dispose();
    this.#held?.values.dispose();
    this.#held = null;
    this.#length = 0;
  }

  /** As {@link Tensor}: what `using` calls. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** The steps of keys and values, if they could be appended. */
  check(where: string, keys: Tensor, values: Tensor): number {
    const { batch, heads, size, valueSize } = this;
    const held = this.#get(where);
    const steps = this.#stepsOf(where, "keys", keys, size);
    const valueSteps = this.#stepsOf(where, "values", values, valueSize);
    agree(where, "T", "values", valueSteps, "keys", steps);
    together(where, { cache: held.keys, keys, values });
    const most = this.#most ?? LARGEST_SIZE;
    if (this.#length + steps <= most) return steps;
    throw new ShapeError({
      where,
      expected: `at most ${most - this.#length} steps more: the cache (${batch}, ${heads}, ${most}, ${size}) holds ${this.#length}`,
      received: `${steps}`,
      fix: "make it with a larger capacity, or with none to let it grow",
    });
  }

  #stepsOf(where: string, name: string, value: Tensor, size: number): number {
    const { batch, heads } = this;
    checkTensor(where, name, value);
    const { shape } = value;
    const steps = shape[shape.length - 2] ?? 0;
    const fits =
      shape.length === 3
        ? shape[0] === batch && shape[2] === heads * size
        : shape.length === 4 && shape[0] === batch && shape[1] === heads && shape[3] === size;
    if (fits) return steps;
    throw new ShapeError({
      where,
      expected: `${name} of shape (${batch}, ${heads}, T, ${size}) or (${batch}, T, ${heads * size}), for the cache`,
      received: `shape ${formatShape(shape)}`,
    });
  }

  #get(where: string): { keys: Tensor; values: Tensor } {
    if (this.#held !== null) return this.#held;
    throw new StateError({
      where,
      expected: "a cache that is still held",
      received: "use after dispose()",
      fix: "dispose it later",
    });
  }

  #make(room: number): { keys: Tensor; values: Tensor } {
    const keys = newTensor(this, [this.batch, this.heads, room, this.size]);
    try {
      const values = newTensor(this, [this.batch, this.heads, room, this.valueSize]);
      return { keys, values };
    } catch (error) {
      keys.dispose();
      throw error;
    }
  }

  /** What is held, with room for so many steps more: twice of what there was, so that growing is rare. */
  #makeRoom(where: string, steps: number): { keys: Tensor; values: Tensor } {
    const held = this.#get(where);
    const needed = this.#length + steps;
    if (needed <= this.#room) return held;
    const room = Math.max(needed, 2 * this.#room, FIRST_ROOM);
    const larger = this.#make(room);
    const device = familyDevice(this);
    const blocks = this.batch * this.heads;
    for (const name of ["keys", "values"] as const) {
      const size = name === "keys" ? this.size : this.valueSize;
      const [from, to] = [held[name], larger[name]];
      const old = { in: from.storage, from: 0, stride: this.#room * size };
      const own = { in: to.storage, from: 0, stride: room * size };
      copyBlocks(device, old, own, blocks, this.#length * size);
      from.dispose();
    }
    this.#room = room;
    this.#held = larger;
    return larger;
  }

  #write(from: Tensor, to: Tensor, size: number, steps: number): void {
    const { batch, heads } = this;
    const rows = { from: this.#length * size, stride: this.#room * size };
    const device = familyDevice(this);
    if (from.shape.length === 3) {
      swapAxes(from.storage, to.storage, device, [batch, steps, heads, size], rows);
      return;
    }
    const block = steps * size;
    const all = { in: from.storage, from: 0, stride: block };
    copyBlocks(device, all, { in: to.storage, ...rows }, batch * heads, block);
  }
}
