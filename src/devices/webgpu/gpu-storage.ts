import { DeviceError } from "../../core/errors.ts";
import type { Storage, StorageArray, StorageDtype } from "../../core/storage.ts";

/** A run of the heap, given back when its last storage is gone. */
export class Block {
  /** Bytes from the beginning of the heap. */
  readonly address: number;
  /** Storages of it that are not released. */
  holders = 0;
  /** Whole numbers as the host wrote them; null once a kernel did, or before. */
  written: Int32Array | null = null;

  constructor(address: number) {
    this.address = address;
  }
}

/** What storages ask of their memory. */
export interface StorageKeeper {
  hold(block: Block, dtype: StorageDtype, address: number, length: number): GpuStorage;
  release(storage: GpuStorage): void;
  write(address: number, data: Float32Array | Int32Array): void;
  read(address: number, bytes: number): Promise<ArrayBuffer>;
}

/** A run of numbers on the GPU. */
export class GpuStorage implements Storage {
  readonly dtype: StorageDtype;
  readonly length: number;
  readonly block: Block;
  /** Bytes from the beginning of the heap. */
  readonly address: number;
  readonly #keeper: StorageKeeper;
  #released = false;

  constructor(
    keeper: StorageKeeper,
    block: Block,
    dtype: StorageDtype,
    address: number,
    length: number,
  ) {
    this.#keeper = keeper;
    this.block = block;
    this.dtype = dtype;
    this.address = address;
    this.length = length;
  }

  /** Whole numbers that the host wrote can be seen without the GPU: layers check them so. */
  view(): StorageArray {
    const { written, address } = this.block;
    if (written !== null) {
      const start = (this.address - address) / 4;
      return written.subarray(start, start + this.length);
    }
    throw new DeviceError({
      where: "webgpu device",
      expected: "await read(), which alone reaches numbers on a GPU",
      received: "a call that needs them at once, such as data or toArray()",
    });
  }

  async read(): Promise<StorageArray> {
    const buffer = await this.#keeper.read(this.address, this.length * 4);
    return this.dtype === "int32" ? new Int32Array(buffer) : new Float32Array(buffer);
  }

  write(data: ArrayLike<number>): void {
    const { dtype, block, length } = this;
    if (data.length > length) throw new RangeError("more numbers than there is room for");
    if (dtype === "int32") {
      const numbers = Int32Array.from(data);
      const whole = this.address === block.address && block.holders === 1;
      if (whole && numbers.length === length) block.written = numbers;
      else block.written?.set(numbers, (this.address - block.address) / 4);
      this.#keeper.write(this.address, numbers);
      return;
    }
    const ready = data instanceof Float32Array ? data : Float32Array.from(data);
    this.#keeper.write(this.address, ready);
  }

  slice(offset: number, length: number): Storage {
    return this.#keeper.hold(this.block, this.dtype, this.address + 4 * offset, length);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#keeper.release(this);
  }
}
