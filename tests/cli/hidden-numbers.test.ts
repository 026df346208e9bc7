/** A run of training on a device whose numbers the host does not see, as on a GPU: the same, seldom waited for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { RunDescription } from "../../src/cli/run/description.ts";
import { RunDirectory } from "../../src/cli/run/run-directory.ts";
import { runTraining } from "../../src/cli/training-run.ts";
import { familyDevice } from "../../src/devices/family.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import type { Device, TrainOptions } from "../../src/index.ts";
import { tinyTraining } from "../seq2seq/tiny-training.ts";
import { HiddenDevice } from "../support/hidden-device.ts";

const reference = familyDevice({ device: new ReferenceDevice() });
const folder = mkdtempSync(join(tmpdir(), "heed-hidden-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let runs = 0;

/** What is left of a run that takes six steps an epoch; `stepDone` is called with every step that is shown. */
async function train(
  device: Device,
  options: TrainOptions = {},
  stepDone: (step: number, trainer: ReturnType<typeof tinyTraining>) => void = () => {},
) {
  const trainer = tinyTraining(device, 4, { batchSize: 1, ...options });
  const { model } = trainer;
  const path = join(folder, `run ${runs++}`);
  const description = {
    pairs: { path: "", crc32: 0, bytes: 0 },
    dev: null,
    out: "",
    flags: {},
    config: model.config,
    training: trainer.options,
    ended: null,
  } as unknown as RunDescription;
  const run = await RunDirectory.create(path, description, 1e6);
  const shown: number[] = [];
  const outcome = await runTraining({
    model,
    trainer,
    sample: [{ source: "abc", target: "cba", line: 1 }],
    progress: {
      step: ({ step }) => {
        shown.push(step);
        stepDone(step, trainer);
      },
      evaluated: () => {},
      end: () => {},
    },
    maxSeconds: null,
    goodEnough: Number.POSITIVE_INFINITY,
    keep: async () => {},
    run,
    best: null,
    secondsBefore: 0,
  });
  const lines = readFileSync(join(path, "log.jsonl"), "utf8").trim().split("\n");
  const log = lines.map((line) => {
    // What depends on the clock is not the same in any two runs.
    const { seconds, pairsPerSecond, memory, ...rest } = JSON.parse(line);
    expect(pairsPerSecond === undefined || pairsPerSecond > 0).toBe(true);
    return rest as Record<string, unknown>;
  });
  return { outcome: { ...outcome, seconds: 0 }, log, shown, trainer, run };
}

test("a run logs every step, keeps the same and ends the same, though few steps are waited for", async () => {
  const options = { averageLast: 2, patience: 3 };
  const [expected, actual] = [
    await train(reference, options),
    await train(new HiddenDevice(), options),
  ];
  expect(actual.outcome).toEqual(expected.outcome);
  expect(actual.log).toEqual(expected.log);
  expect(actual.log.filter(({ type }) => type === "step")).toHaveLength(expected.trainer.steps);
  expect(expected.shown).toEqual(expected.shown.map((_, i) => i + 1));
  expect(actual.shown.length).toBeLessThan(expected.shown.length / 2);
  expect(await actual.trainer.state()).toEqual(await expected.trainer.state());
});

test("a run whose device fails keeps a checkpoint, and says how to go on", async () => {
  const device = new HiddenDevice();
  const failing = train(device, {}, () => {
    device.full = true;
  });
  await expect(failing).rejects.toThrow(
    /got a device that is full; heed train --resume .* goes on from the last checkpoint; --device wasm/,
  );
  expect(readdirSync(join(folder, `run ${runs - 1}`)).join()).toMatch(/checkpoint/);
});

test.each([
  ["the reference device", () => reference],
  ["a device that hides numbers", () => new HiddenDevice()],
])("a run on %s ends where numbers are not finite, and names the step", async (_name, open) => {
  const { outcome, log, trainer, run } = await train(open(), {}, (step, { model }) => {
    // After the first step, which is always read, and within an epoch, at whose end parameters are looked at.
    if (step !== 1) return;
    const bias = model.parameters.value("decoder.affine.b").storage;
    bias.slice(0, 1).write([Number.POSITIVE_INFINITY]);
  });
  expect(outcome).toMatchObject({ ended: "diverged", steps: 2 });
  expect([outcome.last?.step, outcome.before?.step]).toEqual([2, 1]);
  expect(trainer.steps - outcome.steps).toBeLessThan(32);
  expect(log.filter(({ type }) => type === "step").at(-1)).toMatchObject({ step: 2 });
  expect(log.at(-1)).toMatchObject({ type: "end", ended: "diverged", step: 2 });
  expect(run.checkpoints.savedStep).toBeNull();
});
