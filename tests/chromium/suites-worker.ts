/** What both workers of the page run: the one named "gpu" has the GPU, the other the tests. */
import { openWebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import { serveGpu } from "../support/blocking-gpu-server.ts";
import type { GpuReport, Task } from "./report.ts";
import { runSuites } from "./run-suites.ts";

/** An end of the channel between the two. */
interface Connected {
  readonly port: MessagePort;
}

if (self.name === "gpu") beGpu();
else {
  addEventListener("message", async ({ data }: MessageEvent<Task & Connected>) => {
    postMessage(await runSuites(data.port, data));
  });
}

/** Serves whoever holds the other end, and says how much it did whenever it is asked afterwards. */
function beGpu(): void {
  const opened = openWebGpuDevice({ warm: false });
  const serve = serveGpu(opened);
  addEventListener("message", async ({ data }: MessageEvent<Connected | null>) => {
    if (data !== null) data.port.onmessage = ({ data: request }) => serve(request);
    const { description, counts } = await opened;
    postMessage({ description, dispatches: counts.dispatches } satisfies GpuReport);
  });
}
