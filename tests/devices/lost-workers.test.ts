import { once } from "node:events";
import v8 from "node:v8";
import vm from "node:vm";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { DeviceError } from "../../src/core/errors.ts";
import type { Storage } from "../../src/core/storage.ts";
import { openWasmDevice, type WasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { WORKER_SOURCE } from "../../src/devices/wasm/worker-source.ts";
import type { StartWorker } from "../../src/devices/wasm/worker-starting.ts";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc") as () => void;

const [BATCH, STEPS, SIZE] = [8, 96, 64];

/** Attention on a wasm device with two threads. */
class Attention {
  readonly device: WasmDevice;
  readonly context: Storage;
  readonly #query: Storage;
  readonly #weights: Storage;

  constructor(startWorker: StartWorker, patience = 300) {
    this.device = openWasmDevice({ simd: "simd128", threads: 2, startWorker, patience });
    this.#query = this.device.allocate("float32", BATCH * STEPS * SIZE);
    this.#query.write(Float32Array.from({ length: this.#query.length }, (_, i) => Math.sin(i)));
    this.context = this.device.allocate("float32", BATCH * STEPS * SIZE);
    this.#weights = this.device.allocate("float32", BATCH * STEPS * STEPS);
  }

  run(): void {
    const [x, { kernels }] = [this.#query, this.device];
    const [weights, context] = [this.#weights, this.context];
    kernels.attentionForward(x, x, x, null, weights, context, BATCH, STEPS, STEPS, SIZE);
  }

  /** Runs until it throws, for at most so many milliseconds. */
  runUntilRefused(milliseconds = 20_000): unknown {
    const start = performance.now();
    while (performance.now() - start < milliseconds) {
      try {
        this.run();
      } catch (error) {
        return error;
      }
    }
    return null;
  }
}

/** Starts heed's worker, or another program, with what heed gives it, changed. */
function starter(change: object, source = WORKER_SOURCE): StartWorker {
  return (start) => {
    const worker = new Worker(source, { eval: true, workerData: { ...start, ...change } });
    worker.unref();
    worker.on("error", () => {});
  };
}

/** As the worker of heed, but it says nothing when a kernel traps: as if it had been killed. */
const SILENT = WORKER_SOURCE.replace(/catch \(error\) \{[\s\S]*?throw error;/, "catch {");
/** A stack that ends before it begins: the first kernel that needs it traps. */
const NO_STACK = { stack: 16 };

describe("a worker that is lost with a part in hand", () => {
  it.each([
    { how: "traps", source: WORKER_SOURCE, patience: 3_600_000 },
    { how: "is killed", source: SILENT, patience: 300 },
  ])("because it $how makes every call refuse, and hangs none", ({ source, patience }) => {
    const attention = new Attention(starter(NO_STACK, source), patience);
    const error = attention.runUntilRefused();
    expect(error).toBeInstanceOf(DeviceError);
    expect(String(error)).toMatch(/worker thread that died.*open the device anew/);
    expect(() => attention.run()).toThrow(DeviceError);
    expect(() => attention.device.kernels.fill(attention.context, 0, 1)).toThrow(/open the device/);
  });

  it("leaves a device that is opened anew alone", () => {
    new Attention(starter(NO_STACK)).runUntilRefused();
    const attention = new Attention(starter({}));
    expect(attention.runUntilRefused(500)).toBeNull();
  });
});

describe("a worker that never begins", () => {
  it.each([
    {
      how: "cannot be started",
      start: () => {
        throw new Error("no");
      },
    },
    { how: "does nothing", start: () => {} },
    { how: "fails before its first part", start: starter({ module: null }) },
  ])("because it $how leaves its parts to the others", async ({ start }) => {
    const attention = new Attention(start as StartWorker);
    const right = openWasmDevice({ simd: "simd128", threads: 1 });
    expect(attention.runUntilRefused(300)).toBeNull();
    expect(attention.device.partsByWorkers).toBe(0);
    const x = right.allocate("float32", BATCH * STEPS * SIZE);
    x.write(Float32Array.from({ length: x.length }, (_, i) => Math.sin(i)));
    const [w, c] = [BATCH * STEPS * STEPS, x.length].map((n) => right.allocate("float32", n));
    right.kernels.attentionForward(x, x, x, null, w!, c!, BATCH, STEPS, STEPS, SIZE);
    expect(await attention.context.read()).toEqual(await c!.read());
  });
});

describe("the workers of a device that was collected", () => {
  it("end", async () => {
    const ended: Promise<unknown>[] = [];
    const start: StartWorker = (data) => {
      const worker = new Worker(WORKER_SOURCE, { eval: true, workerData: data });
      ended.push(once(worker, "exit"));
    };
    (() => {
      const attention = new Attention(start);
      while (attention.device.partsByWorkers === 0) attention.run();
    })();
    expect(ended).toHaveLength(1);
    const collecting = setInterval(gc, 20);
    await Promise.all(ended);
    clearInterval(collecting);
  });
});
