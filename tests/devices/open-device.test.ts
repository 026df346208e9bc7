import { describe, expect, it } from "vitest";
import { DataError, DeviceError } from "../../src/core/errors.ts";
import { type DeviceName, type DeviceOptions, openDevice } from "../../src/devices/current.ts";
import { devicesUnderTest } from "../support/devices.ts";

const native = devicesUnderTest.filter(({ name }) => /^native \S+$/.test(name));

describe("openDevice", () => {
  it.each<[DeviceName, object, RegExp]>([
    [
      "webgpu",
      { float16: 1 },
      /openDevice\("webgpu"\): expected float16 to be true or false, got 1/,
    ],
    ["webgpu", { subgroups: "yes" }, /expected subgroups to be true or false, got "yes"/],
    ["webgpu", { f16: true }, /of threads, simd, subgroups, float16, got the option "f16"/],
    ["wasm", { float16: true }, /options as an object of threads, simd, got the option "float16"/],
  ])("refuses %s with %o, before it looks for one", async (name, options, message) => {
    const refusal = await openDevice(name, options).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DataError);
    expect(String(refusal)).toMatch(message);
  });

  it.each<[DeviceName, DeviceOptions, RegExp]>([
    ["wasm", { threads: 0 }, /expected threads to be a whole number ≥ 1, got 0/],
    ["native", { threads: 1.5 }, /expected threads to be a whole number ≥ 1, got 1\.5/],
    ["wasm", { simd: "avx2" }, /openDevice\("wasm"\): expected simd .*"relaxed", "simd128", got/],
    ["native", { simd: "relaxed" }, /openDevice\("native"\): expected simd .*"avx512", "avx2"/],
    ["native", { simd: "mmx" as "sse2" }, /expected simd to be one of .*, got "mmx"/],
  ])("refuses %s with %o", async (name, options, message) => {
    const refusal = await openDevice(name, options).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DeviceError);
    expect(String(refusal)).toMatch(message);
  });

  it.each(native)("opens $name, or says that this processor has other levels", async (level) => {
    const simd = level.name.slice("native ".length) as "avx2";
    const opened = openDevice("native", { simd, threads: 3 });
    if (level.device === null) await expect(opened).rejects.toThrow(level.skip);
    else
      expect((await opened).description).toMatch(/^native, (?:AVX-512|AVX2|SSE2|NEON), 3 threads$/);
  });

  it("caps a number of threads that no machine has", async () => {
    const { description } = await openDevice("wasm", { threads: 1e9 });
    expect(description).toMatch(/, 64 threads$/);
  });
});
