import { checkOptions, describe } from "../core/arguments.ts";
import { DeviceError } from "../core/errors.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import type { Device } from "../kernels/device.ts";
import { ReferenceDevice } from "./reference/reference-device.ts";
import { openWasmDevice } from "./wasm/wasm-device.ts";

/** The devices that heed knows. */
export type DeviceName = "reference" | "wasm" | "native" | "webgpu";

/** How to open a device. */
export interface DeviceOptions {
  /** Most threads to use; this version computes on one. */
  readonly threads?: number;
  /** The wasm build: `relaxed` (fused multiply-add) where the engine has it, else `simd128`. */
  readonly simd?: "simd128" | "relaxed";
}

let reference: ReferenceDevice | null = null;
let chosen: Device | null = null;

/** The one reference device: it has no state but its name. */
function referenceDevice(): Device {
  reference ??= new ReferenceDevice();
  return reference;
}

/**
 * Opens a device.
 *
 * @param name `"reference"` (float32 and float64, slow, exact) or `"wasm"` (float32, fast); `"native"`
 *   and `"webgpu"` are not in this version
 * @throws DeviceError when this machine or this version cannot open it; the message says why
 * @example
 * const device = await openDevice("wasm");
 * device.name; // → "wasm"
 */
export async function openDevice(name: DeviceName, options: DeviceOptions = {}): Promise<Device> {
  checkOptions("openDevice", options, ["threads", "simd"]);
  const { threads, simd } = options;
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new DeviceError({
      where: "openDevice",
      expected: "threads to be a whole number ≥ 1",
      received: describe(threads),
    });
  }
  if (simd !== undefined && simd !== "simd128" && simd !== "relaxed") {
    throw new DeviceError({
      where: "openDevice",
      expected: 'simd to be "simd128" or "relaxed"',
      received: describe(simd),
    });
  }
  return openNow(name, options);
}

function openNow(name: DeviceName, options: DeviceOptions): Device {
  switch (name) {
    case "reference":
      return referenceDevice();
    case "wasm":
      return openWasmDevice(options.simd === undefined ? {} : { simd: options.simd });
    case "native":
    case "webgpu":
      throw new DeviceError({
        where: `openDevice("${name}")`,
        expected: 'one of the devices of this version, "wasm" or "reference"',
        received: `"${name}", which is planned and not in this version`,
        fix: 'open "wasm" instead',
      });
    default:
      throw new DeviceError({
        where: "openDevice",
        expected: 'one of "reference", "wasm", "native", "webgpu"',
        received: describe(name),
      });
  }
}

/**
 * Makes `device` the one that new tensors and layers live on: the switch between CPU and GPU arrays
 * that the notebook's `common.np` stands for. Tensors that exist stay where they are.
 *
 * @example
 * useDevice(await openDevice("reference"));
 * tensor([1, 2]).device.name; // → "reference"
 */
export function useDevice(device: Device): void {
  checkDevice("useDevice", device);
  chosen = device;
}

/** Refuses anything but a device, a promise of one above all. */
export function checkDevice(where: string, device: unknown): asserts device is Memory {
  const { allocate, dtypes, kernels } = (device ?? {}) as Partial<Device>;
  if (typeof allocate === "function" && Array.isArray(dtypes) && kernels !== undefined) return;
  throw new DeviceError({
    where,
    expected: "a device",
    received: describe(device),
    fix: 'open one with await openDevice("wasm")',
  });
}

/**
 * The device of the last `useDevice`; without any, wasm where it runs, else the reference device.
 *
 * @example
 * currentDevice().name; // → "wasm"
 */
export function currentDevice(): Device {
  chosen ??= openDefault();
  return chosen;
}

function openDefault(): Device {
  try {
    return openWasmDevice();
  } catch (error) {
    // No WebAssembly SIMD here: everything still works, slowly.
    if (error instanceof DeviceError) return referenceDevice();
    throw error;
  }
}

/** The current device if it holds `dtype`, else the reference device, which holds all. */
export function deviceFor(dtype: Dtype): Device {
  const device = currentDevice();
  return device.dtypes.includes(dtype) ? device : referenceDevice();
}
