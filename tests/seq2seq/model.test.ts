import { describe, expect, test } from "vitest";
import { ReferenceDevice } from "../../src/devices/reference/reference-device.ts";
import {
  AttentionSeq2seq,
  CheckpointError,
  DataError,
  defaultConfig,
  evaluate,
  type Pair,
  Random,
  Trainer,
  Vocabulary,
} from "../../src/index.ts";
import { devicesUnderTest } from "../support/devices.ts";

/** Short strings and their reverse: solvable only by looking at the right place. */
function reversals(count: number, seed = 1): Pair[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, line) => {
    const letters = Array.from(
      { length: 2 + random.integer(4) },
      () => "abcdef"[random.integer(6)],
    );
    return { source: letters.join(""), target: letters.toReversed().join(""), line: line + 1 };
  });
}

const small = { embeddingSize: 8, hiddenSize: 32, dropout: 0 } as const;

async function trained(pairs: readonly Pair[], epochs = 30) {
  const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs, small), { seed: 3 });
  const options = { epochs, batchSize: 32, rate: 0.01, labelSmoothing: 0, seed: 5 };
  const trainer = new Trainer(model, pairs, options);
  const losses: number[] = [];
  while (!trainer.done) losses.push((await trainer.step()).loss);
  return { model, losses };
}

describe("AttentionSeq2seq", () => {
  test("learns to reverse strings, and its attention walks from the end to the beginning", async () => {
    const pairs = reversals(1500);
    const { model, losses } = await trained(pairs, 20);
    expect(losses.at(-1)).toBeLessThan(0.05);
    const { exactMatch, symbolErrorRate, predictions } = await evaluate(model, reversals(200, 2));
    expect(exactMatch).toBeGreaterThan(0.95);
    expect(symbolErrorRate).toBeLessThan(0.03);
    expect(predictions.map(({ pair }) => pair.line)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    const { output, attention, finished } = await model.transduce("abcde");
    expect(output).toBe("edcba");
    expect(finished).toBe(true);
    expect(attention).toHaveLength(5);
    for (const row of attention) {
      expect(row).toHaveLength(5);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
    const centres = attention.map((row) => row.reduce((sum, weight, e) => sum + e * weight, 0));
    expect(centres).toEqual(centres.toSorted((a, b) => b - a));
    expect(centres[0]! - centres[4]!).toBeGreaterThan(1.5);
  });

  test("same seed, same losses to the last bit", async () => {
    const pairs = reversals(40);
    const runs = [await trained(pairs), await trained(pairs)];
    expect(runs[0]!.losses).toEqual(runs[1]!.losses);
  });

  test("trains on wasm as on the reference device", async () => {
    const pairs = reversals(40);
    const config = defaultConfig(pairs, { ...small, dropout: 0.2 });
    const losses: number[][] = [];
    for (const { device, dtype, skip } of devicesUnderTest) {
      if (skip !== null) continue;
      const model = AttentionSeq2seq.fromPairs(pairs, config, { seed: 3, device, dtype });
      const trainer = new Trainer(model, pairs, { epochs: 3, batchSize: 8, seed: 5 });
      const run: number[] = [];
      while (!trainer.done) run.push((await trainer.step()).loss);
      losses.push(run);
    }
    for (const run of losses) {
      for (const [i, loss] of run.entries()) expect(loss).toBeCloseTo(losses[0]![i]!, 3);
    }
  });

  test("one text alone and in a batch of other lengths gives the same output and attention", async () => {
    const { model } = await trained(reversals(100));
    const texts = ["a", "abcdefabcdef", "", "fedc", "ab"];
    const together = await model.transduceMany(texts, { attention: true });
    for (const [i, text] of texts.entries()) {
      const alone = await model.transduce(text);
      expect(together[i]!.output).toBe(alone.output);
      for (const [d, row] of alone.attention.entries()) {
        for (const [e, weight] of row.entries()) {
          expect(together[i]!.attention[d]![e]).toBeCloseTo(weight, 5);
        }
      }
    }
    expect(await model.transduceMany([])).toEqual([]);
  });

  test("decodes a symbol per decoder step, and no more steps than its limit", async () => {
    const pairs = reversals(20);
    const config = defaultConfig(pairs, { ...small, targetLimit: 7 });
    const model = AttentionSeq2seq.fromPairs(pairs, config, { seed: 1 });
    const steps: number[] = [];
    const advance = model.network.advance.bind(model.network);
    model.network.advance = (inputs, ...given) => {
      steps.push(inputs.shape[1]!);
      return advance(inputs, ...given);
    };
    const { outputSymbols, finished } = await model.transduce("abc");
    expect(steps.every((width) => width === 1)).toBe(true);
    expect(steps).toHaveLength(outputSymbols.length + (finished ? 1 : 0));
    expect(steps.length).toBeLessThanOrEqual(7);
  });

  test("symbols it has never seen are reported and do not stop it", async () => {
    const { model } = await trained(reversals(40));
    const result = await model.transduce("a?b!?");
    expect(result.unknownSymbols).toEqual(["?", "!"]);
    expect(result.sourceSymbols).toEqual(["a", "?", "b", "!", "?"]);
  });

  test("without a mask every source is padded to the longest of training", async () => {
    const pairs = reversals(60);
    const config = defaultConfig(pairs, { ...small, maskPadding: false, reverseSource: true });
    expect(config.sourceLength).toBe(5);
    const model = AttentionSeq2seq.fromPairs(pairs, config);
    expect(model.encode({ source: "ab", target: "ba", line: 1 }).source).toEqual([
      model.sourceVocabulary.pad,
      model.sourceVocabulary.pad,
      model.sourceVocabulary.pad,
      ...[...model.sourceVocabulary.encode("ab")].reverse(),
    ]);
    const [short, long] = await model.transduceMany(["ab", "abcdefa"], { attention: true });
    expect(short!.sourceSymbols).toHaveLength(2);
    expect(long!.sourceSymbols).toHaveLength(7);
    for (const row of [...short!.attention, ...long!.attention]) {
      expect(row.every((weight) => weight > 0 && weight <= 1)).toBe(true);
    }
    const texts = ["abcdefa", "ab", "fedcbaf", "abcdef", "ba"];
    const together = await model.transduceMany(texts);
    expect(together.map(({ source }) => source)).toEqual(texts);
    for (const [i, text] of texts.entries()) {
      expect(together[i]!.output).toBe((await model.transduce(text)).output);
    }
  });

  test("the gradients of two shares of a batch add up to those of the whole", () => {
    const pairs = reversals(12);
    const config = defaultConfig(pairs, small);
    const model = AttentionSeq2seq.fromPairs(pairs, config, {
      dtype: "float64",
      device: new ReferenceDevice(),
    });
    const encoded = pairs.map((pair) => model.encode(pair));
    const whole = model.gradients(encoded, 0);
    const expected = model.parameters.grads.data.slice();
    model.zeroGradients();
    const first = model.gradients(encoded.slice(0, 5), 0, { total: whole.count });
    const second = model.gradients(encoded.slice(5), 0, { total: whole.count });
    expect(first.count + second.count).toBe(whole.count);
    expect(first.loss.data[0]! + second.loss.data[0]!).toBeCloseTo(whole.loss.data[0]!, 10);
    const actual = model.parameters.grads.data;
    for (let i = 0; i < actual.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 12);
  });

  test("every parameter's gradient is that of central differences, masked or not", () => {
    const pairs = reversals(4);
    for (const overrides of [
      { maskPadding: true, bridge: "state", bidirectional: false, reverseSource: true },
      { maskPadding: false, bridge: "hidden" },
      { dropout: 0.3 },
    ] as const) {
      const config = defaultConfig(pairs, {
        embeddingSize: 3,
        hiddenSize: 4,
        dropout: 0,
        ...overrides,
      });
      const device = new ReferenceDevice();
      const model = AttentionSeq2seq.fromPairs(pairs, config, {
        dtype: "float64",
        device,
        seed: 9,
      });
      const encoded = pairs.map((pair) => model.encode(pair));
      const { values, grads } = model.parameters;
      const numbers = values.data;
      const random = new Random(1);
      for (let i = 0; i < numbers.length; i++) numbers[i]! += 0.3 * random.normal();
      const lossAt = (): number => {
        const { loss, count } = model.gradients(encoded, 7);
        return loss.data[0]! / count;
      };
      model.zeroGradients();
      lossAt();
      const analytic = grads.data.slice();
      const numeric = new Float64Array(analytic.length);
      for (const name of model.parameters.names) {
        const view = model.parameters.value(name).data;
        const gradient = model.parameters.grad(name).data;
        const offset = (gradient.byteOffset - grads.data.byteOffset) / 8;
        for (let i = 0; i < view.length; i++) {
          const before = view[i]!;
          const step = 1e-5;
          view[i] = before + step;
          const above = lossAt();
          view[i] = before - step;
          const below = lossAt();
          view[i] = before;
          numeric[offset + i] = (above - below) / (2 * step);
        }
      }
      const difference = Math.hypot(...analytic.map((value, i) => value - numeric[i]!));
      expect(difference / Math.hypot(...analytic)).toBeLessThan(1e-6);
    }
  });
});

describe("model files", () => {
  const pairs = reversals(30);
  const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs, small), { seed: 2 });

  test("a model read back gives the same bits", async () => {
    const again = AttentionSeq2seq.fromBytes(await model.toBytes());
    expect(again.config).toEqual(model.config);
    expect([...again.parameters.values.data]).toEqual([...model.parameters.values.data]);
    expect(await again.transduce("abc")).toEqual(await model.transduce("abc"));
    expect(await again.toBytes()).toEqual(await model.toBytes());
  });

  test("a file cut short at any place is refused", async () => {
    const bytes = await model.toBytes();
    for (let length = 0; length < bytes.length; length += 1 + Math.floor(length / 8)) {
      expect(() => AttentionSeq2seq.fromBytes(bytes.slice(0, length))).toThrow(CheckpointError);
    }
  });

  test("a file with any one byte altered is refused", async () => {
    const bytes = await model.toBytes();
    const random = new Random(4);
    for (let trial = 0; trial < 300; trial++) {
      const altered = bytes.slice();
      const at = trial < 100 ? trial * 9 : random.integer(bytes.length);
      altered[at]! ^= 1 << random.integer(8);
      let message = "accepted";
      try {
        const other = AttentionSeq2seq.fromBytes(altered);
        // White space of the header may change without any meaning changing.
        const same =
          [...other.parameters.values.data].join() === [...model.parameters.values.data].join();
        if (same && JSON.stringify(other.config) === JSON.stringify(model.config))
          message = "equal";
      } catch (error) {
        message = error instanceof CheckpointError ? "refused" : String(error);
      }
      expect(["refused", "equal"], `byte ${at}`).toContain(message);
    }
  });

  test("a file of a later version says that heed must be updated", async () => {
    const bytes = await model.toBytes();
    const text = Buffer.from(bytes).toString("latin1").replace('"version":"1"', '"version":"7"');
    const later = Buffer.from(text, "latin1");
    expect(() => AttentionSeq2seq.fromBytes(later)).toThrow(/later heed wrote it; update heed/);
  });

  test("sizes that the file does not hold are refused before anything is allocated", async () => {
    const bytes = await model.toBytes();
    const text = Buffer.from(bytes).toString("latin1");
    const huge = text.replace('hiddenSize\\":32', 'hiddenSize\\":98');
    expect(huge).not.toBe(text);
    const altered = Buffer.from(huge, "latin1");
    expect(() => AttentionSeq2seq.fromBytes(altered)).toThrow(/of shape/);
  });
});

describe("refusals", () => {
  test("a config out of range names the field", () => {
    const pairs = reversals(3);
    expect(() => defaultConfig(pairs, { hiddenSize: 0 })).toThrow(
      /hiddenSize to be a whole number from 1/,
    );
    expect(() => defaultConfig(pairs, { dropout: 1 })).toThrow(DataError);
    expect(() => defaultConfig(pairs, { maskPadding: false, sourceLength: null })).toThrow(
      DataError,
    );
  });

  test("a target vocabulary without end needs a target length", () => {
    const pairs = reversals(3);
    const { sourceVocabulary, targetVocabulary, config } = AttentionSeq2seq.fromPairs(
      pairs,
      defaultConfig(pairs, small),
    );
    const endless = new Vocabulary({ ...targetVocabulary.toJSON(), end: null });
    expect(() => new AttentionSeq2seq(config, sourceVocabulary, endless)).toThrow(DataError);
  });

  test("training on nothing, or with options out of range, is a DataError", () => {
    const pairs = reversals(3);
    const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs, small));
    expect(() => new Trainer(model, [])).toThrow(DataError);
    expect(() => new Trainer(model, pairs, { batchSize: 0 })).toThrow(/batchSize/);
    expect(() => new Trainer(model, pairs, { rate: Number.NaN })).toThrow(/rate/);
  });
});
