import { expect, test } from "vitest";
import {
  Adam,
  AttentionSeq2seq,
  clipGradients,
  DataError,
  defaultConfig,
  StateError,
  Trainer,
} from "../../src/index.ts";
import { tinyTraining } from "./tiny-training.ts";

test("a step is gradients, clip, and Adam at a rate that falls linearly", async () => {
  const pairs = [{ source: "abc", target: "cba", line: 1 }];
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8, dropout: 0 });
  const [model, byHand] = [1, 2].map(() => AttentionSeq2seq.fromPairs(pairs, config, { seed: 3 }));
  const options = { epochs: 5, rate: 0.1, finalRate: 0.2, clip: 0.01, labelSmoothing: 0 };
  const trainer = new Trainer(model!, pairs, options);

  const adam = new Adam();
  const encoded = pairs.map((pair) => byHand!.encode(pair));
  const { values, grads } = byHand!.parameters;
  for (const [step, rate] of [0.1, 0.08, 0.06, 0.04, 0.02].entries()) {
    const report = await trainer.step();
    byHand!.zeroGradients();
    const { loss, count } = byHand!.gradients(encoded, step);
    const norm = clipGradients([grads], options.clip).data[0]!;
    adam.step([values], [grads], rate);
    expect(norm).toBeGreaterThan(options.clip);
    expect(report).toEqual({
      step: step + 1,
      epoch: step + 1,
      endOfEpoch: true,
      loss: loss.data[0]! / count,
      epochLoss: loss.data[0]! / count,
      rate: expect.closeTo(rate, 12),
      gradientNorm: norm,
      pairs: 1,
    });
    // 1e-6 is what the rate's own rounding leaves.
    for (const [i, value] of model!.parameters.values.data.entries()) {
      expect(Math.abs(value - values.data[i]!)).toBeLessThan(1e-6);
    }
  }
  expect(trainer.done).toBe(true);
});

test("an epoch takes every pair once, in an order that its number decides", () => {
  const trainer = tinyTraining(undefined, 3);
  const epochs = [0, 3].map((first) => [0, 1, 2].flatMap((i) => [...trainer.batchOf(first + i)]));
  for (const epoch of epochs) expect(epoch.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(epochs[0]).not.toEqual(epochs[1]);
  expect([0, 1, 2].flatMap((i) => [...trainer.batchOf(i)])).toEqual(epochs[0]);
  expect(() => trainer.batchOf(-1)).toThrow(DataError);
});

test("gradients that are not finite change nothing, and are reported", async () => {
  const trainer = tinyTraining(undefined, 1);
  await trainer.step();
  const { model } = trainer;
  const bias = model.parameters.value("decoder.affine.b");
  const own = bias.data[0]!;
  bias.data[0] = Number.POSITIVE_INFINITY;
  const before = await model.parameters.values.read();
  const report = await trainer.step();
  expect(report.step).toBe(2);
  expect(Number.isFinite(report.loss) && Number.isFinite(report.gradientNorm)).toBe(false);
  expect(await model.parameters.values.read()).toEqual(before);
  bias.data[0] = own;
  expect(await trainer.step()).toMatchObject({ step: 3, loss: expect.closeTo(2, 0) });
  expect(await model.parameters.values.read()).not.toEqual(before);
});

test("without a clip, gradients are taken as they are", async () => {
  const norms: number[] = [];
  const values: Float32Array[] = [];
  for (const clip of [null, 1e30, 1e-3]) {
    const trainer = tinyTraining(undefined, 1, { clip });
    norms.push((await trainer.step()).gradientNorm);
    values.push(Float32Array.from(await trainer.model.parameters.values.read()));
  }
  expect(new Set(norms).size).toBe(1);
  expect(values[0]).toEqual(values[1]);
  expect(values[0]).not.toEqual(values[2]);
});

test("training is done early where the measure gets no better for as long as its patience", async () => {
  const trainer = tinyTraining(undefined, 50, { patience: 2 });
  const figures = [0.5, 0.25, 0.5, 0.75, 0.75, 0.75, 0.75];
  const kept: boolean[] = [];
  for (const exactMatch of figures) {
    if (trainer.done) break;
    for (let i = 0; i < trainer.stepsPerEpoch; i++) await trainer.step();
    kept.push(trainer.measured({ exactMatch, symbolErrorRate: 0.1 }));
  }
  // The third is as good as the first: kept, but no better, so that patience ends there.
  expect(kept).toEqual([true, false, true]);
  expect(trainer.best).toEqual({ epoch: 3, step: 9, exactMatch: 0.5, symbolErrorRate: 0.1 });
  expect(trainer.lastMeasured).toBe(9);
  expect(() => trainer.measured({ exactMatch: Number.NaN, symbolErrorRate: 0 })).toThrow(DataError);
});

test("of as many exact matches, fewer wrong symbols are better", () => {
  const trainer = tinyTraining(undefined, 1);
  const kept = [0.3, 0.4, 0.2].map((symbolErrorRate) =>
    trainer.measured({ exactMatch: 0.5, symbolErrorRate }),
  );
  expect(kept).toEqual([true, false, true]);
});

test("the rate is reduced on a plateau, and waits again", async () => {
  const options = {
    schedule: "plateau",
    plateauPatience: 2,
    plateauFactor: 0.5,
    rate: 1,
    warmup: 0,
  } as const;
  const trainer = tinyTraining(undefined, 50, options);
  const rates = [0.5, 0.5, 0.5, 0.5, 0.5, 0.6, 0.6].map((exactMatch) => {
    trainer.measured({ exactMatch, symbolErrorRate: 0 });
    return trainer.rate;
  });
  expect(rates).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]);
});

test("what is measured has the mean of the last epochs' parameters, and only while it is lent", async () => {
  const trainer = tinyTraining(undefined, 9, { averageLast: 3 });
  const { values } = trainer.model.parameters;
  const ends: number[][] = [];
  for (let epoch = 0; epoch < 5; epoch++) {
    for (let i = 0; i < trainer.stepsPerEpoch; i++) await trainer.step();
    const own = [...(await values.read())];
    ends.push(own);
    const last = ends.slice(-3);
    const mean = own.map((_, i) => {
      return Math.fround(last.reduce((sum, end) => sum + end[i]!, 0) / last.length);
    });
    await trainer.withAverage(async (model) => {
      expect(model).toBe(trainer.model);
      expect([...(await values.read())].map((number) => number + 0)).toEqual(mean);
      for (const call of [() => trainer.step(), () => trainer.state()]) {
        await expect(call()).rejects.toThrow(StateError);
      }
    });
    expect([...(await values.read())]).toEqual(own);
  }
});
