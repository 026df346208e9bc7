import { checkOptions, describe } from "../core/arguments.ts";
import { DeviceError } from "../core/errors.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import type { Device } from "../kernels/device.ts";
import type { NativeSimd } from "./native/addon.ts";
import { openNativeDevice } from "./native/native-device.ts";
import { ReferenceDevice } from "./reference/reference-device.ts";
import type { Simd as WasmSimd } from "./wasm/module-loading.ts";
import { openWasmDevice } from "./wasm/wasm-device.ts";
import type { WebGpuSwitches } from "./webgpu/webgpu-device.ts";

/** The devices that heed knows. */
export type DeviceName = "reference" | "wasm" | "native" | "webgpu";

/** How to open a device; `subgroups` and `float16` are for webgpu. */
export interface DeviceOptions extends WebGpuSwitches {
  /** Most threads to use, on wasm and native; one per core unless given. Work too small to share is not. */
  readonly threads?: number;
  /**
   * The instruction set; the best there is unless given. On wasm `relaxed` (fused multiply-add) or
   * `simd128`, on native `avx512`, `avx2` or `sse2` on x64 and `neon` on arm64.
   */
  readonly simd?: WasmSimd | NativeSimd;
}

const SIMD = {
  wasm: ["relaxed", "simd128"],
  native: ["avx512", "avx2", "sse2", "neon"],
} as const;

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
 * @param name `"reference"` (float32 and float64, slow, exact), `"wasm"` (float32, fast, everywhere),
 *   `"native"` (float32, fastest, in Node where a C compiler was found) or `"webgpu"` (float32, the GPU of a
 *   browser, or of Node with the package `webgpu`; numbers are there by `await read()` alone)
 * @throws DeviceError when this machine or this version cannot open it; the message says why
 * @example
 * const device = await openDevice("wasm");
 * device.name; // → "wasm"
 */
export async function openDevice(name: DeviceName, options: DeviceOptions = {}): Promise<Device> {
  const switches = name === "webgpu" ? ["subgroups", "float16"] : [];
  checkOptions("openDevice", options, ["threads", "simd", ...switches]);
  const { threads, simd } = options;
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new DeviceError({
      where: "openDevice",
      expected: "threads to be a whole number ≥ 1",
      received: describe(threads),
    });
  }
  if (simd !== undefined && !Object.values(SIMD).flat().includes(simd)) {
    refuseSimd("openDevice", Object.values(SIMD).flat(), simd);
  }
  return openNow(name, options);
}

async function openNow(name: DeviceName, options: DeviceOptions): Promise<Device> {
  switch (name) {
    case "reference":
      return referenceDevice();
    case "wasm":
      return openWasmDevice(optionsFor("wasm", options));
    case "native":
      return openNativeDevice(optionsFor("native", options));
    case "webgpu": {
      // Nobody who computes elsewhere loads it.
      const { openWebGpuDevice } = await import("./webgpu/webgpu-device.ts");
      return openWebGpuDevice(options);
    }
    default:
      throw new DeviceError({
        where: "openDevice",
        expected: 'one of "reference", "wasm", "native", "webgpu"',
        received: describe(name),
      });
  }
}

/** The options, if what they name is of this device. */
function optionsFor<Name extends keyof typeof SIMD>(
  name: Name,
  { threads, simd }: DeviceOptions,
): { readonly threads?: number; readonly simd?: (typeof SIMD)[Name][number] } {
  const levels: readonly (typeof SIMD)[Name][number][] = SIMD[name];
  const level = levels.find((one) => one === simd);
  if (simd !== undefined && level === undefined) {
    refuseSimd(`openDevice("${name}")`, levels, simd);
  }
  return {
    ...(threads === undefined ? {} : { threads }),
    ...(level === undefined ? {} : { simd: level }),
  };
}

function refuseSimd(where: string, levels: readonly string[], simd: unknown): never {
  const names = levels.map((level) => `"${level}"`).join(", ");
  throw new DeviceError({
    where,
    expected: `simd to be one of ${names}`,
    received: describe(simd),
    fix: "leave simd out for the best there is",
  });
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
 * The device of the last `useDevice`; without any, native where it was built, else wasm where it runs,
 * else the reference device.
 *
 * @example
 * useDevice(await openDevice("wasm"));
 * currentDevice().name; // → "wasm"
 */
export function currentDevice(): Device {
  chosen ??= openDefault();
  return chosen;
}

function openDefault(): Device {
  for (const open of [openNativeDevice, openWasmDevice]) {
    try {
      return open();
    } catch (error) {
      // Not here: everything still works, more slowly.
      if (!(error instanceof DeviceError)) throw error;
    }
  }
  return referenceDevice();
}

/** The current device if it holds `dtype`, else the reference device, which holds all. */
export function deviceFor(dtype: Dtype): Device {
  const device = currentDevice();
  return device.dtypes.includes(dtype) ? device : referenceDevice();
}
