import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeviceError } from "../../../src/core/errors.ts";
import { Random } from "../../../src/core/random.ts";
import type { Storage, StorageDtype } from "../../../src/core/storage.ts";
import { normal } from "../../../src/devices/create.ts";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import { openWasmDevice } from "../../../src/devices/wasm/wasm-device.ts";
import { AdditiveAttention } from "../../../src/layers/attend/additive-attention.ts";
import { attention } from "../../../src/layers/attend/attention.ts";
import type { AttentionGradients } from "../../../src/layers/attend/backward.ts";
import { KeyValueCache } from "../../../src/layers/attend/key-value-cache.ts";
import type { AttentionOptions } from "../../../src/layers/attend/options.ts";
import {
  type AttentionCase,
  argumentsOf,
  attentionCases,
  numbersOf,
} from "../../support/attention-cases.ts";
import { gradientsByName } from "../../support/attention-gradients.ts";

/** The reference device, counting what was not given back, and failing when it is told to. */
class CountingDevice extends ReferenceDevice {
  readonly #held = new Map<Storage, number>();
  #left = Number.POSITIVE_INFINITY;

  /** Allocations that were not released. */
  get live(): number {
    return this.#held.size;
  }

  /** The lengths of the allocations that were not released. */
  get lengths(): number[] {
    return [...this.#held.values()];
  }

  /** Allocations fail after so many. */
  failAfter(count: number): void {
    this.#left = count;
  }

  override allocate(dtype: StorageDtype, length: number): Storage {
    if (this.#left-- <= 0) {
      const [where, expected, received] = ["CountingDevice", "room", "none"];
      throw new DeviceError({ where, expected, received });
    }
    const storage = super.allocate(dtype, length);
    this.#held.set(storage, length);
    storage.release = () => this.#held.delete(storage);
    return storage;
  }
}

const device = new CountingDevice();
const on = { device, dtype: "float64" } as const;
const wanted = fc.record({
  weights: fc.boolean(),
  scores: fc.constantFrom(undefined, "raw" as const, "masked" as const),
  logSumExp: fc.boolean(),
});
const RUNS = { numRuns: 100, seed: 20_261_124 };

function call(each: AttentionCase, returned: NonNullable<AttentionOptions["return"]>) {
  const { tensors, options } = argumentsOf(each, numbersOf(each), device, "float64");
  const { query, keys, values } = tensors;
  return () => attention(query!, keys!, values!, { ...options, return: returned });
}

function disposeAll(gradients: AttentionGradients): void {
  for (const held of Object.values(gradientsByName(gradients))) held.dispose();
}

describe("a call gives back all that it took", () => {
  it("when its result and its gradients are disposed", () => {
    fc.assert(
      fc.property(attentionCases, wanted, (each, returned) => {
        const run = call(each, returned);
        const before = device.live;
        const result = run();
        disposeAll(result.backward(result.context));
        disposeAll(result.backward(result.context));
        result.dispose();
        expect(device.live).toBe(before);
      }),
      RUNS,
    );
  });

  it("but for what it handed out, when it forgets", () => {
    fc.assert(
      fc.property(attentionCases, wanted, (each, returned) => {
        const run = call(each, returned);
        const before = device.live;
        const result = run();
        result.forget();
        const { context, weights, scores, logSumExp, present } = result;
        const held = [context, weights, scores, logSumExp, present?.keys, present?.values];
        expect(device.live - before).toBe(held.filter((x) => x !== undefined).length);
        result.dispose();
      }),
      RUNS,
    );
  });

  it("when memory ends anywhere in it", () => {
    fc.assert(
      fc.property(attentionCases, wanted, fc.nat(20), (each, returned, count) => {
        const run = call(each, returned);
        const before = device.live;
        device.failAfter(count);
        try {
          const result = run();
          try {
            disposeAll(result.backward(result.context));
          } finally {
            result.dispose();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DeviceError);
        } finally {
          device.failAfter(Number.POSITIVE_INFINITY);
        }
        expect(device.live).toBe(before);
      }),
      RUNS,
    );
  });
});

it("memory in use on wasm stands still, whatever the options", () => {
  const wasm = openWasmDevice({ simd: "simd128", threads: 1 });
  const cases = fc.sample(attentionCases, { numRuns: 40, seed: 20_261_124 });
  const runs = cases.map((each) => {
    const { tensors, options } = argumentsOf(each, numbersOf(each), wasm, "float32");
    const { query, keys, values } = tensors;
    return () => attention(query!, keys!, values!, options);
  });
  const use: { live: number; reserved: number }[] = [];
  for (let round = 0; round < 20; round++) {
    for (const run of runs) {
      const result = run();
      disposeAll(result.backward(result.context));
      result.dispose();
    }
    use.push(wasm.memoryUse());
  }
  expect(new Set(use.slice(1).map(({ live }) => live)).size).toBe(1);
  expect(use.at(-1)!.reserved).toBe(use[1]!.reserved);
});

describe("without weights asked for", () => {
  it("no array of (Tq, Tk) comes to be, in either pass", () => {
    const [query, keys] = [1, 2].map((seed) => normal([1, 50, 2], new Random(seed), on));
    const all = device.lengths.length;
    const result = attention(query!, keys!, keys!, {
      causal: true,
      dropout: { rate: 0.1, seed: 1 },
    });
    const gradients = result.backward(result.context);
    expect(Math.max(...device.lengths.slice(all))).toBeLessThan(50 * 50);
    disposeAll(gradients);
    result.dispose();
  });
});

describe("a steady loop", () => {
  const x = normal([2, 3, 4], new Random(3), on);

  it("over a layer allocates nothing that stays", () => {
    const layer = new AdditiveAttention(4, 4, 3, { ...on, bias: true, causal: true });
    const live: number[] = [];
    for (let step = 0; step < 5; step++) {
      const context = layer.forward(x, x);
      for (const d of layer.backward(context)) d.dispose();
      context.dispose();
      live.push(device.live);
    }
    expect(new Set(live).size).toBe(1);
  });

  it("over a cache that has room allocates nothing that stays, and nothing is left of it", () => {
    const before = device.live;
    const cache = new KeyValueCache({ batch: 2, heads: 2, size: 2, ...on });
    const live: number[] = [];
    for (let step = 0; step < 20; step++) {
      attention(x, x, x, { heads: 2, cache, causal: true }).dispose();
      live.push(device.live - before);
    }
    expect(new Set(live)).toEqual(new Set([2]));
    cache.dispose();
    expect(device.live).toBe(before);
  });

  it("a cache that cannot grow stays as it was", () => {
    const cache = new KeyValueCache({ batch: 2, heads: 1, size: 4, ...on });
    attention(x, x, x, { cache }).dispose();
    const before = device.live;
    for (let count = 0; count < 6; count++) {
      const wide = normal([2, 40, 4], new Random(4), on);
      device.failAfter(count);
      try {
        attention(x, wide, wide, { cache }).dispose();
      } catch (error) {
        expect(error).toBeInstanceOf(DeviceError);
        expect(cache.length).toBe(3);
      } finally {
        device.failAfter(Number.POSITIVE_INFINITY);
        wide.dispose();
      }
      cache.truncate(3);
      expect(device.live).toBe(before);
    }
  });
});
