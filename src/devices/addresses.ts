import type { Storage } from "../core/storage.ts";

/** A storage that a C kernel can be told of. */
export interface AddressedStorage extends Storage {
  /** Where its numbers lie, for the length of one kernel call. */
  address(): number;
}

/** A C kernel: addresses where the contract has storages. */
export type Export = (...numbers: number[]) => void;

/** The address of a storage of this device. */
export function at(storage: Storage): number {
  return (storage as AddressedStorage).address();
}

/** The address of a storage that may be absent: C's null. */
export function orNull(storage: Storage | null): number {
  return storage === null ? 0 : (storage as AddressedStorage).address();
}

/** C's booleans. */
export function bit(flag: boolean): number {
  return flag ? 1 : 0;
}
