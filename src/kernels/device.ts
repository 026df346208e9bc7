import type { Memory, Storage } from "../core/storage.ts";
import type { Kernels } from "./kernels.ts";

/** A place where tensors live and ops run: memory, and the kernels over it. */
export interface Device extends Memory {
  /** One line for people: the build in use, its vector width, its threads. */
  readonly description: string;
  /** More lines for who looks into a problem: driver, limits, features. */
  readonly details?: readonly string[];
  /** The ops, on storages of this device. */
  readonly kernels: Kernels<Storage, Storage>;
}

/** The device a tensor lives on, as layers need it: with its kernels. */
export function deviceOf(held: { readonly device: Memory }): Device {
  const { device } = held;
  if (!("kernels" in device)) {
    // Only a hand-made Memory comes here: every device that heed opens has kernels.
    throw new TypeError(`the ${device.name} memory has no kernels`);
  }
  return device as Device;
}
