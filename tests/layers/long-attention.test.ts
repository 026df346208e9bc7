/** TimeAttention that does not keep its weights: the same results, in memory that grows as the sequences do. */
import { describe, expect, test } from "vitest";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import {
  type Device,
  indices,
  normal,
  Random,
  StateError,
  type Tensor,
  TimeAttention,
  zeros,
} from "../../src/index.ts";
import { distance } from "../support/compare.ts";
import { openDevices } from "../support/devices.ts";

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };

  function inputs(): [hsEnc: Tensor, hsDec: Tensor, dout: Tensor] {
    const random = new Random(7);
    const deviation = 17 ** -0.25; // logits of deviation 1
    const make = (T: number) => normal([3, T, 17], random, { ...where, deviation });
    return [make(70), make(9), make(9)];
  }

  function results(layer: TimeAttention, given: readonly Tensor[], lengths: number[] | null) {
    const [hsEnc, hsDec, dout] = given as [Tensor, Tensor, Tensor];
    const real = lengths === null ? undefined : indices(lengths, [3], where);
    const out = layer.forward(hsEnc, hsDec, real);
    return { out, weights: layer.attentionWeights, gradients: layer.backward(dout) };
  }

  test.each([[null], [[70, 0, 33]]])("lengths %j: the same as with kept weights", (lengths) => {
    const given = inputs();
    const [kept, anew] = [true, false].map((keepWeights) => {
      const { out, weights, gradients } = results(
        new TimeAttention({ keepWeights }),
        given,
        lengths,
      );
      return [out, weights, ...gradients];
    });
    // Each within the bound of ARCHITECTURE.md: 1e-6 for what is forward, 2e-6 for gradients.
    const bounds = dtype === "float64" ? [1e-13, 1e-13, 1e-13, 1e-13] : [2e-6, 2e-6, 4e-6, 4e-6];
    for (const [i, bound] of bounds.entries()) {
      const { error, norm } = distance(kept![i]!.data, anew![i]!.data);
      expect(anew![i]!.shape).toEqual(kept![i]!.shape);
      expect(error).toBeLessThanOrEqual(bound * norm);
    }
  });

  test("weights are computed once, and again after they were disposed", () => {
    const layer = new TimeAttention({ keepWeights: false });
    const { weights } = results(layer, inputs(), null);
    expect(layer.attentionWeights).toBe(weights);
    const before = [...weights.data];
    weights.dispose();
    expect([...layer.attentionWeights.data]).toEqual(before);
    const [hsEnc, hsDec] = inputs();
    layer.forward(hsEnc, hsDec);
    hsDec.dispose();
    expect(() => layer.attentionWeights).toThrow(StateError);
    expect(() => layer.attentionWeights).toThrow(
      /^TimeAttention\.attentionWeights: expected hsDec to be held/,
    );
  });

  test.each([true, false])("keepWeights %j: out may be disposed before backward", (keepWeights) => {
    const layer = new TimeAttention({ keepWeights });
    const [hsEnc, hsDec, dout] = inputs();
    const out = layer.forward(hsEnc, hsDec);
    const before = layer.backward(dout).map(({ data }) => [...data]);
    out.dispose();
    const after = layer.backward(dout).map(({ data }) => [...data]);
    expect(after).toEqual(before);
  });
});

describe("memory", () => {
  /** Bytes in use after one forward and backward pass, inputs and results included, and the memory's size. */
  function bytesOf(
    layer: TimeAttention,
    [Td, Te]: readonly [number, number],
  ): { live: number; reserved: number } {
    const device = openWasmDevice({ simd: "simd128", threads: 1 });
    const make = (T: number) => normal([1, T, 1], new Random(1), { device: device as Device });
    const [hsEnc, hsDec] = [make(Te), make(Td)];
    const out = layer.forward(hsEnc, hsDec);
    const gradients = layer.backward(out);
    const use = device.memoryUse();
    // Read here, so that nothing is collected before.
    expect([hsEnc, hsDec, out, ...gradients].map(({ size }) => size)).toEqual([Te, Td, Td, Te, Td]);
    return use;
  }

  test("without weights, it grows as the sequences do: four times at four times the steps", () => {
    const layer = () => new TimeAttention({ keepWeights: false });
    const short = bytesOf(layer(), [1024, 1024]);
    const long = bytesOf(layer(), [4096, 4096]);
    // hsEnc, hsDec, out, two statistics, two gradients: 7 arrays of T float32.
    expect(short.live).toBeLessThan(8 * 4 * 1024);
    expect(long.live).toBeLessThanOrEqual(4 * short.live);
    // Nor was anything there meanwhile: 4096 · 4096 weights would have made it grow to 64 MiB.
    expect(long.reserved).toBeLessThan(8 * 2 ** 20);
  });

  test("weights are kept up to 16 million of them, unless told otherwise", () => {
    const weights = 4 * 16e6;
    const always = new TimeAttention({ keepWeights: true });
    expect(bytesOf(new TimeAttention(), [4000, 4000]).live).toBeGreaterThan(weights);
    expect(bytesOf(new TimeAttention(), [4001, 4000]).live).toBeLessThan(weights / 100);
    expect(bytesOf(always, [4001, 4000]).live).toBeGreaterThan(weights);
  });

  test("a loop that disposes what it is given takes no more from pass to pass", () => {
    const device = openWasmDevice({ simd: "simd128", threads: 1 });
    const layer = new TimeAttention({ keepWeights: false });
    const hs = zeros([2, 33, 5], { device });
    const use: number[] = [];
    for (let pass = 0; pass < 20; pass++) {
      const out = layer.forward(hs, hs);
      for (const each of [...layer.backward(out), out]) each.dispose();
      use.push(device.memoryUse().live);
    }
    expect(new Set(use).size).toBe(1);
  });
});
