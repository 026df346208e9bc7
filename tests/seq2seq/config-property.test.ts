import fc from "fast-check";
import { expect, test } from "vitest";
import { openNativeDevice } from "../../src/devices/native/native-device.ts";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import {
  AttentionSeq2seq,
  type ConfigOverrides,
  DataError,
  DeviceError,
  defaultConfig,
  type ModelConfig,
  type Pair,
  Trainer,
} from "../../src/index.ts";
import type { Device } from "../../src/kernels/device.ts";
import { fittingOverrides as fitting, overrides } from "../support/model-configs.ts";

const PAIRS: readonly Pair[] = ["ab", "c", "abcab", "ba"].map((source, i) => {
  return { source, target: [...source].reverse().join(""), line: i + 1 };
});

/** The config, or null where its fields do not go together, which is said by a DataError. */
function configOf(given: ConfigOverrides): ModelConfig | null {
  try {
    return defaultConfig(PAIRS, given);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(/expected \w+ to be .+, got /);
    return null;
  }
}

function devices(): Device[] {
  const wasm = [1, 3].map((threads) => openWasmDevice({ threads, cutAll: threads > 1 }));
  try {
    return [...wasm, openNativeDevice({ threads: 1 })];
  } catch (error) {
    expect(error).toBeInstanceOf(DeviceError);
    return wasm;
  }
}

const [one, several, ...more] = devices() as [Device, Device, ...Device[]];

/** Two steps of training on a device, and all that came of it. */
async function trained(config: ModelConfig, device: Device) {
  const model = AttentionSeq2seq.fromPairs(PAIRS, config, { device, seed: 1 });
  const trainer = new Trainer(model, PAIRS, { epochs: 1, batchSize: 2, labelSmoothing: 0.1 });
  const losses: number[] = [];
  while (!trainer.done) losses.push((await trainer.step()).loss);
  const texts = ["ab", "", "cccccc", "b?a"];
  const answers = await model.transduceMany(texts, { attention: true });
  return { model, losses, answers };
}

test("a config is refused, or makes a model that learns and is the same when it is read again", async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(overrides, fitting), async (given) => {
      const config = configOf(given);
      if (config === null) return;
      made++;
      const { model, losses, answers } = await trained(config, one);
      expect(losses.every(Number.isFinite)).toBe(true);
      for (const { outputSymbols, attention } of answers) {
        expect(outputSymbols.length).toBeLessThanOrEqual(config.targetLimit);
        if (config.attention !== "none") expect(attention).toHaveLength(outputSymbols.length);
      }
      const bytes = await model.toBytes();
      const again = AttentionSeq2seq.fromBytes(bytes, { device: one });
      expect(again.config).toEqual(config);
      const asked = answers.map(({ source }) => source);
      expect(await again.transduceMany(asked, { attention: true })).toEqual(answers);
      expect(await again.toBytes()).toEqual(bytes);
      model.dispose();
      again.dispose();
    }),
    { seed: 7, numRuns: 120 },
  );
  // A test of nothing but refusals would be none.
  expect(made).toBeGreaterThan(30);
}, 240_000);

test("any number of threads trains a model of any config to the same bits", async () => {
  await fc.assert(
    fc.asyncProperty(fitting, async (given) => {
      const config = configOf(given);
      if (config === null) return;
      const runs = [await trained(config, one), await trained(config, several)];
      expect(runs[1]?.losses).toEqual(runs[0]?.losses);
      expect(await runs[1]?.model.toBytes()).toEqual(await runs[0]?.model.toBytes());
      for (const { model } of runs) model.dispose();
    }),
    { seed: 11, numRuns: 60 },
  );
}, 240_000);

test("a model of any config learns alike on every device", async () => {
  await fc.assert(
    fc.asyncProperty(fitting, async (given) => {
      const config = configOf(given);
      if (config === null) return;
      const expected = await trained(config, one);
      for (const device of more) {
        const { model, losses } = await trained(config, device);
        for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected.losses[i]!, 4);
        model.dispose();
      }
      expected.model.dispose();
    }),
    { seed: 13, numRuns: 40 },
  );
}, 240_000);
