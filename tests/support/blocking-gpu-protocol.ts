import type { StorageDtype } from "../../src/core/storage.ts";

/** What stands for a storage. */
export interface Token {
  readonly token: number;
}

/** What a BlockingGpu asks of its worker; answers come in the shared memory of a read. */
export type Request =
  | { kind: "allocate"; token: number; dtype: StorageDtype; length: number }
  | { kind: "slice"; of: number; token: number; offset: number; length: number }
  | { kind: "release"; token: number }
  | { kind: "write"; token: number; data: Float64Array }
  | { kind: "call"; op: string; given: unknown[] }
  | { kind: "read"; token: number; shared: SharedArrayBuffer };

/** The first word of a read's memory: numbers follow, or the message of an error. */
export const DONE = 1;
export const FAILED = 2;
