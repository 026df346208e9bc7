import { expect, test } from "vitest";
import { Adam, AttentionSeq2seq, clipGradients, defaultConfig, Trainer } from "../../src/index.ts";

test("a step is gradients, clip, and Adam at a rate that falls linearly", async () => {
  const pairs = [{ source: "abc", target: "cba", line: 1 }];
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8, dropout: 0 });
  const [model, byHand] = [1, 2].map(() => AttentionSeq2seq.fromPairs(pairs, config, { seed: 3 }));
  const options = { epochs: 5, rate: 0.1, finalRate: 0.2, clip: 0.01 };
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
