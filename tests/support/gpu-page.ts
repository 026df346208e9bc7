/**
 * What a page or a worker of a test runs: the cases of the kernels, on the GPU of the browser. Bundled by gpu-browser.ts.
 */
import { openWebGpuDevice, type WebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import { allCases } from "./all-cases.ts";
import { complaints } from "./compare.ts";
import { expectedOf, runOn } from "./run-case.ts";

/** Which cases to run: every so many, from one of them on. */
export interface Share {
  readonly from: number;
  readonly every: number;
}

/** What came of them. */
export interface Report {
  readonly description: string;
  readonly ran: number;
  readonly dispatches: number;
  readonly complaints: readonly string[];
}

let opened: Promise<WebGpuDevice> | null = null;

async function answer({ from, every }: Share): Promise<Report> {
  opened ??= openWebGpuDevice({ warm: false });
  const device = await opened;
  const before = device.counts.dispatches;
  const found: string[] = [];
  let ran = 0;
  for (const [i, kernelCase] of allCases().entries()) {
    if (i % every !== from) continue;
    const answer = await runOn(device, "float32", kernelCase);
    found.push(...complaints(kernelCase, "float32", answer, expectedOf(kernelCase)));
    ran++;
  }
  const dispatches = device.counts.dispatches - before;
  return { description: device.description, ran, dispatches, complaints: found };
}

declare global {
  var runShare: (share: Share) => Promise<Report>;
}

globalThis.runShare = answer;
// In a worker, a message asks for the same.
if (typeof document === "undefined") {
  addEventListener("message", async ({ data }: MessageEvent<Share>) => {
    try {
      postMessage(await answer(data));
    } catch (error) {
      postMessage({ complaints: [String(error)], ran: 0, dispatches: 0, description: "" });
    }
  });
}
