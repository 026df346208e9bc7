import type { Storage, StorageArray, StorageDtype } from "../../core/storage.ts";
import type { Block, BlockKeeper, Holder, Lease } from "./block.ts";

/** Keeps a storage alive as long as a view of it that was handed out. */
const storagesOfViews = new WeakMap<StorageArray, WasmStorage>();

/** A run of numbers in WebAssembly memory, or waiting on the JavaScript heap. */
export class WasmStorage implements Storage, Holder {
  readonly dtype: StorageDtype;
  readonly length: number;
  readonly block: Block;
  /** Bytes from the beginning of the block. */
  readonly offset: number;
  /** For the memory: what stands for this storage with the finalizer. */
  lease: Lease | null = null;
  readonly #memory: BlockKeeper;
  #view: StorageArray | null = null;
  #released = false;

  constructor(
    memory: BlockKeeper,
    block: Block,
    dtype: StorageDtype,
    offset: number,
    length: number,
  ) {
    this.#memory = memory;
    this.block = block;
    this.dtype = dtype;
    this.offset = offset;
    this.length = length;
  }

  /** The address for a kernel call, which `settle` must follow. */
  address(): number {
    const address = this.block.address;
    return (address === 0 ? this.#memory.moveIn(this) : address) + this.offset;
  }

  view(): StorageArray {
    const held = this.#view;
    // Memory that is not shared leaves its views empty when it grows; then a new one is made.
    if (held !== null && held.length === this.length) return held;
    this.#memory.pin(this.block);
    const view = this.#memory.peek(this.block, this.dtype, this.offset, this.length);
    storagesOfViews.set(view, this);
    this.#view = view;
    return view;
  }

  async read(): Promise<StorageArray> {
    // slice() copies into memory that is not shared, which every web API accepts.
    return this.#memory.peek(this.block, this.dtype, this.offset, this.length).slice();
  }

  write(data: ArrayLike<number>): void {
    this.#memory.peek(this.block, this.dtype, this.offset, this.length).set(data);
  }

  slice(offset: number, length: number): Storage {
    return this.#memory.hold(this.block, this.dtype, this.offset + 4 * offset, length);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#memory.release(this);
  }
}
