import v8 from "node:v8";
import { DeviceError } from "../../src/core/errors.ts";
import type { Dtype } from "../../src/core/storage.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import type { Device } from "../../src/kernels/device.ts";

// Node 20 knows relaxed SIMD, but only when told so before it compiles any WebAssembly.
if (process.versions.node.startsWith("20.")) {
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** A device that tests run on, with one of its number types; or why it cannot be opened here. */
export type DeviceUnderTest =
  | { readonly name: string; readonly dtype: Dtype; readonly device: Device; readonly skip: null }
  | { readonly name: string; readonly dtype: Dtype; readonly device: null; readonly skip: string };

/** The names that continuous integration insists on. */
export const REQUIRED = ["reference float32", "reference float64", "wasm simd128", "wasm relaxed"];

function openWasm(simd: "simd128" | "relaxed"): DeviceUnderTest {
  const name = `wasm ${simd}`;
  const dtype = "float32";
  try {
    return { name, dtype, device: openWasmDevice({ simd }), skip: null };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { name, dtype, device: null, skip: error.message };
  }
}

const reference = new ReferenceDevice();

/** Every device that tests run on, opened where it can be. */
export const devicesUnderTest: readonly DeviceUnderTest[] = [
  { name: "reference float32", dtype: "float32", device: reference, skip: null },
  { name: "reference float64", dtype: "float64", device: reference, skip: null },
  openWasm("simd128"),
  openWasm("relaxed"),
];
