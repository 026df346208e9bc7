import { describe, expect, it } from "vitest";
import { type NativeDevice, openNativeDevice } from "../../src/devices/native/native-device.ts";
import { openWasmDevice, type WasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import type { KernelCase } from "../../src/kernels/case.ts";
import { allCases } from "../support/all-cases.ts";
import { bigCases } from "../support/big-cases.ts";
import { devicesUnderTest } from "../support/devices.ts";
import { runOn } from "../support/run-case.ts";
import { withFamily } from "../support/with-family.ts";

type ThreadedDevice = WasmDevice | NativeDevice;
type Open = (threads: number, cutAll?: boolean) => ThreadedDevice;

/** The builds with threads that can be opened here, by the name of their one-threaded device. */
const builds: [string, Open][] = devicesUnderTest.flatMap(({ name, device }): [string, Open][] => {
  if (device === null || name.endsWith("threads") || !["wasm", "native"].includes(device.name)) {
    return [];
  }
  if (device.name === "wasm") {
    const { simd } = device as WasmDevice;
    return [
      [name, (threads, cutAll = false) => withFamily(openWasmDevice({ simd, threads, cutAll }))],
    ];
  }
  const { simd } = device as NativeDevice;
  return [[name, (threads, cutAll = false) => openNativeDevice({ simd, threads, cutAll })]];
});

/** The cases whose results have other bits on one device than on the other. */
async function differences(
  cases: readonly KernelCase[],
  one: ThreadedDevice,
  other: ThreadedDevice,
): Promise<string[]> {
  const found: string[] = [];
  for (const kernelCase of cases) {
    const [a, b] = [
      await runOn(one, "float32", kernelCase),
      await runOn(other, "float32", kernelCase),
    ];
    const bits = (floats: typeof a.floats) =>
      Object.entries(floats).map(([name, array]) => [name, Buffer.from(array.buffer)] as const);
    const others = new Map(bits(b.floats));
    for (const [name, bytes] of bits(a.floats)) {
      // What is left in room to work in depends on who worked there.
      if (kernelCase.floats[name]!.role === "scratch") continue;
      if (!bytes.equals(others.get(name)!)) found.push(`${kernelCase.name}: ${name}`);
    }
  }
  return found;
}

/** A call of about a millisecond that can be cut into many parts. */
function attend(device: ThreadedDevice): () => void {
  const [batch, queries, steps, size] = [8, 64, 64, 64];
  const [query, keys, context] = [0, 1, 2].map(() => {
    const storage = device.allocate("float32", batch * queries * size);
    storage.write(Float32Array.from({ length: storage.length }, (_, i) => Math.sin(i)));
    return storage;
  });
  const weights = device.allocate("float32", batch * queries * steps);
  return () =>
    device.kernels.attentionForward(
      query!,
      keys!,
      keys!,
      null,
      weights,
      context!,
      batch,
      queries,
      steps,
      size,
    );
}

/** Calls until a worker has taken part: they take some milliseconds to start, more where it is busy. */
function awaitWorkers(device: ThreadedDevice): boolean {
  const before = device.partsByWorkers;
  const call = attend(device);
  const start = performance.now();
  while (device.partsByWorkers === before && performance.now() - start < 20_000) call();
  return device.partsByWorkers > before;
}

describe.each(builds)("%s", (_, open) => {
  const alone = open(1);
  const cases = bigCases();

  it.each([2, 3, 5])("gives the same bits on %i threads", async (threads) => {
    const device = open(threads);
    expect(awaitWorkers(device)).toBe(true);
    const before = device.partsByWorkers;
    expect(await differences(cases, alone, device)).toEqual([]);
    expect(device.partsByWorkers).toBeGreaterThan(before);
  });

  it("gives the same bits in every case when all work is cut, however little it is", async () => {
    expect(await differences(allCases(), alone, open(3, true))).toEqual([]);
  }, 120_000);

  it("has workers take part while the program is in one synchronous loop", () => {
    expect(awaitWorkers(open(2))).toBe(true);
  });

  it("computes on as many threads as asked, whatever other devices there are", () => {
    const two = open(2);
    const call = attend(alone);
    const callTwo = attend(two);
    for (let i = 0; i < 20; i++) callTwo();
    const before = [alone.partsByWorkers, two.partsByWorkers];
    for (let i = 0; i < 20; i++) call();
    expect([alone.partsByWorkers, two.partsByWorkers]).toEqual(before);
    expect(alone.description).toMatch(/, 1 thread$/);
    expect(two.description).toMatch(/, 2 threads$/);
  });
});

describe("devices without a number of threads", () => {
  it("take one per core", () => {
    const [open] = builds.map(([, open]) => open);
    expect(open).toBeDefined();
    expect(openWasmDevice().description).toMatch(/\d+ threads?$/);
  });
});
