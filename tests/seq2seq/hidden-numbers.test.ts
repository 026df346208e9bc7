/** Models on a device whose numbers the host does not see, as on a GPU: the same bits, and few reads. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { familyDevice } from "../../src/devices/family.ts";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import {
  AttentionSeq2seq,
  type ConfigOverrides,
  type Device,
  evaluate,
  type Pair,
  type StepReport,
  type Trainer,
  type TrainOptions,
  writeTrainingState,
} from "../../src/index.ts";
import { HiddenDevice } from "../support/hidden-device.ts";
import { fittingOverrides } from "../support/model-configs.ts";
import { tinyTraining } from "./tiny-training.ts";

const reference = familyDevice({ device: new ReferenceDevice() });

/** Steps that wait at most: see BACKLOG in trainer.ts. */
const CAPACITY = 32;

/** Everything there is to know of a training. */
async function all(trainer: Trainer): Promise<unknown> {
  const state = await trainer.state();
  return { standing: state.standing, file: writeTrainingState(state) };
}

/** Reports of as many steps, by `step`, or by `advance` where one is asked for every `every` steps. */
async function go(trainer: Trainer, steps: number, every = 1): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (let i = 1; i <= steps; i++) {
    if (every === 1) {
      reports.push(await trainer.step());
      continue;
    }
    reports.push(...(await trainer.advance()).reports);
    if (i % every === 0) reports.push(...(await trainer.reports()));
  }
  reports.push(...(await trainer.reports()));
  return reports;
}

/** Makes the next batch's loss infinite, as it were by chance; gives what puts things right again. */
async function spoil({ model }: Trainer, name = "decoder.affine.b"): Promise<() => void> {
  const { storage } = model.parameters.value(name);
  const own = await storage.read();
  const wrong = own.slice();
  wrong[0] = Number.POSITIVE_INFINITY;
  storage.write(wrong);
  return () => storage.write(own);
}

describe("a training that is seldom read is bit for bit the one that is read at every step", () => {
  it.each<[string, TrainOptions]>([
    ["as it is", {}],
    ["with a mean of epochs and a cosine", { averageLast: 3, schedule: "cosine" }],
    ["without a clip", { clip: null, labelSmoothing: 0.1 }],
  ])("%s", async (_name, options) => {
    const expected = tinyTraining(reference, 30, options);
    const reports = await go(expected, 40);
    for (const every of [1, 7, 1000]) {
      const trainer = tinyTraining(new HiddenDevice(), 30, options);
      expect(await go(trainer, 40, every)).toEqual(reports);
      expect(await all(trainer)).toEqual(await all(expected));
    }
    const seen = tinyTraining(reference, 30, options);
    expect(await go(seen, 40, 1000)).toEqual(reports);
    expect(await all(seen)).toEqual(await all(expected));
  });

  it("of any kind of model, which then writes the same", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fittingOverrides, async (overrides: ConfigOverrides) => {
        const { architecture, hiddenSize = 8 } = overrides;
        const form =
          architecture === "transformer"
            ? { ...overrides, hiddenSize, embeddingSize: hiddenSize }
            : overrides;
        const on = (device: Device): Trainer => tinyTraining(device, 3, {}, form);
        const [expected, trainer] = [on(reference), on(new HiddenDevice())];
        expect(await go(trainer, 5, 4)).toEqual(await go(expected, 5));
        expect(await all(trainer)).toEqual(await all(expected));
        const texts = ["abc", "d", "", "bbadc"];
        for (const options of [{ attention: "heads" as const }, { beam: 3, nBest: 2 }]) {
          expect(await trainer.model.transduceMany(texts, options)).toEqual(
            await expected.model.transduceMany(texts, options),
          );
        }
      }),
      { numRuns: 12 },
    );
  });
});

test("a model measures, is lent, kept and read again there too", async () => {
  const device = new HiddenDevice();
  const [expected, trainer] = [reference, device].map((each) =>
    tinyTraining(each, 9, { averageLast: 2 }),
  ) as [Trainer, Trainer];
  const sample: Pair[] = ["ab", "dcb"].map((source) => ({ source, target: source, line: 0 }));
  for (const each of [expected, trainer]) {
    for (let i = 0; i < 7; i++) await each.advance();
  }
  const looks = [expected, trainer].map((each) =>
    each.withAverage(async (model) => [await evaluate(model, sample), await model.toBytes()]),
  );
  expect(await looks[1]).toEqual(await looks[0]);
  const bytes = await trainer.model.toBytes();
  const again = AttentionSeq2seq.fromBytes(bytes, { device });
  const steer = { output: ["b"], attention: [null, [0, 1, 0]] };
  expect(await again.transduce("abc", { steer })).toEqual(
    await AttentionSeq2seq.fromBytes(bytes, { device: reference }).transduce("abc", { steer }),
  );
});

test("nobody waits but once for a whole backlog, or where a report is asked for", async () => {
  const device = new HiddenDevice();
  const trainer = tinyTraining(device, 90, { averageLast: 1 });
  const reads: number[] = [];
  const told: number[] = [];
  for (let i = 0; i < 3 * CAPACITY; i++) {
    told.push((await trainer.advance()).reports.length);
    reads.push(device.reads);
  }
  expect(reads).toEqual(
    Array.from({ length: 3 * CAPACITY }, (_, i) => Math.floor((i + 1) / CAPACITY)),
  );
  expect(told).toEqual(told.map((_, i) => ((i + 1) % CAPACITY === 0 ? CAPACITY : 0)));
  const { step, epoch, endOfEpoch, rate, pairs } = await trainer.advance();
  expect({ step, epoch, endOfEpoch, pairs }).toEqual({
    step: 97,
    epoch: 33,
    endOfEpoch: false,
    pairs: 2,
  });
  const before = device.reads;
  const [report, ...more] = await trainer.reports();
  expect([report?.step, report?.rate, more, device.reads]).toEqual([97, rate, [], before + 1]);
  expect(await trainer.reports()).toEqual([]);
  for (let i = 0; i < 5; i++) await trainer.advance();
  expect(await trainer.step()).toMatchObject({ step: 103 });
  expect(device.reads).toBe(before + 2);
});

test("what state reads is still told, once", async () => {
  const trainer = tinyTraining(new HiddenDevice(), 9);
  for (let i = 0; i < 3; i++) await trainer.advance();
  await trainer.state();
  const { reports } = await trainer.advance();
  expect(reports.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect((await trainer.reports()).map(({ step }) => step)).toEqual([4]);
});

test("a state that is restored forgets what was not read", async () => {
  const trainer = tinyTraining(new HiddenDevice(), 9);
  await go(trainer, 2);
  const state = await trainer.state();
  const before = await all(trainer);
  await trainer.advance();
  trainer.restore(state);
  expect(await trainer.reports()).toEqual([]);
  expect(await all(trainer)).toEqual(before);
});

describe("where numbers are not finite", () => {
  test("the first such step is named, changes nothing, and is no step of Adam's", async () => {
    const [seen, trainer] = [reference, new HiddenDevice()].map((each) =>
      tinyTraining(each, 9),
    ) as [Trainer, Trainer];
    const reports: StepReport[][] = [];
    for (const each of [seen, trainer]) {
      const told: StepReport[] = [];
      const advance = async (steps: number): Promise<void> => {
        for (let i = 0; i < steps; i++) told.push(...(await each.advance()).reports);
      };
      await advance(2);
      const heal = await spoil(each);
      const before = await each.model.parameters.values.read();
      await advance(2);
      expect(await each.model.parameters.values.read()).toEqual(before);
      heal();
      told.push(...(await each.reports()));
      reports.push(told);
      const { standing } = await each.state();
      expect(standing).toMatchObject({ step: 4, adamSteps: 2, epochSteps: 0 });
    }
    expect(reports[1]).toEqual(reports[0]);
    expect(reports[0]?.map(({ notFinite }) => notFinite)).toEqual([undefined, undefined, 3, 4]);
    // Once read, the trainings are one again.
    expect(await seen.step()).toEqual(await trainer.step());
    expect(await all(trainer)).toEqual(await all(seen));
  });

  test("a step that is read tells of those before it", async () => {
    const trainer = tinyTraining(new HiddenDevice(), 9);
    await trainer.advance();
    const heal = await spoil(trainer);
    await trainer.advance();
    await trainer.advance();
    heal();
    const report = await trainer.step();
    expect(report).toMatchObject({ step: 4, notFinite: 2 });
    expect(Number.isFinite(report.loss)).toBe(true);
    expect(await trainer.step()).not.toHaveProperty("notFinite");
  });

  test("in the very first step, the state is that of a beginning", async () => {
    for (const device of [reference, new HiddenDevice()]) {
      const trainer = tinyTraining(device, 9);
      const heal = await spoil(trainer);
      expect(await trainer.step()).toMatchObject({ step: 1, notFinite: 1 });
      heal();
      const { standing, arrays } = await trainer.state();
      expect(standing.adamSteps).toBe(0);
      expect([...arrays.keys()]).toEqual(["parameters"]);
      const other = tinyTraining(device, 9);
      other.restore({ standing, arrays });
      expect(await other.step()).toEqual(await trainer.step());
    }
  });
});
