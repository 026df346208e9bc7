import { describe, expect, it } from "vitest";
import { DeviceError } from "../../src/core/errors.ts";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { devicesUnderTest } from "../support/devices.ts";

describe("openWasmDevice", () => {
  it("opens the simd128 build on every engine", () => {
    const device = openWasmDevice({ simd: "simd128", threads: 1 });
    expect(device.simd).toBe("simd128");
    expect(device.description).toBe("WebAssembly, SIMD, 1 thread");
  });

  // Importing the devices under test has switched relaxed SIMD on where Node has it behind a flag.
  it("opens the relaxed build wherever it validates, without being told", () => {
    expect(devicesUnderTest.find(({ name }) => name === "wasm relaxed")?.skip).toBeNull();
    expect(openWasmDevice({ threads: 2 }).description).toBe("WebAssembly, relaxed SIMD, 2 threads");
  });

  it("takes shared memory where there is some", async () => {
    const storage = openWasmDevice({ simd: "simd128" }).allocate("float32", 3);
    expect(storage.view().buffer).toBeInstanceOf(SharedArrayBuffer);
    expect((await storage.read()).buffer).toBeInstanceOf(ArrayBuffer);
  });

  it.each(["simd128", "relaxed"] as const)("runs the %s build on unshared memory", (simd) => {
    const device = openWasmDevice({ simd, shared: false });
    const [x, y] = [device.allocate("float32", 5), device.allocate("float32", 5)];
    expect(x.view().buffer).toBeInstanceOf(ArrayBuffer);
    x.write([1, 2, 3, 4, 5]);
    device.kernels.scale(x, 2, y, 5);
    expect([...y.view()]).toEqual([2, 4, 6, 8, 10]);
  });

  it("refuses with a DeviceError where the engine lacks SIMD", () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    try {
      expect(() => openWasmDevice()).toThrow(DeviceError);
      expect(() => openWasmDevice({ simd: "relaxed" })).toThrow(/simd128/);
    } finally {
      WebAssembly.validate = validate;
    }
  });
});
