import type { Storage, StorageArray, StorageDtype } from "../../core/storage.ts";

/**
 * A run of bytes that one or more storages look at. It lies in the arena, at `address`, or on the
 * JavaScript heap, in `home`, and then `address` is 0.
 */
export class Block {
  readonly bytes: number;
  address = 0;
  home: ArrayBuffer | null = null;
  /** Storages that hold it. */
  holders = 0;
  /** A view into the arena was handed out, so that it must stay where it is. */
  exposed = false;
  /** Lives on the heap for good; kernels work on a copy. */
  external = false;
  /** One per storage registered with the finalizer; also the token that undoes it. */
  readonly leases: Lease[] = [];

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** What the finalizer is given when a storage was collected. */
export interface Lease {
  readonly block: Block;
  readonly memory: { reclaim(lease: Lease): void };
}

/** What holds a block: a storage, seen from the memory. */
export interface Holder {
  readonly block: Block;
  /** What stands for it with the finalizer; the memory sees to it. */
  lease: Lease | null;
}

/** What a storage needs of the memory. */
export interface BlockKeeper {
  /** Another storage of part of a block. */
  hold(block: Block, dtype: StorageDtype, offset: number, length: number): Storage;
  /** Takes a storage's hold off its block. */
  release(holder: Holder): void;
  /** The address of a block that is not in the arena, after moving it there. */
  moveIn(holder: Holder): number;
  /** Sees to it that a block stays where it is. */
  pin(block: Block): void;
  /** The numbers for looking at right now: not to be kept. */
  peek(block: Block, dtype: StorageDtype, offset: number, length: number): StorageArray;
}
