import { expect, test } from "vitest";
import { openWasmDevice } from "../../src/devices/wasm/wasm-device.ts";
import { AttentionSeq2seq, defaultConfig, type Pair, Trainer } from "../../src/index.ts";

const pairs: Pair[] = ["abcd", "bc", "dca", "a", "cabd", "db"].map((source, i) => ({
  source,
  target: [...source].reverse().join(""),
  line: i + 1,
}));

test("training and decoding give every tensor back: memory in use stands still", async () => {
  const device = openWasmDevice({ simd: "simd128" });
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8, dropout: 0.1 });
  const model = AttentionSeq2seq.fromPairs(pairs, config, { device });
  const trainer = new Trainer(model, pairs, { batchSize: 2, epochs: 300 });
  const use: { live: number; reserved: number }[] = [];
  while (!trainer.done) {
    await trainer.step();
    await model.transduceMany(["abc", "dcba"]);
    use.push(device.memoryUse());
  }
  expect(use).toHaveLength(900);
  const warm = use[10];
  expect(use.slice(10).every(({ live }) => live === warm?.live)).toBe(true);
  expect(use.at(-1)?.reserved).toBe(warm?.reserved);
});
