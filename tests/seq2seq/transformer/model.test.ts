import { expect, test } from "vitest";
import {
  AttentionSeq2seq,
  defaultConfig,
  evaluate,
  type Pair,
  Random,
  readTrainingState,
  Trainer,
  writeTrainingState,
} from "../../../src/index.ts";

function reversals(count: number, seed: number): Pair[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, line) => {
    const length = 2 + random.integer(4);
    const letters = Array.from({ length }, () => "abcdef"[random.integer(6)]);
    return { source: letters.join(""), target: letters.toReversed().join(""), line: line + 1 };
  });
}

const SMALL = {
  architecture: "transformer",
  ...{ hiddenSize: 32, encoderLayers: 1, decoderLayers: 1, heads: 2, dropout: 0 },
} as const;

test("a model that is a Transformer learns to reverse strings, and attends to what it writes", async () => {
  const pairs = reversals(1500, 1);
  const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs, SMALL), { seed: 3 });
  const trainer = new Trainer(model, pairs, {
    ...{ epochs: 12, batchSize: 32, rate: 0.005, seed: 5 },
    ...{ schedule: "inverse-root", warmup: 100, labelSmoothing: 0.05 },
  });
  while (!trainer.done) await trainer.step();
  const dev = reversals(200, 2);
  const { exactMatch } = await evaluate(model, dev);
  expect(exactMatch).toBeGreaterThan(0.95);
  const { output, attention } = await model.transduce("abcde");
  expect(output).toBe("edcba");
  expect(attention.map((row) => row.length)).toEqual([5, 5, 5, 5, 5]);
  for (const row of attention) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);

  const again = AttentionSeq2seq.fromBytes(await model.toBytes());
  const sources = dev.map(({ source }) => source);
  expect(again.config.architecture).toBe("transformer");
  expect(await again.transduceMany(sources)).toEqual(await model.transduceMany(sources));
}, 60_000);

test("a training that is stopped and continued is bit for bit the one that is not, whatever was dropped", async () => {
  const pairs = reversals(60, 1);
  const config = defaultConfig(pairs, { ...SMALL, dropout: 0.2 });
  const begun = (): Trainer => {
    const model = AttentionSeq2seq.fromPairs(pairs, config, { seed: 3 });
    return new Trainer(model, pairs, { epochs: 3, batchSize: 16, averageLast: 2 });
  };
  const [straight, first, second] = [begun(), begun(), begun()];
  const losses: number[] = [];
  while (!straight.done) losses.push((await straight.step()).loss);
  for (let step = 0; step < 7; step++) await first.step();
  second.restore(readTrainingState(writeTrainingState(await first.state()), "state"));
  const rest: number[] = [];
  while (!second.done) rest.push((await second.step()).loss);
  expect(rest).toEqual(losses.slice(7));
  expect(rest.every(Number.isFinite)).toBe(true);
  expect(await second.model.parameters.values.read()).toEqual(
    await straight.model.parameters.values.read(),
  );
});
