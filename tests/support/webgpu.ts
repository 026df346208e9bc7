import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  openWebGpuDevice,
  type WebGpuDevice,
  type WebGpuOptions,
} from "../../src/devices/webgpu/webgpu-device.ts";
import { DAWN_TOGGLES } from "./gpu-flags.ts";

/** The example's own package, which `npm ci --prefix examples/webgpu --ignore-scripts` installs. */
const FOLDER = fileURLToPath(new URL("../../examples/webgpu/", import.meta.url));

let gpu: GPU | null = null;

/** WebGPU in Node, of the example's package. @throws Error where it is not installed */
async function gpuOfExample(): Promise<GPU> {
  if (gpu !== null) return gpu;
  const path = createRequire(FOLDER).resolve("webgpu");
  const { create } = (await import(pathToFileURL(path).href)) as { create(options: string[]): GPU };
  gpu = create([DAWN_TOGGLES]);
  return gpu;
}

/** A device on it, whose kernels are compiled when they are first used. @throws Error saying why there is none */
export async function openTestGpu(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  return openWebGpuDevice({ gpu: await gpuOfExample(), warm: false, ...options });
}
