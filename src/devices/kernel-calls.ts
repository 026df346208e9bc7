import type { Storage } from "../core/storage.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { Export } from "./addresses.ts";
import { coreCalls } from "./core-calls.ts";
import { familyCalls } from "./family-calls.ts";

/** The C kernels: an op's name, and addresses where the contract has storages. */
export type KernelExports = Readonly<Record<keyof Kernels<Storage, Storage>, Export>>;

/**
 * The contract over the C kernels: one line per op, addresses in, nothing copied.
 *
 * @param settle called after every kernel, when addresses need no longer hold
 */
export function kernelCalls(run: KernelExports, settle: () => void): Kernels<Storage, Storage> {
  return { ...coreCalls(run, settle), ...familyCalls(run, settle) };
}
