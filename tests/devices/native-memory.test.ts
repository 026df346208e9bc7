import { describe, expect, it } from "vitest";
import { DeviceError, DtypeError, ShapeError, StateError } from "../../src/core/errors.ts";
import type { Storage } from "../../src/core/storage.ts";
import { openNativeDevice } from "../../src/devices/native/native-device.ts";
import { devicesUnderTest } from "../support/devices.ts";

const MIB = 2 ** 20;
/** One mebibyte of float32. */
const LENGTH = MIB / 4;

const skip = devicesUnderTest.find(({ name }) => name.startsWith("native"))?.skip;
const addressOf = (storage: Storage): number =>
  (storage as Storage & { address(): number }).address();

describe.skipIf(skip !== null)(`the memory of a native device${skip ? ` (${skip})` : ""}`, () => {
  const open = () => openNativeDevice({ threads: 1 });

  it.each(["", ", and looks at every result"])(
    "stays bounded in a synchronous loop that disposes nothing%s",
    (looks) => {
      const device = open();
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 3000; i++) {
        const x = device.allocate("float32", LENGTH);
        device.kernels.fill(x, i, LENGTH);
        if (looks !== "") expect(x.view()[LENGTH - 1]).toBe(i);
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(1024 * MIB); // of 3000 MiB in all
    },
  );

  it("stays bounded in a synchronous loop over small tensors", () => {
    const device = open();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1_000_000; i++) device.allocate("float32", 3);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB);
  });

  it("begins on cache lines", () => {
    const device = open();
    for (const length of [0, 1, 5, 1000, 100_000]) {
      expect(addressOf(device.allocate("float32", length)) % 64).toBe(0);
    }
  });

  it("uses released memory again, and twice released is once", () => {
    const device = open();
    const x = device.allocate("float32", 1000);
    const address = addressOf(x);
    x.release();
    x.release();
    expect(device.keptBytes).toBeGreaterThan(0);
    const y = device.allocate("int32", 990);
    const z = device.allocate("float32", 990);
    expect(addressOf(y)).toBe(address);
    expect(addressOf(z)).not.toBe(address);
    expect(device.keptBytes).toBe(0);
  });

  it("is kept as long as one slice is held", () => {
    const device = open();
    const whole = device.allocate("float32", 100);
    device.kernels.fill(whole, 4, 100);
    const half = whole.slice(10, 20);
    const part = half.slice(1, 2);
    half.release();
    expect(addressOf(part)).toBe(addressOf(whole) + 44);
    whole.release();
    expect(device.keptBytes).toBe(0);
    expect([...part.view()]).toEqual([4, 4]);
    device.kernels.fill(part, 5, 2);
    expect([...part.view()]).toEqual([5, 5]);
    part.release();
    expect(device.keptBytes).toBeGreaterThan(0);
  });

  it("keeps no more than a limit of what was released, and what was used last", () => {
    const device = open();
    const many = Array.from({ length: 40 }, () => device.allocate("float32", 4 * LENGTH));
    const last = device.allocate("float32", 8 * LENGTH);
    for (const storage of [...many, last]) storage.release();
    expect(device.keptBytes).toBeLessThanOrEqual(256 * MIB);
    expect(device.keptBytes).toBeGreaterThanOrEqual(32 * MIB);
  });

  it("keeps its numbers in a view whose storage was forgotten", () => {
    const device = open();
    const forgotten = () => {
      const x = device.allocate("float32", LENGTH);
      device.kernels.fill(x, 9, LENGTH);
      return x.view();
    };
    const view = forgotten();
    for (let i = 0; i < 500; i++)
      device.kernels.fill(device.allocate("float32", LENGTH), 1, LENGTH);
    expect(view.every((x) => x === 9)).toBe(true);
  });

  it("is refused to kernels once it was released or transferred", () => {
    const device = open();
    const [x, y] = [device.allocate("float32", 8), device.allocate("float32", 8)];
    x.release();
    expect(() => device.kernels.copy(x, y, 8)).toThrow(StateError);
    expect(() => x.slice(0, 1)).toThrow(/released memory/);
    structuredClone(y.view().buffer, { transfer: [y.view().buffer as ArrayBuffer] });
    expect(() => device.kernels.fill(y, 1, 8)).toThrow(/transferred/);
    y.release();
    expect(addressOf(device.allocate("float32", 8))).toBeGreaterThan(0);
  });

  it("copies on read, and converts on write", async () => {
    const device = open();
    const x = device.allocate("int32", 3);
    x.write([1.5, -2, 3]);
    const copy = await x.read();
    x.write([0, 0, 0]);
    expect([...copy]).toEqual([1, -2, 3]);
    expect([...x.view()]).toEqual([0, 0, 0]);
    expect(x.view()).toBe(x.view());
  });

  it("refuses what cannot be had", () => {
    const device = open();
    expect(() => device.allocate("float64", 1)).toThrow(DtypeError);
    expect(() => device.allocate("float32", -1)).toThrow(ShapeError);
    expect(() => device.allocate("float32", 2 ** 46)).toThrow(DeviceError);
    expect(() => device.allocate("float32", 2 ** 46)).toThrow(/MiB.*dispose\(\)/);
  });
});
