import type { Memory, Storage } from "../core/storage.ts";
import { deviceOf } from "../kernels/device.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { family } from "./wasm/family.generated.ts";
import { WasmDevice } from "./wasm/wasm-device.ts";

/**
 * The kernels of the device that holds a tensor, those of the family of attention among them. A page's
 * wasm device begins without: they are part of a page's download only if something calls this, as every
 * layer does that needs more than the notebook's layers do.
 */
export function familyKernels(held: { readonly device: Memory }): Kernels<Storage, Storage> {
  const device = deviceOf(held);
  if (device instanceof WasmDevice) device.extend(family);
  return device.kernels;
}
