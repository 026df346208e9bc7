import { describe, expect, it } from "vitest";
import { runProgram } from "../support/child.ts";
import { devicesUnderTest } from "../support/devices.ts";

const hasNative = devicesUnderTest.some(
  ({ name, device }) => name.startsWith("native") && device !== null,
);

/** Attention on the device of that name until its workers have taken part. */
const useWorkers = (open: string): string => `
  const device = ${open};
  const [N, T, H] = [8, 64, 64];
  const [x, y] = [0, 1].map(() => device.allocate("float32", N * T * H));
  const w = device.allocate("float32", N * T * T);
  x.write(new Float32Array(N * T * H).fill(0.01));
  while (device.partsByWorkers === 0) {
    device.kernels.attentionForward(x, x, x, null, w, y, N, T, T, H);
  }
`;
const WASM = `
  import { openWasmDevice } from "SRC/devices/wasm/wasm-device.ts";
  ${useWorkers("openWasmDevice({ threads: 3 })")}
`;
const NATIVE = `
  import { openNativeDevice } from "SRC/devices/native/native-device.ts";
  ${useWorkers("openNativeDevice({ threads: 3 })")}
`;

describe("a process whose device has workers", () => {
  const end = `console.log("done");`;

  it("ends by itself on wasm, when its work is done", async () => {
    const run = await runProgram(WASM + end);
    expect(run).toMatchObject({ code: 0, output: "done\n" });
  });

  it.skipIf(!hasNative)("ends by itself on native, when its work is done", async () => {
    const run = await runProgram(NATIVE + end);
    expect(run).toMatchObject({ code: 0, output: "done\n" });
  });

  it("ends with its exit code when it says so, or throws", async () => {
    expect(await runProgram(`${WASM} process.exit(3);`)).toMatchObject({ code: 3 });
    expect(await runProgram(`${WASM} throw new Error("own");`)).toMatchObject({ code: 1 });
  });

  it("does not hand its workers the program's ways to start, and hears nothing of them", async () => {
    const run = await runProgram(WASM + end, { NODE_OPTIONS: "--trace-warnings" });
    expect(run).toMatchObject({ code: 0, output: "done\n" });
  });
});

describe.skipIf(!hasNative)("the addon in threads of one process", () => {
  /** A thread's program: attention, again and again, always with the same bits. */
  const thread = `
    const { parentPort, workerData } = require("node:worker_threads");
    const module_ = { exports: {} };
    process.dlopen(module_, workerData);
    const addon = module_.exports;
    const ops = addon.open(2, true);
    const [N, T, H] = [4, 40, 64];
    const buffers = [N * T * H, N * T * T, N * T * H].map((n) => new ArrayBuffer(4 * n));
    const [x, w, y] = buffers.map(addon.addressOf);
    new Float32Array(buffers[0]).set(Float32Array.from({ length: N * T * H }, (_, i) => Math.sin(i)));
    let first = null;
    for (let i = 0; i < 2000; i++) {
      new Float32Array(buffers[2]).fill(NaN);
      ops.attentionForward(x, x, x, 0, w, y, N, T, T, H);
      const now = Buffer.from(buffers[2]);
      first ??= Buffer.from(now);
      if (!first.equals(now)) throw new Error("other bits in round " + i);
    }
    parentPort.postMessage(addon.partsByWorkers());
  `;
  const program = (threads: number) => `
    import { readdirSync } from "node:fs";
    import { Worker } from "node:worker_threads";
    const folder = new URL("../build/native/", "SRC/");
    const file = readdirSync(folder).find((name) => /sse2|neon/.test(name));
    const run = () => new Promise((resolve, reject) => {
      const options = { eval: true, workerData: new URL(file, folder).pathname, execArgv: [] };
      const worker = new Worker(${JSON.stringify(thread)}, options);
      let parts = null;
      worker.on("message", (value) => { parts = value; });
      worker.on("error", reject);
      worker.on("exit", () => resolve(parts));
    });
    const parts = await Promise.all(Array.from({ length: ${threads} }, run));
    // The library must have stayed: its pool is asleep in it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    parts.push(await run());
    console.log(JSON.stringify(parts));
  `;

  it.each([1, 3])(
    "gives %i threads at a time the right bits, and outlives them",
    async (threads) => {
      const run = await runProgram(program(threads));
      expect(run).toMatchObject({ code: 0, signal: null });
      const parts: number[] = JSON.parse(run.output);
      expect(parts).toHaveLength(threads + 1);
      expect(parts.at(-1)).toBeGreaterThan(0);
    },
  );
});

describe("HEED_NATIVE=0", () => {
  it("computes on wasm, and says why", async () => {
    const run = await runProgram(
      `import { currentDevice, openDevice } from "SRC/index.ts";
       console.log(currentDevice().name);
       await openDevice("native").catch((error) => console.log(error.name, error.received));`,
      { HEED_NATIVE: "0" },
    );
    expect(run.output).toBe("wasm\nDeviceError HEED_NATIVE=0 in the environment\n");
  });
});
