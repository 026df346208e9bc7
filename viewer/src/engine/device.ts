import { currentDevice, DeviceError, openDevice, useDevice } from "heed";
import type { Compute } from "../shared/compute.ts";

/** What this page computes on, for people to read. */
export interface DeviceReport {
  /** One line: the build in use, its threads. */
  readonly description: string;
  /** Whether the page may share memory between threads, or needs none. */
  readonly isolated: boolean;
}

let opened: Promise<void> | null = null;

/** Computes on the GPU or on the processor from here on, once per worker. */
export async function openCompute(compute: Compute, threads: number): Promise<DeviceReport> {
  opened ??= open(compute, threads);
  await opened;
  const { name, description } = currentDevice();
  return {
    description,
    isolated: name === "webgpu" || globalThis.crossOriginIsolated === true,
  };
}

async function open(compute: Compute, threads: number): Promise<void> {
  if (compute === "gpu" || (compute === "auto" && (await hasGpu()))) {
    try {
      useDevice(await openDevice("webgpu"));
      return;
    } catch (error) {
      // Who asked for it is told; else there is the processor.
      if (compute === "gpu" || !(error instanceof DeviceError)) throw error;
    }
  }
  useDevice(await openDevice("wasm", { threads }));
}

/** Whether there is a GPU, rather than a processor that plays one. */
async function hasGpu(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter ? !adapter.info.isFallbackAdapter : false;
}
