/** What the general attention does not depend on, and what it is the same as, on every device. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attendBackwardCase, attendForwardCase } from "../../src/kernels/attend/case-builders.ts";
import {
  type AttendOptions,
  type AttendSetting,
  settingOf,
} from "../../src/kernels/attend/case-options.ts";
import { randomOptions } from "../../src/kernels/attend/case-random.ts";
import { BLOCKS } from "../../src/kernels/attend/case-rules.ts";
import { input, inputInts, type KernelCase } from "../../src/kernels/case.ts";
import type { Device } from "../../src/kernels/device.ts";
import { complaints } from "../support/compare.ts";
import { openDevices } from "../support/devices.ts";
import { type Answer, runOn } from "../support/run-case.ts";

const RUNS = { numRuns: 30, seed: 20_261_125 };
const seeds = fc.nat(2 ** 31 - 1);

type Builder = (options: AttendOptions) => KernelCase;
const BUILDERS: Builder[] = [attendForwardCase, attendBackwardCase];

/** A random setting without scores that no other way of computing comes close to. */
function ordinary(seed: number): AttendOptions {
  return { ...randomOptions(seed), scores: "none" };
}

/** The same case with other inputs. */
function withInputs(
  kernelCase: KernelCase,
  change: (x: Float32Array, name: string) => Float32Array,
): KernelCase {
  const floats = Object.entries(kernelCase.floats).map(([name, array]) => [
    name,
    array.role === "input" ? input(change(array.data, name)) : array,
  ]);
  return { ...kernelCase, floats: Object.fromEntries(floats) as KernelCase["floats"] };
}

/** Of one array, what stands for another in an expected answer. */
type Rearrange = (x: Float64Array, name: string) => Float64Array;

/** Complains where a case's answer is not what another's is, rearranged, within the case's bound. */
async function expectSame(
  device: Device,
  kernelCase: KernelCase,
  other: KernelCase,
  rearrange: Rearrange = (x) => x,
): Promise<void> {
  const reason = "two ways to compute the same";
  const lenient: KernelCase = {
    ...kernelCase,
    tolerance: { ...kernelCase.tolerance, times: 2, againstTerms: true, reason },
  };
  const found = await runOn(device, "float32", other);
  const floats = Object.entries(found.floats).map(([name, x]) => [
    name,
    rearrange(Float64Array.from(x), name),
  ]);
  const expected = { ...found, ints: {}, floats: Object.fromEntries(floats) as Answer["floats"] };
  const answer = await runOn(device, "float32", lenient);
  expect(complaints(lenient, "float32", answer, expected)).toEqual([]);
}

/** 1 where the window of a setting lets query q meet key t of sequence n, in the order of (N, H, Tq, Tk). */
function bandOf(s: AttendSetting, counts: Int32Array): Int32Array {
  const { batch, heads, queries, steps, left, right } = s;
  const band = new Int32Array(batch * heads * queries * steps);
  for (let i = 0; i < band.length; i++) {
    const [t, q] = [i % steps, Math.floor(i / steps) % queries];
    const n = Math.floor(i / steps / queries / heads);
    const length = s.lengths === "null" ? steps : counts[n]!;
    const place = q + s.shift + (s.toEnd ? length : 0);
    const inside = (left < 0 || t >= place - left) && (right < 0 || t <= place + right);
    band[i] = inside ? 1 : 0;
  }
  return band;
}

/** (N, T, heads, size) from (N, heads, T, size). */
function sideBySide<T extends Float32Array | Float64Array>(
  x: T,
  heads: number,
  size: number,
  steps: number,
): T {
  const y = x.slice() as T;
  for (let i = 0; i < x.length; i++) {
    const [d, t] = [i % size, Math.floor(i / size) % steps];
    const h = Math.floor(i / size / steps) % heads;
    const n = Math.floor(i / size / steps / heads);
    y[((n * steps + t) * heads + h) * size + d] = x[i]!;
  }
  return y;
}

/** Every head of the keys, as often as heads of queries meet it. */
function repeatHeads(x: Float32Array, s: AttendSetting, size: number): Float32Array {
  const length = (s.steps + s.spare) * size;
  const times = s.heads / s.keyHeads;
  return Float32Array.from({ length: x.length * times }, (_, i) => {
    return x[Math.floor(i / length / times) * length + (i % length)]!;
  });
}

/** The sum over the heads of queries that met a head of the keys. */
function sumHeads(x: Float64Array, s: AttendSetting, size: number): Float64Array {
  const length = (s.steps + s.spare) * size;
  const times = s.heads / s.keyHeads;
  const y = new Float64Array(x.length / times);
  for (let i = 0; i < x.length; i++) {
    const at = Math.floor(i / length / times) * length + (i % length);
    y[at] = y[at]! + x[i]!;
  }
  return y;
}

for (const { name, dtype, device } of openDevices("", "in full runs")) {
  if (dtype !== "float32") continue;
  // A GPU that is played by a processor is slow.
  const onGpu = device.name === "webgpu";
  describe(name, () => {
    const always = (claim: string, check: (seed: number, device: Device) => Promise<void>) =>
      it(claim, async () => {
        await fc.assert(
          fc.asyncProperty(seeds, (seed) => check(seed, device)),
          onGpu ? { ...RUNS, numRuns: 3 } : RUNS,
        );
      });

    always("what must not be met never matters", async (seed, on) => {
      for (const build of BUILDERS) {
        const kernelCase = build(ordinary(seed));
        // All that is NaN or ∞ is so because nothing may meet it; −∞ in a bias says what may not.
        const harmless = withInputs(kernelCase, (x, array) =>
          x.map((value) => {
            const says = array === "bias" && value === Number.NEGATIVE_INFINITY;
            return Number.isFinite(value) || says ? value : -3;
          }),
        );
        await expectSame(on, kernelCase, harmless);
      }
    });

    always("a window is a mask of its band", async (seed, on) => {
      const shift = (seed % 7) - 3;
      const { maskAxes: _, ...rest } = ordinary(seed);
      const options = { ...rest, shift, right: seed % 3, left: (seed % 5) - 1 };
      for (const build of BUILDERS) {
        const kernelCase = build(options);
        const masked = build({ ...options, left: -1, right: -1, maskAxes: 15, mask: "everything" });
        const mask = inputInts(bandOf(settingOf(options), kernelCase.ints["lengths"]!.data));
        const { floats } = kernelCase;
        await expectSame(on, kernelCase, { ...masked, floats, ints: { ...masked.ints, mask } });
      }
    });

    always("causal is a lower-triangular mask", async (seed, on) => {
      const { maskAxes: _, ...rest } = ordinary(seed);
      const options = { ...rest, shift: 0, toEnd: false, right: 0, left: -1 };
      const { queries, steps } = settingOf(options);
      for (const build of BUILDERS) {
        const kernelCase = build(options);
        const masked = build({ ...options, right: -1, maskAxes: 12, mask: "everything" });
        const triangle = Array.from({ length: queries * steps }, (__, i) =>
          i % steps <= Math.floor(i / steps) ? 1 : 0,
        );
        const { floats } = kernelCase;
        const ints = { ...masked.ints, mask: inputInts(triangle) };
        await expectSame(on, kernelCase, { ...masked, floats, ints });
      }
    });

    always("shared heads of keys are repeated ones, and their gradients sums", async (seed, on) => {
      const options: AttendOptions = { ...ordinary(seed), sideBySide: false, shared: "none" };
      const s = settingOf(options);
      const sizes: Record<string, number> = {
        keys: s.size,
        values: s.valueSize,
        dKeys: s.size,
        dValues: s.valueSize,
        dVectors: s.size,
      };
      for (const build of BUILDERS) {
        const kernelCase = build(options);
        const one = build({ ...options, keyHeads: s.heads });
        const repeated = withInputs(kernelCase, (x, array) =>
          array in sizes ? repeatHeads(x, s, sizes[array]!) : x,
        );
        const floats = Object.fromEntries(
          Object.entries(repeated.floats).map(([array, x]) =>
            x.role === "input" ? [array, x] : [array, one.floats[array]!],
          ),
        );
        const other = { ...one, floats, ints: kernelCase.ints };
        await expectSame(on, kernelCase, other, (x, array) =>
          array in sizes && x.length > 0 ? sumHeads(x, s, sizes[array]!) : x,
        );
      }
    });

    always("heads side by side are heads one after the other", async (seed, on) => {
      const options: AttendOptions = { ...ordinary(seed), sideBySide: false };
      const s = settingOf(options);
      const capacity = s.steps + s.spare;
      const layouts: Record<string, readonly [heads: number, size: number, steps: number]> = {
        query: [s.heads, s.size, s.queries],
        dQuery: [s.heads, s.size, s.queries],
        context: [s.heads, s.valueSize, s.queries],
        dContext: [s.heads, s.valueSize, s.queries],
        keys: [s.keyHeads, s.size, capacity],
        dKeys: [s.keyHeads, s.size, capacity],
        dVectors: [s.keyHeads, s.size, capacity],
        values: [s.keyHeads, s.valueSize, capacity],
        dValues: [s.keyHeads, s.valueSize, capacity],
      };
      for (const build of BUILDERS) {
        const kernelCase = build(options);
        const turned = withInputs(kernelCase, (x, array) =>
          array in layouts ? sideBySide(x, ...layouts[array]!) : x,
        );
        const other = {
          ...build({ ...options, sideBySide: true }),
          floats: turned.floats,
          ints: kernelCase.ints,
        };
        await expectSame(on, other, kernelCase, (x, array) =>
          array in layouts ? sideBySide(x, ...layouts[array]!) : x,
        );
      }
    });

    always("the context is the same whether weights are kept or not", async (seed, on) => {
      const options = { ...ordinary(seed), normalizer: "softmax", dWeights: false } as const;
      for (const build of BUILDERS) {
        const kept = build({ ...options, keep: true });
        const plain = build({ ...options, keep: false });
        const unkept = {
          ...plain,
          floats: { ...plain.floats, weights: input(new Float32Array(0)) },
        };
        await expectSame(on, unkept, kept, (x, array) =>
          array === "weights" ? x.subarray(0, 0) : x,
        );
      }
    });

    const times = onGpu ? 10 : 250;
    it(`gives the same bits ${times} times`, async () => {
      if (device.name === "reference") return;
      const rules: AttendOptions[] = [
        { right: 0, heads: 2, keyHeads: 1 },
        { biasAxes: 12, bias: "some −∞", maskAxes: 3, dropout: 0.3, keep: true },
        { score: "additive, v", lengths: "mixed", softcap: 2, queries: 17 },
        { normalizer: "entmax15", dWeights: true, left: 30 },
      ];
      for (const rule of rules) {
        for (const build of BUILDERS) {
          const kernelCase = build({ ...BLOCKS, ...rule });
          const bits = async () => {
            const { floats } = await runOn(device, "float32", kernelCase);
            return Object.values(floats).map(
              (x) => new Uint32Array(x.buffer, x.byteOffset, x.byteLength / 4),
            );
          };
          const first = await bits();
          for (let i = 1; i < times; i++) {
            const again = await bits();
            if (first.every((x, k) => x.every((word, at) => word === again[k]![at]))) continue;
            throw new Error(`${kernelCase.name}: other bits at call ${i}`);
          }
        }
      }
    }, 60_000);
  });
}
