import { DeviceError } from "../../core/errors.ts";
import type { StorageDtype } from "../../core/storage.ts";
import { Arena, type ArenaMemory } from "../arena.ts";
import { LINE } from "../capacity.ts";
import { Block, GpuStorage, type StorageKeeper } from "./gpu-storage.ts";
import type { Recorder } from "./recorder.ts";

const MIB = 2 ** 20;
const FIRST_BYTES = 16 * MIB;
/** More memory in use than ever by this much: the engine is asked to look for forgotten tensors … */
const URGE_AFTER = 64 * MIB;
/** … and again after so much more, until something comes back: on a busy machine it takes its time. */
const URGE_AGAIN = 8 * MIB;

/** One for all devices, because it must never be collected: see wasm-memory.ts. */
const finalizer = new FinalizationRegistry<{ keeper: GpuMemory; block: Block }>(
  ({ keeper, block }) => keeper.reclaim(block),
);

/** The heap's buffer as an arena sees it: growing copies it, behind everything that was recorded. */
class Heap implements ArenaMemory {
  bytes = FIRST_BYTES;
  readonly #recorder: Recorder;
  readonly #maximum: number;

  constructor(recorder: Recorder, maximum: number) {
    this.#recorder = recorder;
    this.#maximum = maximum;
    recorder.growHeap(this.bytes);
  }

  grow(bytes: number): void {
    // Twice as much, since every growth copies all there is.
    const wanted = Math.min(Math.max(bytes, 2 * this.bytes), this.#maximum);
    const whole = Math.floor(wanted / LINE) * LINE;
    if (whole < bytes) throw new RangeError("no room");
    this.#recorder.growHeap(whole);
    this.bytes = whole;
  }
}

/**
 * The memory of a GPU device: one buffer, the heap, of which every tensor is a run. Kernels get it as a whole and
 * addresses within, as C kernels do. So there is one binding for all dispatches, views may begin anywhere, and
 * arrays of a call may lie in one another, which bindings of WebGPU may not.
 *
 * A run that is released may be handed out at once: what still uses it was recorded before whatever will.
 */
export class GpuMemory implements StorageKeeper {
  readonly #recorder: Recorder;
  readonly #arena: Arena;
  /** The memory in use from which on the engine is asked. */
  #urgeAt = URGE_AFTER;

  /** @param maximum bytes that the heap may grow to */
  constructor(recorder: Recorder, maximum: number) {
    this.#recorder = recorder;
    // Address 0 stands for an array that is absent.
    this.#arena = new Arena(new Heap(recorder, maximum), LINE, maximum);
  }

  /** Bytes: in use; held; and most that can be. */
  get use(): { live: number; reserved: number; limit: number } {
    const { live, reserved, maximum } = this.#arena;
    return { live, reserved, limit: maximum };
  }

  /** @throws DeviceError when memory ends */
  allocate(dtype: StorageDtype, length: number): GpuStorage {
    const bytes = length * 4;
    const address = this.#arena.take(bytes);
    if (address === null) throw this.#outOfMemory(bytes);
    if (this.#arena.live > this.#urgeAt) this.#urge();
    return this.hold(new Block(address), dtype, address, length);
  }

  hold(block: Block, dtype: StorageDtype, address: number, length: number): GpuStorage {
    const storage = new GpuStorage(this, block, dtype, address, length);
    block.holders++;
    finalizer.register(storage, { keeper: this, block }, storage);
    return storage;
  }

  release(storage: GpuStorage): void {
    finalizer.unregister(storage);
    this.drop(storage.block);
  }

  /** One storage less on a block. */
  drop(block: Block): void {
    block.holders--;
    if (block.holders === 0) this.#arena.give(block.address);
  }

  /** The same, for a storage that was collected. */
  reclaim(block: Block): void {
    this.drop(block);
    this.#urgeAt = this.#arena.live + URGE_AFTER;
  }

  write(address: number, data: Float32Array | Int32Array): void {
    this.#recorder.write(address, data);
  }

  read(address: number, bytes: number): Promise<ArrayBuffer> {
    return this.#recorder.read(address, bytes);
  }

  /**
   * Makes the engine collect soon: to it, a tensor is a few words, however much it holds of a GPU. Memory of arrays it
   * minds, also of those that nobody touches and that take none. Finalizers then run when the program next waits.
   */
  #urge(): void {
    this.#urgeAt = this.#arena.live + URGE_AGAIN;
    try {
      const urging = [new ArrayBuffer(URGE_AFTER), new ArrayBuffer(URGE_AFTER)];
      urging.length = 0;
    } catch {
      // It minds already.
    }
  }

  #outOfMemory(bytes: number): DeviceError {
    const size = (n: number): string => `${(n / MIB).toFixed(1)} MiB`;
    const { live, maximum } = this.#arena;
    return new DeviceError({
      where: "webgpu device",
      expected: `${size(bytes)} of free memory`,
      received: `none: ${size(live)} are in use, and tensors may take ${size(maximum)} on this adapter`,
      fix: "dispose() tensors that are no longer needed, use smaller batches, or await something now and then, so that forgotten tensors can be collected",
    });
  }
}
