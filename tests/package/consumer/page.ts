// The page of the browser test: runs the program and tells the server what came of it.
import { type Device, normal, openDevice, Random, TimeAttention, useDevice } from "heed";
import { attendEverywhere } from "./program.ts";

/** Attends on two threads until a worker has taken part, if the page can have workers. */
async function askForHelp(): Promise<{ description: string; helped: boolean }> {
  const device = (await openDevice("wasm", { threads: 2 })) as Device & { partsByWorkers: number };
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
  return { description, helped: device.partsByWorkers > 0 };
}

const answer = await attendEverywhere().then(
  async (outcomes) => ({
    outcomes,
    isolated: globalThis.crossOriginIsolated,
    threads: await askForHelp(),
  }),
  (error: unknown) => ({ error: String(error) }),
);
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
