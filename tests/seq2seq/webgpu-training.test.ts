import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DATE_MODEL, DATE_TRAINING } from "../../src/cli/demo/date-model.ts";
import { generateDatePairs } from "../../src/cli/demo/date-pairs.ts";
import type { WebGpuDevice } from "../../src/devices/webgpu/webgpu-device.ts";
import {
  AttentionSeq2seq,
  currentDevice,
  type Device,
  defaultConfig,
  openDevice,
  Random,
  type StepReport,
  Trainer,
  useDevice,
} from "../../src/index.ts";
import { NO_GPU } from "../support/devices.ts";
import { openTestGpu } from "../support/webgpu.ts";

const STEPS = 200;
// As `heed demo`, but for the sizes and the longest dates: a GPU that is played by a processor is slow.
const pairs = generateDatePairs(1500, new Random(7)).filter(({ source }) => source.length < 11);
const config = defaultConfig(pairs, {
  ...DATE_MODEL,
  hiddenSize: 16,
  embeddingSize: 8,
  bidirectional: false,
});
const options = { ...DATE_TRAINING, batchSize: 8, epochs: 10, seed: 3 };

interface Trained {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly bytes: Uint8Array;
}

/** What 200 steps come to; each is read on its own, or many at a time. */
async function train(device: Device, waiting: boolean): Promise<Trained> {
  const model = AttentionSeq2seq.fromPairs(pairs, config, { device, seed: 1 });
  const trainer = new Trainer(model, pairs, options);
  const reports: StepReport[] = [];
  while (trainer.steps < STEPS) {
    if (waiting) reports.push(await trainer.step());
    else reports.push(...(await trainer.advance()).reports);
  }
  reports.push(...(await trainer.reports()));
  const bytes = await model.toBytes();
  model.dispose();
  return {
    losses: reports.map(({ loss }) => loss),
    norms: reports.map(({ gradientNorm }) => gradientNorm),
    bytes,
  };
}

describe.skipIf(NO_GPU !== null)(
  `training on WebGPU${NO_GPU === null ? "" : ` (skipped: ${NO_GPU})`}`,
  () => {
    let gpu: WebGpuDevice;
    let onGpu: Trained;
    let onWasm: Trained;
    const before = currentDevice();

    beforeAll(async () => {
      gpu = await openTestGpu();
      onWasm = await train(await openDevice("wasm", { threads: 1 }), true);
      onGpu = await train(gpu, false);
    }, 600_000);
    afterAll(() => {
      useDevice(before);
      gpu?.gpu.destroy();
    });

    it("has the losses of wasm, to 1e-3, over 200 steps of the dates", () => {
      expect(onGpu.losses).toHaveLength(STEPS);
      for (const [i, loss] of onGpu.losses.entries()) {
        expect(Math.abs(loss - onWasm.losses[i]!), `step ${i + 1}`).toBeLessThanOrEqual(1e-3);
      }
      // They learnt something, so that there was something to agree on.
      expect(onGpu.losses.at(-1)!).toBeLessThan(0.6 * onGpu.losses[0]!);
    });

    it("makes a model that answers on every device alike, and so does wasm", async () => {
      const texts = generateDatePairs(40, new Random(8)).map(({ source }) => source);
      for (const { bytes } of [onGpu, onWasm]) {
        const answers: (readonly string[])[] = [];
        for (const name of ["wasm", "native", "reference"] as const) {
          const device = await openDevice(name).catch(() => null);
          if (device !== null) answers.push(await answersOf(bytes, device, texts));
        }
        for (const each of [await answersOf(bytes, gpu, texts), ...answers]) {
          expect(each).toEqual(answers[0]);
        }
      }
    }, 300_000);

    it("submits a step in few batches, and holds the memory of the step before", async () => {
      const model = AttentionSeq2seq.fromPairs(pairs, config, { device: gpu, seed: 1 });
      const trainer = new Trainer(model, pairs, options);
      for (let i = 0; i < 3; i++) await trainer.advance();
      const [{ live, reserved }, { submissions, dispatches }] = [gpu.memoryUse(), gpu.counts];
      const steps = 12;
      for (let i = 0; i < steps; i++) await trainer.advance();
      const after = gpu.counts;
      expect((after.dispatches - dispatches) / steps).toBeGreaterThan(50);
      expect((after.submissions - submissions) / steps).toBeLessThanOrEqual(20);
      expect(gpu.memoryUse()).toMatchObject({ live, reserved });
      await trainer.reports();
      model.dispose();
    }, 300_000);
  },
);

async function answersOf(
  bytes: Uint8Array,
  device: Device,
  texts: readonly string[],
): Promise<readonly string[]> {
  useDevice(device);
  const model = AttentionSeq2seq.fromBytes(bytes);
  const answers = await model.transduceMany(texts);
  model.dispose();
  return answers.map(({ output }) => output);
}
