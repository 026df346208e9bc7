import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWebGpuDevice, type WebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import { DeviceError, indices, type Tensor, tensor, zeros } from "../../src/index.ts";
import { NO_GPU } from "../support/devices.ts";
import { openTestGpu } from "../support/webgpu.ts";

const MIB = 2 ** 20;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** y = a + b */
function add(device: WebGpuDevice, a: Tensor, b: Tensor, y: Tensor): void {
  device.kernels.add(a.storage, b.storage, y.storage, y.size);
}

describe.skipIf(NO_GPU !== null)(`WebGPU${NO_GPU === null ? "" : ` (skipped: ${NO_GPU})`}`, () => {
  let device: WebGpuDevice;
  beforeAll(async () => {
    device = await openTestGpu();
  });
  afterAll(() => device.gpu.destroy());

  it("says what it is", () => {
    expect(device.name).toBe("webgpu");
    expect(device.description).toMatch(/^WebGPU, \S/);
    expect(device.details.join("\n")).toMatch(/driver:[\s\S]*memory:[\s\S]*features:/);
  });

  describe("numbers", () => {
    it("are there by read() alone, and data says so", async () => {
      const x = tensor(
        [
          [1, 2],
          [3, 4],
        ],
        undefined,
        { device },
      );
      expect(await x.read()).toEqual(Float32Array.of(1, 2, 3, 4));
      expect(() => x.data).toThrow("expected await read(), which alone reaches numbers on a GPU");
      expect(() => x.toArray()).toThrow(DeviceError);
    });

    it("keep every bit on the way in and out, subnormal ones and NaN included", async () => {
      const numbers = [
        0,
        -0,
        1e-45,
        -1e-40,
        3.4e38,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        Number.NaN,
      ];
      const x = tensor(numbers, [8], { device });
      const y = zeros([8], { device });
      device.kernels.copy(x.storage, y.storage, 8);
      expect(await y.read()).toEqual(Float32Array.from(numbers));
    });

    it("that are whole can be seen where the host wrote them, and not where a kernel did", async () => {
      const ids = indices([3, 1, 2], [3], { device });
      expect(ids.data).toEqual(Int32Array.of(3, 1, 2));
      expect(await ids.read()).toEqual(Int32Array.of(3, 1, 2));
      device.kernels.argmax(tensor([1, 5, 2], [1, 3], { device }).storage, ids.storage, 1, 3);
      expect(() => ids.data).toThrow(DeviceError);
      expect(await ids.read()).toEqual(Int32Array.of(1, 1, 2));
    });

    it("of a view are those of what it is a view of", async () => {
      const whole = tensor([1, 2, 3, 4, 5], [5], { device });
      const part = whole.view(1, [3]);
      part.storage.write([7, 8, 9]);
      add(device, part, part, part);
      expect(await whole.read()).toEqual(Float32Array.of(1, 14, 16, 18, 5));
      whole.dispose();
      // The view holds the memory alone now.
      for (let i = 0; i < 20; i++) zeros([5], { device }).dispose();
      expect(await part.read()).toEqual(Float32Array.of(14, 16, 18));
    });

    it("come in the order of calls: what is written later is not seen by what was recorded before", async () => {
      const x = tensor([1], [1], { device });
      const sums: Tensor[] = [];
      for (let i = 0; i < 5; i++) {
        x.storage.write([i]);
        const sum = zeros([1], { device });
        add(device, x, x, sum);
        sums.push(sum);
      }
      const read = await Promise.all(sums.map((sum) => sum.read()));
      expect(read.map(([number]) => number)).toEqual([0, 2, 4, 6, 8]);
    });
  });

  describe("commands", () => {
    it("are submitted many at a time, and none before there is a reason", async () => {
      const x = tensor([1], [1], { device });
      await x.read();
      const before = device.counts;
      for (let i = 0; i < 1000; i++) add(device, x, x, x);
      const recorded = device.counts;
      expect(recorded.dispatches - before.dispatches).toBe(1000);
      expect(recorded.submissions - before.submissions).toBeLessThanOrEqual(4);
      await x.read();
      expect(device.counts.submissions - recorded.submissions).toBe(1);
    });

    it("are compiled once, ahead of use where there is time", async () => {
      const warm = await openTestGpu({ warm: true });
      await warm.warmed;
      const { pipelines } = warm.counts;
      const x = zeros([3], { device: warm });
      add(warm, x, x, x);
      expect(await x.read()).toEqual(Float32Array.of(0, 0, 0));
      expect(warm.counts.pipelines).toBe(pipelines);
      warm.gpu.destroy();
    });
  });

  describe("memory", () => {
    it("stays flat over 10,000 steps that dispose what they made", async () => {
      const x = tensor([1, 2, 3], [3], { device });
      const step = (): void => {
        const [a, b] = [zeros([1000], { device }), zeros([333], { device })];
        add(device, x, x, x);
        a.dispose();
        b.dispose();
      };
      step();
      const { live, reserved } = device.memoryUse();
      for (let i = 0; i < 10_000; i++) {
        step();
        if (i % 1000 === 0) await x.read();
      }
      expect(device.memoryUse()).toMatchObject({ live, reserved });
    });

    it("of tensors that were forgotten comes back, if the program waits now and then", async () => {
      for (let i = 0; i < 1000; i++) {
        device.allocate("float32", MIB / 4);
        if (i % 10 === 0) await turn();
      }
      // A gigabyte was made.
      expect(device.memoryUse().live).toBeLessThan(600 * MIB);
    });

    it("keeps its numbers when it grows", async () => {
      const grown = await openTestGpu();
      const x = tensor([1, 2, 3], [3], { device: grown });
      const { reserved } = grown.memoryUse();
      const large = zeros([reserved / 4], { device: grown });
      add(grown, x, x, x);
      expect(grown.memoryUse().reserved).toBeGreaterThan(reserved);
      expect(await x.read()).toEqual(Float32Array.of(2, 4, 6));
      expect((await large.read()).every((number) => number === 0)).toBe(true);
      grown.gpu.destroy();
    });

    it("that is too much is refused before anything is lost", async () => {
      const x = tensor([1, 2], [2], { device });
      const { limit } = device.memoryUse();
      expect(() => zeros([limit / 4 + 1], { device })).toThrow(
        /webgpu device: expected .* MiB of free memory/,
      );
      expect(await x.read()).toEqual(Float32Array.of(1, 2));
    });
  });

  describe("a GPU", () => {
    it("that is lost says so, and what to do, at every later call", async () => {
      const doomed = await openTestGpu();
      const x = tensor([1], [1], { device: doomed });
      doomed.gpu.destroy();
      await doomed.gpu.lost;
      await turn();
      await expect(x.read()).rejects.toThrow(
        /a GPU that stays there, got one that was lost .*--resume/,
      );
      expect(() => zeros([1], { device: doomed })).toThrow(DeviceError);
      expect(() => x.storage.write([2])).toThrow(DeviceError);
    });

    it("that refuses a command makes the next call fail, not none", async () => {
      const refusing = await openTestGpu();
      refusing.gpu.createBuffer({ size: 4, usage: 0x0001 | 0x0002 });
      await refusing.gpu.queue.onSubmittedWorkDone();
      await turn();
      expect(() => zeros([1], { device: refusing })).toThrow(/commands that WebGPU accepts/);
      refusing.gpu.destroy();
    });
  });
});

describe("without a GPU", () => {
  const adapterOf = (adapter: unknown): GPU =>
    ({ requestAdapter: async () => adapter }) as unknown as GPU;

  it("opening says that there is no adapter, and what it needs", async () => {
    const opening = openWebGpuDevice({ gpu: adapterOf(null) });
    await expect(opening).rejects.toThrow(
      'openDevice("webgpu"): expected WebGPU, got no adapter; it needs a GPU',
    );
  });

  it("opening says which limit an adapter is too small in", async () => {
    const limits = {
      maxComputeInvocationsPerWorkgroup: 128,
      maxComputeWorkgroupStorageSize: 16384,
    };
    const opening = openWebGpuDevice({ gpu: adapterOf({ limits, features: new Set() }) });
    await expect(opening).rejects.toThrow(
      /maxComputeInvocationsPerWorkgroup of at least 256, got one with 128/,
    );
  });

  it("opening says when an adapter gives no device", async () => {
    const limits = {
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupStorageSize: 16384,
    };
    const requestDevice = async (): Promise<never> => {
      throw new Error("it sleeps");
    };
    const gpu = adapterOf({ limits, features: new Set(), info: {}, requestDevice });
    await expect(openWebGpuDevice({ gpu })).rejects.toThrow(
      /expected a device, got an adapter that gives none \(it sleeps\)/,
    );
  });
});
