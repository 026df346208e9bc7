// The page of the browser test: runs the program and tells the server what came of it.
import {
  attention,
  type Device,
  normal,
  openDevice,
  Random,
  TimeAttention,
  tensor,
  useDevice,
} from "heed";
import { draw } from "./drawing.ts";
import { attendEverywhere } from "./program.ts";

type Threaded = Device & { partsByWorkers: number };

/**
 * Attends by a rule, which the kernels that a page begins with do not know; on two threads if there are,
 * until a worker has taken part that knows them too. Also what came of it, which is 0.5 and 1.
 */
async function attendByRule(device: Threaded): Promise<{ context: number[]; helped: boolean }> {
  const x = normal([4, 128, 64], new Random(1));
  const end = performance.now() + (device.description.endsWith("2 threads") ? 30_000 : 200);
  const before = device.partsByWorkers;
  while (device.partsByWorkers === before && performance.now() < end) {
    attention(x, x, x, { causal: true, heads: 4 }).dispose();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const [query, values] = [tensor([[[0], [0]]]), tensor([[[0.5], [1.5]]])];
  const { context } = attention(query, query, values, { causal: true });
  return { context: [...context.data], helped: device.partsByWorkers > before };
}

/** Attends on two threads until a worker has taken part, if the page can have workers. */
async function askForHelp() {
  const device = (await openDevice("wasm", { threads: 2 })) as Threaded;
  useDevice(device);
  const random = new Random(1);
  const [hsEnc, hsDec] = [normal([8, 64, 64], random), normal([8, 64, 64], random)];
  const { description } = device;
  const end = performance.now() + (description.endsWith("2 threads") ? 30_000 : 200);
  while (device.partsByWorkers === 0 && performance.now() < end) {
    new TimeAttention().forward(hsEnc, hsDec);
    // A page's workers start between tasks.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const helped = device.partsByWorkers > 0;
  return { description, helped, byRule: await attendByRule(device) };
}

const answer = await attendEverywhere().then(
  async (outcomes) => ({
    outcomes,
    isolated: globalThis.crossOriginIsolated,
    threads: await askForHelp(),
    drawn: draw(),
  }),
  (error: unknown) => ({ error: String(error) }),
);
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
