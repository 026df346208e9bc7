import { DeviceError } from "../../core/errors.ts";
import type { StorageArray, StorageDtype } from "../../core/storage.ts";
import type { Arena } from "../arena.ts";
import { Block, type BlockKeeper, type Holder, type Lease } from "./block.ts";
import { RecentHolders } from "./recent-holders.ts";
import { WasmStorage } from "./wasm-storage.ts";

const MIB = 2 ** 20;
export const DEFAULT_LIMIT = 256 * MIB;
/**
 * What the smallest block counts for against the limit: about what the objects that stand for it take
 * on the JavaScript heap, which a loop over small tensors would otherwise fill.
 */
const LEAST_WEIGHT = 1024;
/** Largest block whose storages are not watched at once: see RecentHolders. */
const MOST_UNWATCHED = 2 ** 16;

/**
 * One for all devices, because it must never be collected: V8 (Node 20 to 24 at least) stops running
 * finalizers altogether when a registry that has some due dies before their turn comes.
 */
const finalizer = new FinalizationRegistry<Lease>((lease) => lease.memory.reclaim(lease));

/**
 * The memory of a wasm device: which blocks lie in the arena, and which on the JavaScript heap.
 *
 * Storages that are forgotten are noticed by a finalizer, but finalizers run between tasks: in a
 * synchronous loop, none ever does. So that such a loop cannot grow for ever, the arena has a soft
 * limit. When an allocation would pass it, the oldest blocks are moved to ordinary typed arrays, which
 * nobody but their storages holds and which the engine frees like any other; a block that is still
 * in use comes back when a kernel next asks for its address. If most of what was moved out comes
 * back, it was in use, and the limit is raised instead.
 */
export class WasmMemory implements BlockKeeper {
  readonly #arena: Arena;
  readonly #memory: WebAssembly.Memory;
  /** Blocks in the arena, oldest first. Holding a block here does not hold its storages. */
  readonly #resident = new Set<Block>();
  /** External blocks that lie in the arena for the length of one kernel call. */
  readonly #visiting: Block[] = [];
  /** Storages of small blocks that are not watched yet. */
  readonly #recent = new RecentHolders();
  readonly #highestLimit: number;
  #limit: number;
  /** Of the resident blocks, held against the limit. */
  #weight = 0;
  /** Of those among them that were exposed. */
  #exposedWeight = 0;
  #movedOut = 0;
  #movedBack = 0;

  /** @param memory whose pages the arena hands out */
  constructor(arena: Arena, memory: WebAssembly.Memory, limit: number) {
    this.#arena = arena;
    this.#memory = memory;
    this.#highestLimit = Math.max(limit, 0.75 * arena.maximum);
    this.#limit = limit;
  }

  /** Bytes: in use in the arena; held by it; and the soft limit of the former. */
  get use(): { live: number; reserved: number; limit: number } {
    return { live: this.#arena.live, reserved: this.#arena.reserved, limit: this.#limit };
  }

  get buffer(): ArrayBufferLike {
    return this.#memory.buffer;
  }

  /** A new storage, in the arena. May move older blocks out of it. */
  allocate(dtype: StorageDtype, length: number): WasmStorage {
    const block = new Block(length * 4);
    const { live, maximum } = this.#arena;
    // What can never fit must not drive out what is there.
    if (block.bytes > maximum) throw outOfMemory(block.bytes, live);
    const weight = Math.max(block.bytes, LEAST_WEIGHT);
    if (this.#weight + weight > this.#limit) this.#makeRoom(weight);
    let address = this.#arena.take(block.bytes);
    if (address === null) {
      this.#evict(0);
      address = this.#arena.take(block.bytes);
      if (address === null) throw outOfMemory(block.bytes, live);
    }
    block.address = address;
    this.#enter(block);
    return this.hold(block, dtype, 0, length);
  }

  /** A storage of part of a block. */
  hold(block: Block, dtype: StorageDtype, offset: number, length: number): WasmStorage {
    const storage = new WasmStorage(this, block, dtype, offset, length);
    block.holders++;
    const due = block.bytes <= MOST_UNWATCHED ? this.#recent.add(storage) : storage;
    // Of a block on the heap, nothing must be registered: see #moveOut.
    if (due?.block.home === null) this.#watch(due);
    return storage;
  }

  /** Takes a storage's hold off its block. */
  release(storage: Holder): void {
    const lease = storage.lease;
    if (lease === null) this.#recent.remove(storage);
    else finalizer.unregister(lease);
    this.#drop(storage.block, lease);
  }

  /** What the finalizer calls when a storage was collected. */
  reclaim(lease: Lease): void {
    this.#drop(lease.block, lease);
  }

  /** The address of a block that is not in the arena, after moving it there. Moves nothing out. */
  moveIn(storage: Holder): number {
    const block = storage.block;
    const address = this.#arena.take(block.bytes);
    if (address === null) {
      for (const visitor of this.#visiting.splice(0)) this.#leave(visitor);
      throw outOfMemory(block.bytes, this.#arena.live);
    }
    new Uint8Array(this.buffer, address, block.bytes).set(
      new Uint8Array(block.home as ArrayBuffer),
    );
    block.address = address;
    if (block.external) {
      this.#visiting.push(block);
    } else {
      block.home = null;
      this.#movedBack += this.#enter(block);
      this.#recent.remove(storage);
      this.#watch(storage);
    }
    return address;
  }

  /** To be called after every kernel call: external blocks take their results home. */
  settle(): void {
    if (this.#visiting.length > 0) this.#settleVisitors();
  }

  /** The numbers for looking at right now: not to be kept. */
  peek(block: Block, dtype: StorageDtype, offset: number, length: number): StorageArray {
    const buffer = block.home ?? this.buffer;
    const start = (block.home === null ? block.address : 0) + offset;
    return dtype === "int32"
      ? new Int32Array(buffer, start, length)
      : new Float32Array(buffer, start, length);
  }

  /** Sees to it that the block stays where it is, in the arena or, where many do, on the heap. */
  pin(block: Block): void {
    if (block.exposed || block.external) return;
    if (block.home === null) {
      const weight = this.#weightOf(block);
      if (this.#exposedWeight + weight <= this.#limit / 4) {
        block.exposed = true;
        this.#exposedWeight += weight;
        return;
      }
      this.#moveOut(block);
    }
    block.external = true;
  }

  #watch(storage: Holder): void {
    const lease: Lease = { block: storage.block, memory: this };
    storage.lease = lease;
    storage.block.leases.push(lease);
    finalizer.register(storage, lease, lease);
  }

  #drop(block: Block, lease: Lease | null): void {
    if (lease !== null) {
      const at = block.leases.indexOf(lease);
      if (at >= 0) block.leases.splice(at, 1);
    }
    block.holders--;
    if (block.holders > 0 || block.address === 0 || block.external) return;
    if (block.exposed) this.#exposedWeight -= this.#weightOf(block);
    this.#exit(block);
  }

  #weightOf(block: Block): number {
    return Math.max(this.#arena.capacityAt(block.address), LEAST_WEIGHT);
  }

  /** Counts a block in that lies in the arena now; returns its weight. */
  #enter(block: Block): number {
    const weight = this.#weightOf(block);
    this.#resident.add(block);
    this.#weight += weight;
    return weight;
  }

  /** Takes a resident block out of the arena. */
  #exit(block: Block): void {
    this.#resident.delete(block);
    this.#weight -= this.#weightOf(block);
    this.#leave(block);
  }

  #leave(block: Block): void {
    this.#arena.give(block.address);
    block.address = 0;
  }

  #settleVisitors(): void {
    for (const block of this.#visiting.splice(0)) {
      const home = block.home as ArrayBuffer;
      new Uint8Array(home).set(new Uint8Array(this.buffer, block.address, block.bytes));
      this.#leave(block);
    }
  }

  #makeRoom(weight: number): void {
    const inUse = this.#movedOut > 0 && this.#movedBack >= this.#movedOut / 2;
    if (inUse && this.#limit < this.#highestLimit) {
      this.#limit = Math.min(2 * this.#limit, this.#highestLimit);
      this.#movedOut = 0;
      this.#movedBack = 0;
      if (this.#weight + weight <= this.#limit) return;
    }
    this.#evict(this.#limit / 2);
  }

  /** Moves the oldest blocks out until the rest weighs no more than `most`. */
  #evict(most: number): void {
    let moved = 0;
    for (const block of this.#resident) {
      if (this.#weight <= most) break;
      if (block.exposed) continue;
      moved += this.#weightOf(block);
      this.#moveOut(block);
    }
    if (moved === 0) return;
    this.#movedOut = moved;
    this.#movedBack = 0;
  }

  /**
   * To the heap. The finalizer must forget the block's storages, because it would hold the block, and
   * with it the numbers, until it runs; whichever storage brings the block back is registered anew.
   * Should others hold it too, their ends go unnoticed, and the block leaves by eviction alone.
   */
  #moveOut(block: Block): void {
    const home = arrayBuffer(block.bytes);
    new Uint8Array(home).set(new Uint8Array(this.buffer, block.address, block.bytes));
    block.home = home;
    for (const lease of block.leases.splice(0)) finalizer.unregister(lease);
    this.#exit(block);
  }
}

/** Room on the JavaScript heap. */
function arrayBuffer(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new DeviceError(
      {
        where: "wasm device",
        expected: `${bytes} bytes to move older tensors to`,
        received: "an engine that has none left",
        fix: "dispose() tensors that are no longer needed",
      },
      { cause },
    );
  }
}

/** What is thrown when memory ends. */
function outOfMemory(bytes: number, live: number): DeviceError {
  const size = (n: number): string => `${(n / MIB).toFixed(1)} MiB`;
  return new DeviceError({
    where: "wasm device",
    expected: `${size(bytes)} of free memory`,
    received: `none: ${size(live)} are in use and WebAssembly memory cannot grow further`,
    fix: "dispose() tensors that are no longer needed, or use smaller batches",
  });
}
