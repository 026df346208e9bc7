import { createHash } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import {
  AttentionSeq2seq,
  type Device,
  DeviceError,
  type DeviceName,
  defaultConfig,
  openDevice,
  Random,
  readTrainingState,
  type StepReport,
  Trainer,
  type TrainOptions,
  writeTrainingState,
} from "../../src/index.ts";
import { tinyTraining } from "./tiny-training.ts";

/** Steps, with a measure at every epoch's end that goes up and down. */
async function go(trainer: Trainer, steps: number): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (let i = 0; i < steps; i++) {
    const report = await trainer.step();
    reports.push(report);
    if (!report.endOfEpoch) continue;
    trainer.measured({ exactMatch: (report.epoch % 3) / 4, symbolErrorRate: 0.5 });
  }
  return reports;
}

/** Everything there is to know of a training: where it stands, and what its file is like to the last bit. */
async function all(trainer: Trainer): Promise<{ standing: unknown; bits: string }> {
  const state = await trainer.state();
  const bits = createHash("sha256").update(writeTrainingState(state)).digest("hex");
  return { standing: state.standing, bits };
}

const OPTIONS: TrainOptions[] = [
  { schedule: "linear" },
  { schedule: "plateau", plateauPatience: 1, averageLast: 3, warmup: 2 },
  { schedule: "cosine", clip: null, averageLast: 2 },
];

/** What a device is called, and the device, null where it cannot be opened. */
async function opened(name: DeviceName, threads: number): Promise<Device | null> {
  return openDevice(name, { threads }).catch((error: unknown) => {
    if (error instanceof DeviceError) return null;
    throw error;
  });
}

describe("a training that is stopped and continued is bit for bit the one that is not", () => {
  for (const name of ["native", "wasm", "reference"] as const) {
    // Steps 6 and 9 end an epoch of three, 1, 7 and 8 are within one; none is before all.
    test.each([0, 1, 6, 7, 8, 9])(`on ${name}, after %i steps`, async (stop) => {
      const [before, after] = [
        await opened(name, 1),
        await opened(name, name === "reference" ? 1 : 2),
      ];
      if (before === null || after === null) {
        expect(process.env["CI"], `${name} cannot be opened`).toBeUndefined();
        return;
      }
      for (const options of OPTIONS) {
        const straight = tinyTraining(before, 8, options);
        const reports = await go(straight, 20);
        const first = tinyTraining(before, 8, options);
        const begun = await go(first, stop);
        const bytes = writeTrainingState(await first.state());
        const second = tinyTraining(after, 8, options);
        second.restore(readTrainingState(bytes, "checkpoint"));
        expect(await all(second)).toEqual(await all(first));
        const ended = await go(second, 20 - stop);
        expect([...begun, ...ended]).toEqual(reports);
        expect(await all(second)).toEqual(await all(straight));
        expect(second.best).toEqual(straight.best);
        expect(second.rate).toBe(straight.rate);
      }
    });
  }

  it.each(["native", "wasm"] as const)("on %s, of a size that takes all threads", async (name) => {
    const random = new Random(5);
    const word = (): string =>
      Array.from({ length: 12 }, () => "abcdef"[random.integer(6)]).join("");
    const pairs = Array.from({ length: 96 }, (_, i) => {
      const source = word();
      return { source, target: [...source].reverse().join(""), line: i + 1 };
    });
    const config = defaultConfig(pairs, { embeddingSize: 32, hiddenSize: 128, dropout: 0.2 });
    const on = async (threads: number): Promise<Trainer | null> => {
      const device = await opened(name, threads);
      if (device === null) return null;
      const model = AttentionSeq2seq.fromPairs(pairs, config, { device, seed: 4 });
      return new Trainer(model, pairs, { batchSize: 32, epochs: 3 });
    };
    const [straight, first, second] = [await on(1), await on(3), await on(2)];
    if (straight === null || first === null || second === null) {
      expect(process.env["CI"], `${name} cannot be opened`).toBeUndefined();
      return;
    }
    await go(straight, 7);
    await go(first, 4);
    second.restore(await first.state());
    await go(second, 3);
    expect(await all(second)).toEqual(await all(straight));
  });

  it("though the second had gone elsewhere before", async () => {
    const [options] = OPTIONS.slice(1);
    const straight = tinyTraining(undefined, 8, options);
    await go(straight, 4);
    const state = await straight.state();
    const copy = new Map([...state.arrays].map(([name, data]) => [name, data.slice()]));
    const astray = tinyTraining(undefined, 8, options);
    await go(astray, 17);
    astray.restore(state);
    await go(straight, 9);
    await go(astray, 9);
    expect(await all(astray)).toEqual(await all(straight));
    expect(state.arrays).toEqual(copy);
  });
});

/** After two steps of the tiny training. */
const state = await (async () => {
  const trainer = tinyTraining(undefined, 8);
  await go(trainer, 2);
  return trainer.state();
})();

describe("a state is refused", () => {
  it.each<[name: string, options: TrainOptions, message: RegExp]>([
    [
      "of another rate",
      { rate: 0.5 },
      /Trainer\.restore: expected .* rate 0\.5, got .* rate 0\.008/,
    ],
    ["of another seed", { seed: 5 }, /with seed 5, got one with seed 0/],
    ["of another clip", { clip: null }, /with clip null, got one with clip 5/],
  ])("%s", async (_name, options, message) => {
    const trainer = tinyTraining(undefined, 8, options);
    const before = await all(trainer);
    expect(() => trainer.restore({ ...state })).toThrow(message);
    expect(await all(trainer)).toEqual(before);
  });

  it("that belongs to other pairs or another model", async () => {
    for (const [name, message] of [
      ["pairs", /on as many pairs/],
      ["pairsCrc32", /on the same pairs/],
      ["parameters", /as many parameters/],
      ["modelCrc32", /the same config/],
    ] as const) {
      const { standing, arrays } = state;
      const other = { ...standing, belongs: { ...standing.belongs, [name]: 7 } };
      const restore = (): void => tinyTraining(undefined, 8).restore({ standing: other, arrays });
      expect(restore).toThrow(message);
      expect(restore).toThrow(/Trainer\.restore.*; make model and trainer as they were/);
    }
  });

  it("that lacks numbers, or has too few of them, or others", () => {
    for (const arrays of [
      new Map(),
      new Map([...state.arrays].map(([name, data]) => [name, data.subarray(1)])),
      new Map([...state.arrays].map(([name, data]) => [name, Float64Array.from(data)])),
    ]) {
      const { standing } = state;
      expect(() => tinyTraining(undefined, 8).restore({ standing, arrays })).toThrow(
        /Trainer\.restore: expected \d+ numbers in float32 as parameters, got /,
      );
    }
  });

  it("that is none", () => {
    for (const nonsense of [undefined, null, 1, {}, { standing: {} }, { standing: null }]) {
      expect(() => tinyTraining(undefined, 8).restore(nonsense as never)).toThrow(
        /Trainer\.restore/,
      );
    }
  });
});
