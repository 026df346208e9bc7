/** Stands for tests/support/webgpu.ts: the GPU of this worker. */
import {
  openWebGpuDevice,
  type WebGpuDevice,
  type WebGpuOptions,
} from "../../../src/devices/webgpu/webgpu-device.ts";

export function openTestGpu(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  return openWebGpuDevice({ warm: false, ...options });
}
