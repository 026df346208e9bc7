import { currentDevice, openDevice, useDevice } from "heed";

/** What this page computes on, for people to read. */
export interface DeviceReport {
  /** One line: the build in use, its threads. */
  readonly description: string;
  /** Whether the page may share memory between threads. */
  readonly isolated: boolean;
}

let opened: Promise<void> | null = null;

/** Computes on WebAssembly from here on, once per worker. */
export async function openWasm(threads: number): Promise<DeviceReport> {
  opened ??= openDevice("wasm", { threads }).then(useDevice);
  await opened;
  return {
    description: currentDevice().description,
    isolated: globalThis.crossOriginIsolated === true,
  };
}
