import { Worker } from "node:worker_threads";
import type { WebGpuOptions } from "../../src/devices/webgpu/webgpu-device.ts";
import { BlockingGpu } from "./blocking-gpu.ts";

/** A GPU in a thread of Node's; in Chromium, tests/chromium/stand-ins/devices.ts has another. */
export function blockingGpuInNode(options: Pick<WebGpuOptions, "subgroups">): BlockingGpu {
  const worker = new Worker(new URL("./blocking-gpu-start.mjs", import.meta.url), {
    workerData: options,
  });
  worker.unref();
  return new BlockingGpu((request) => worker.postMessage(request));
}
