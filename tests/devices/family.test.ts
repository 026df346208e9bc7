import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { DeviceError } from "../../src/core/errors.ts";
import type { Dtype, Storage } from "../../src/core/storage.ts";
import { tensor } from "../../src/devices/create.ts";
import { familyDevice } from "../../src/devices/family.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import { openWasmDevice, type WasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { WORKER_SOURCE } from "../../src/devices/wasm/worker-source.ts";
import type { StartWorker } from "../../src/devices/wasm/worker-starting.ts";
import { attendBackwardCase, attendForwardCase } from "../../src/kernels/attend/case-builders.ts";
import type { AttendOptions } from "../../src/kernels/attend/case-options.ts";
import { PLAIN_PLAN } from "../../src/kernels/attend/contract.ts";
import type { KernelCase } from "../../src/kernels/case.ts";
import type { Device } from "../../src/kernels/device.ts";
import { FAMILY_OPS } from "../../src/kernels/family.ts";
import { devicesUnderTest } from "../support/devices.ts";
import { runOn } from "../support/run-case.ts";
import { withFamily } from "../support/with-family.ts";

/** The builds for which this engine has instructions. */
const builds = (["simd128", "relaxed"] as const).filter(
  (simd) => devicesUnderTest.find(({ name }) => name === `wasm ${simd}`)?.device !== null,
);

const pairs: { name: string; dtype: Dtype; core: Device; extended: Device }[] = [
  ...builds.map((simd) => ({
    name: `wasm ${simd}`,
    dtype: "float32" as const,
    core: openWasmDevice({ simd, threads: 1 }),
    extended: withFamily(openWasmDevice({ simd, threads: 1 })),
  })),
  ...(["float32", "float64"] as const).map((dtype) => ({
    name: `reference ${dtype}`,
    dtype,
    core: new ReferenceDevice(),
    extended: withFamily(new ReferenceDevice()),
  })),
];

/** The bits that a case leaves. */
async function bitsOf(device: Device, dtype: Dtype, kernelCase: KernelCase): Promise<string[]> {
  const { floats, damage } = await runOn(device, dtype, kernelCase);
  const bytes = Object.entries(floats).map(([name, { buffer, byteOffset, byteLength }]) => {
    return `${name}: ${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}`;
  });
  return [...bytes, ...damage];
}

describe.each(pairs)("$name without the family", ({ dtype, core, extended }) => {
  it.each(FAMILY_OPS)("refuses %s", (op) => {
    const call = core.kernels[op] as () => void;
    expect(call).toThrow(DeviceError);
    expect(call).toThrow(`the kernels of the family of attention, got ${op} on a device`);
  });

  const shape = { batch: 3, queries: 37, steps: 21, size: 33, valueSize: 17, keep: false } as const;
  const plain: AttendOptions[] = [
    shape,
    { ...shape, lengths: "mixed", spare: 3, sideBySide: true },
    { ...shape, batch: 1, queries: 261, steps: 300, size: 64, valueSize: 64 },
    { ...shape, valueSize: 33, shared: "gradients" },
    { ...shape, lengths: "zero" },
    { ...shape, scores: "−∞" },
  ];

  it.each(plain)("gives the same bits as with it where there are no rules: %o", async (options) => {
    for (const kernelCase of [attendForwardCase(options), attendBackwardCase(options)]) {
      const bits = await bitsOf(core, dtype, kernelCase);
      expect(bits).toEqual(await bitsOf(extended, dtype, kernelCase));
    }
  });

  const ruled: AttendOptions[] = [
    { heads: 2, keyHeads: 2 },
    { score: "additive" },
    { score: "additive, v" },
    { scale: 0.5 },
    { softcap: 3 },
    { maskAxes: 12 },
    { biasAxes: 0 },
    { slopes: true },
    { left: 3 },
    { right: 0 },
    { dropout: 0.5 },
    { normalizer: "sparsemax", keep: true },
    { keep: true },
  ].map((rule) => ({ ...shape, ...rule }) as AttendOptions);

  it.each([...ruled, { ...shape, logSumExp: true }])("refuses to ignore %o", async (options) => {
    await expect(runOn(core, dtype, attendForwardCase(options))).rejects.toThrow(/by other rules/);
  });

  it.each([...ruled, { ...shape, dWeights: true, keep: true }])(
    "refuses to go back by %o",
    async (options) => {
      const kernelCase = attendBackwardCase(options);
      await expect(runOn(core, dtype, kernelCase)).rejects.toThrow(DeviceError);
    },
  );
});

/** attendForward, causal and so by a rule, on storages that are made once: the bits of its context. */
function causal(device: Device): () => Promise<Buffer> {
  const [batch, heads, steps, size] = [2, 3, 40, 24];
  const put = (length: number): Storage => {
    const storage = device.allocate("float32", length);
    storage.write(Float32Array.from({ length }, (_, i) => Math.sin(i)));
    return storage;
  };
  const count = batch * heads * steps;
  const [x, context, maxima, sums] = [count * size, count * size, count, count].map(put) as [
    Storage,
    Storage,
    Storage,
    Storage,
  ];
  const none = { vector: null, lengths: null, mask: null, bias: null, slopes: null };
  const inputs = { query: x, keys: x, values: x, ...none };
  const sizes = { batch, heads, keyHeads: heads, queries: steps, steps, capacity: steps };
  const plan = { ...PLAIN_PLAN, ...sizes, size, valueSize: size, right: 0 };
  return async () => {
    device.kernels.attendForward(inputs, plan, context, { maxima, sums }, null, null);
    return Buffer.from((await context.read()).buffer);
  };
}

/** Adds numbers up until a worker has taken part; an op of the core. */
function awaitWorkers(device: WasmDevice): void {
  const x = device.allocate("float32", 2 ** 15);
  const before = device.partsByWorkers;
  const end = performance.now() + 20_000;
  while (device.partsByWorkers === before && performance.now() < end) {
    device.kernels.add(x, x, x, x.length);
  }
  expect(device.partsByWorkers).toBeGreaterThan(before);
}

describe.each(builds)("extending a wasm device, %s", (simd) => {
  const alone = withFamily(openWasmDevice({ simd, threads: 1 }));

  it("leaves tensors where they are, and is done once", () => {
    const device = openWasmDevice({ simd, threads: 1 });
    const x = tensor([1, 2, 3], undefined, { device });
    const view = x.storage.view();
    expect(familyDevice(x)).toBe(device);
    const { attendForward } = device.kernels;
    expect(familyDevice(x).kernels.attendForward).toBe(attendForward);
    const y = tensor([3, 0, 5], undefined, { device });
    device.kernels.minimumForward(x.storage, y.storage, x.storage, 3);
    expect([...view]).toEqual([1, 0, 3]);
    expect(x.storage.view()).toBe(view);
  });

  it("works on memory that is not shared", async () => {
    const device = openWasmDevice({ simd, shared: false });
    await expect(causal(device)()).rejects.toThrow(DeviceError);
    withFamily(device);
    expect(await causal(device)()).toEqual(await causal(alone)());
  });

  it("replaces workers that know the core alone, whatever they are at, again and again", async () => {
    const right = await causal(alone)();
    for (let round = 0; round < 4; round++) {
      const ended: Promise<unknown>[] = [];
      const startWorker: StartWorker = (start) => {
        const worker = new Worker(WORKER_SOURCE, { eval: true, workerData: start });
        worker.unref();
        ended.push(once(worker, "exit"));
      };
      const options = { simd, threads: 3, cutAll: true, patience: 3_600_000, startWorker };
      const device = openWasmDevice(options);
      const attend = causal(device);
      // They have not begun, are asleep, or look for another part: so they are twice, as chance has it.
      if (round > 0) awaitWorkers(device);
      if (round === 1) await new Promise((resolve) => setTimeout(resolve, 20));
      const old = ended.length;
      withFamily(device);
      const before = device.partsByWorkers;
      const end = performance.now() + 20_000;
      for (let i = 0; i < 20 || device.partsByWorkers === before; i++) {
        expect(await attend()).toEqual(right);
        if (i % 3 === 0) device.kernels.fill(device.allocate("float32", 9000), 1, 9000);
        if (performance.now() > end) expect.fail("no worker came");
      }
      expect(ended).toHaveLength(old + 2);
      await Promise.all(ended.slice(0, old));
    }
  }, 120_000);
});
