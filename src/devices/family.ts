import type { Memory } from "../core/storage.ts";
import { type Device, deviceOf } from "../kernels/device.ts";
import { familyDefinitions } from "../kernels/family-definitions.ts";
import { familyCalls } from "./family-calls.ts";
import { ReferenceDevice } from "./reference/reference-device.ts";
import { family } from "./wasm/family.generated.ts";
import { WasmDevice, type WasmFamily } from "./wasm/wasm-device.ts";

/** What a wasm device is extended by. */
const WASM_FAMILY: WasmFamily = { text: family, calls: familyCalls };

/**
 * As `deviceOf`, with the kernels of the family of attention too. Devices for pages begin without them, and
 * are extended by the first call of this. Because nothing else names those kernels, a page downloads them
 * only if it uses a layer that calls this.
 */
export function familyDevice(held: { readonly device: Memory }): Device {
  const device = deviceOf(held);
  if (device instanceof WasmDevice) device.extend(WASM_FAMILY);
  else if (device instanceof ReferenceDevice) device.extend(familyDefinitions);
  return device;
}
