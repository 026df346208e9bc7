import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { DeviceError, DtypeError } from "../../src/core/errors.ts";
import type { Storage } from "../../src/core/storage.ts";
import { openWasmDevice, type WasmDevice } from "../../src/devices/wasm/wasm-device.ts";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc") as () => void;

const MIB = 2 ** 20;
const LIMIT = 8 * MIB;
/** One mebibyte of float32. */
const LENGTH = MIB / 4;

const open = (shared = true): WasmDevice =>
  openWasmDevice({ simd: "simd128", memoryLimit: LIMIT, shared });

function filled(device: WasmDevice, value: number, length = LENGTH): Storage {
  const storage = device.allocate("float32", length);
  device.kernels.fill(storage, value, length);
  return storage;
}

/** Allocates and forgets so much that whatever can move out has moved out. */
function press(device: WasmDevice): void {
  for (let i = 0; i < 20; i++) filled(device, -1);
}

/** Collects garbage, and lets finalizers run. */
async function collect(): Promise<void> {
  gc();
  await new Promise((resolve) => setTimeout(resolve, 2));
}

describe.each([
  { memory: "shared", shared: true },
  { memory: "unshared", shared: false },
])("with $memory memory", ({ shared }) => {
  it("a synchronous loop that disposes nothing stays bounded", () => {
    const device = open(shared);
    const before = process.memoryUsage().rss;
    let total = 0;
    for (let i = 0; i < 1500; i++) {
      const x = filled(device, i);
      const y = device.allocate("float32", LENGTH);
      device.kernels.add(x, x, y, LENGTH);
      if (i % 100 === 0) total += (y as Storage & { view(): Float32Array }).view()[7]!;
    }
    expect(total).toBe(2 * 100 * ((14 * 15) / 2));
    const { live, reserved, limit } = device.memoryUse();
    expect(limit).toBe(LIMIT);
    expect(live).toBeLessThanOrEqual(LIMIT);
    expect(reserved).toBeLessThanOrEqual(8 * LIMIT);
    expect(process.memoryUsage().rss - before).toBeLessThan(1024 * MIB); // of 3000 MiB in all
  });

  it("a synchronous loop that reads every result stays bounded", () => {
    const device = open(shared);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1500; i++) {
      const x = filled(device, i);
      expect(x.view()[LENGTH - 1]).toBe(i);
    }
    const { live, reserved } = device.memoryUse();
    expect(live).toBeLessThanOrEqual(LIMIT);
    expect(reserved).toBeLessThanOrEqual(8 * LIMIT);
    expect(process.memoryUsage().rss - before).toBeLessThan(1024 * MIB);
  });

  it("a synchronous loop over small tensors holds few of them", () => {
    const device = open(shared);
    for (let i = 0; i < 50_000; i++) {
      const x = device.allocate("float32", 3);
      if (i % 2 === 0) x.view();
    }
    // A hundred bytes of floats cost as much as a kibibyte: JavaScript's objects are not free.
    expect(device.memoryUse().live).toBeLessThanOrEqual((LIMIT / 1024) * 64);
  });

  it("a synchronous loop that slices every result stays bounded", () => {
    const device = open(shared);
    for (let i = 0; i < 300; i++) filled(device, i).slice(0, LENGTH);
    expect(device.memoryUse().live).toBeLessThanOrEqual(LIMIT);
  });

  it("what moved out comes back with its numbers when a kernel needs it", () => {
    const device = open(shared);
    const old = filled(device, 42);
    press(device);
    const sum = device.allocate("float32", 1);
    device.kernels.sum(old, sum, LENGTH);
    expect(sum.view()[0]).toBe(42 * LENGTH);
  });

  it("read and write reach what moved out", async () => {
    const device = open(shared);
    const old = filled(device, 42, 5);
    press(device);
    expect([...(await old.read())]).toEqual([42, 42, 42, 42, 42]);
    old.write([1, 2, 3, 4, 5]);
    press(device);
    expect([...(await old.read())]).toEqual([1, 2, 3, 4, 5]);
  });

  it("a slice and its whole stay one memory through moving out and back", () => {
    const device = open(shared);
    const whole = filled(device, 0, 100);
    const part = whole.slice(10, 20);
    press(device);
    device.kernels.fill(part, 7, 20);
    press(device);
    const sum = device.allocate("float32", 1);
    device.kernels.sum(whole, sum, 100);
    expect(sum.view()[0]).toBe(140);
    whole.release();
    device.kernels.sum(part, sum, 20);
    expect(sum.view()[0]).toBe(140);
  });
});

describe("a view", () => {
  it("stays valid and writable however much is allocated after it", () => {
    const device = open();
    const x = filled(device, 3);
    const view = x.view();
    press(device);
    view[5] = 11;
    expect(x.view()).toBe(view);
    const sum = device.allocate("float32", 1);
    device.kernels.sum(x, sum, LENGTH);
    expect(sum.view()[0]).toBe(3 * (LENGTH - 1) + 11);
    device.kernels.fill(x, 2, LENGTH);
    expect(view[5]).toBe(2);
  });

  it("of unshared memory is made anew after the memory grew", () => {
    const device = open(false);
    const x = filled(device, 3);
    const before = x.view();
    press(device);
    filled(device, 0, 16 * LENGTH); // more than is left: the memory must grow
    expect(before.length).toBe(0);
    expect(x.view()[LENGTH - 1]).toBe(3);
  });

  it("keeps its numbers when its storage is forgotten", async () => {
    const device = open();
    const view = filled(device, 9).view();
    for (let i = 0; i < 5; i++) {
      await collect();
      press(device);
    }
    expect(view.every((x) => x === 9)).toBe(true);
  });

  it("of a slice looks at its part, and of nothing is empty", () => {
    const device = open();
    const whole = device.allocate("int32", 6);
    whole.write([0, 1, 2, 3, 4, 5]);
    expect([...whole.slice(2, 3).view()]).toEqual([2, 3, 4]);
    expect([...whole.slice(1, 5).slice(2, 1).view()]).toEqual([3]);
    expect([...device.allocate("float32", 0).view()]).toEqual([]);
  });
});

describe("a block whose view was asked for when many were", () => {
  /** Three storages whose views lie on the heap, because two mebibytes of views are out already. */
  function external(device: WasmDevice): Storage[] {
    for (let i = 0; i < 2; i++) filled(device, 0).view();
    const storages = [1, 2, 3].map((value) => filled(device, value, 33));
    for (const storage of storages) storage.view();
    return storages;
  }

  it("serves as input and as output, and its view sees the result", () => {
    const device = open();
    const live = device.memoryUse().live;
    const [a, b, y] = external(device) as [Storage, Storage, Storage];
    const view = y.view();
    device.kernels.add(a, b, y, 33);
    expect(view.every((x) => x === 3)).toBe(true);
    a.view()[32] = 100;
    device.kernels.multiply(a, b, y, 33);
    expect(view[0]).toBe(2);
    expect(view[32]).toBe(200);
    expect(device.memoryUse().live - live).toBe(2 * MIB); // the copies for the calls are gone
  });

  it("is one array where it stands twice in a call", () => {
    const device = open();
    const [a, b] = external(device) as [Storage, Storage];
    device.kernels.add(a, b, a, 33);
    expect([...a.view()]).toEqual(new Array(33).fill(3));
    device.kernels.multiply(a, a, a, 33);
    expect([...a.view()]).toEqual(new Array(33).fill(9));
  });

  it("is one array with its slices", () => {
    const device = open();
    const [a] = external(device) as [Storage];
    const [head, tail] = [a.slice(0, 16), a.slice(16, 17)];
    device.kernels.fill(head, 5, 16);
    device.kernels.add(head, tail, tail, 16);
    expect([...a.view()]).toEqual([...new Array(16).fill(5), ...new Array(16).fill(6), 1]);
    expect(tail.view()[0]).toBe(6);
  });
});

describe("the limit", () => {
  it("rises when most of what moved out comes back: it was in use", () => {
    const device = open();
    const sum = device.allocate("float32", 1);
    const live = Array.from({ length: 24 }, (_, i) => filled(device, i));
    for (let round = 0; round < 6; round++) {
      for (const storage of live) device.kernels.sum(storage, sum, LENGTH);
      filled(device, 0).release();
    }
    expect(device.memoryUse().limit).toBeGreaterThanOrEqual(24 * MIB);
    for (const [i, storage] of live.entries()) {
      device.kernels.sum(storage, sum, LENGTH);
      expect(sum.view()[0]).toBe(i * LENGTH);
    }
  });

  it("does not rise for what is never used again", () => {
    const device = open();
    for (let i = 0; i < 200; i++) filled(device, i);
    expect(device.memoryUse().limit).toBe(LIMIT);
  });
});

describe("a storage that is forgotten", () => {
  it("gives its memory back between tasks", async () => {
    const device = open();
    for (let i = 0; i < 5; i++) filled(device, i);
    filled(device, 0).view();
    expect(device.memoryUse().live).toBe(6 * MIB);
    for (let i = 0; i < 20 && device.memoryUse().live > 0; i++) await collect();
    expect(device.memoryUse().live).toBe(0);
  });

  it("does not take with it what a slice still holds", async () => {
    const device = open();
    const part = filled(device, 6).slice(3, 2);
    for (let i = 0; i < 5; i++) await collect();
    expect([...part.view()]).toEqual([6, 6]);
    part.release();
    expect(device.memoryUse().live).toBe(0);
  });
});

describe("release", () => {
  it("gives memory back at once, and twice is once", () => {
    const device = open();
    const x = filled(device, 1);
    const y = filled(device, 2);
    x.release();
    x.release();
    expect(device.memoryUse().live).toBe(MIB);
    expect(y.view()[0]).toBe(2);
    y.release();
    expect(device.memoryUse().live).toBe(0);
  });

  it("of a view's storage frees the room that views may take", () => {
    const device = open();
    for (let i = 0; i < 10; i++) {
      const x = filled(device, i);
      x.view();
      x.release();
    }
    expect(device.memoryUse().live).toBe(0);
  });

  it("keeps a block as long as one of its slices is held", () => {
    const device = open();
    const whole = filled(device, 4);
    const part = whole.slice(1, 2);
    whole.release();
    expect(device.memoryUse().live).toBe(MIB);
    expect([...part.view()]).toEqual([4, 4]);
    part.release();
    expect(device.memoryUse().live).toBe(0);
  });
});

describe("what cannot be had is refused", () => {
  it("more memory than there is: how much was asked, and what to do", () => {
    const device = open();
    const ask = () => device.allocate("float32", 2 ** 31);
    expect(ask).toThrow(DeviceError);
    expect(ask).toThrow(/8192\.0 MiB.*dispose\(\)/);
    expect(filled(device, 1).view()[0]).toBe(1);
  });

  it("more than there can ever be, without driving out what is there", () => {
    const device = open();
    const x = filled(device, 1);
    expect(() => device.allocate("float32", 2 ** 31)).toThrow(DeviceError);
    expect(device.memoryUse().live).toBe(MIB);
    x.release();
  });

  it("float64: it runs on the reference device", () => {
    expect(() => open().allocate("float64", 1)).toThrow(DtypeError);
    expect(() => open().allocate("float64", 1)).toThrow(/reference/);
  });
});
