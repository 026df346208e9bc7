/** Stands for tests/support/devices.ts: of all devices, the GPU of another worker. */
import { BlockingGpu } from "../../support/blocking-gpu.ts";
import type * as devices from "../../support/devices.ts";

let gpu: BlockingGpu | null = null;
let calls = 0;

/** Whom tests ask from now on. */
export function askGpu(port: MessagePort): void {
  gpu = new BlockingGpu((request) => {
    if (request.kind === "call") calls++;
    port.postMessage(request);
  });
}

/** How many ops it was asked for so far. */
export function callsSoFar(): number {
  return calls;
}

export const NO_GPU: typeof devices.NO_GPU = null;

export const openDevices: typeof devices.openDevices = () => {
  if (gpu === null) throw new Error("askGpu comes first");
  return [{ name: "webgpu", dtype: "float32", device: gpu, skip: null }];
};
