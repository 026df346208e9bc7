/**
 * What a page of a test runs: the cases of the kernels, on the GPU of the browser. Bundled by webgpu-in-chromium.test.ts.
 */
import { openWebGpuDevice, type WebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import { allCases } from "./all-cases.ts";
import { complaints } from "./compare.ts";
import { expectedOf, runOn } from "./run-case.ts";

/** What came of them. */
export interface Report {
  readonly description: string;
  readonly ran: number;
  readonly dispatches: number;
  readonly complaints: readonly string[];
}

let opened: Promise<WebGpuDevice> | null = null;

/** Runs the first case of every so many. */
async function answer(every: number): Promise<Report> {
  opened ??= openWebGpuDevice({ warm: false });
  const device = await opened;
  const before = device.counts.dispatches;
  const found: string[] = [];
  let ran = 0;
  for (const [i, kernelCase] of allCases().entries()) {
    if (i % every !== 0) continue;
    const answer = await runOn(device, "float32", kernelCase);
    found.push(...complaints(kernelCase, "float32", answer, expectedOf(kernelCase)));
    ran++;
  }
  const dispatches = device.counts.dispatches - before;
  return { description: device.description, ran, dispatches, complaints: found };
}

declare global {
  var runShare: (every: number) => Promise<Report>;
}

globalThis.runShare = answer;
