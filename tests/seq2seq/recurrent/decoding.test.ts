import { describe, expect, test } from "vitest";
import { Scope } from "../../../src/core/scope.ts";
import {
  AttentionSeq2seq,
  type ConfigOverrides,
  defaultConfig,
  indices,
  type Pair,
  Random,
  Trainer,
} from "../../../src/index.ts";
import { batchSources } from "../../../src/seq2seq/batch.ts";
import { openDevices } from "../../support/devices.ts";
import { plainForm } from "../../support/plain-form.ts";

const tiny = { embeddingSize: 3, hiddenSize: 4 };
const pairs = ["abc", "ca", "b"].map((source, i) => {
  return { source, target: [...source].reverse().join(""), line: i + 1 };
});

const FORMS: readonly (readonly [name: string, config: ConfigOverrides])[] = [
  ["two layers", { encoderLayers: 2, decoderLayers: 2, bridge: "linear" }],
  ["GRUs that are fed", { cell: "gru", inputFeeding: true }],
  [
    "heads and vectors",
    { attention: "multi-head", heads: 2, attentionalSize: 3, inputFeeding: true },
  ],
  ["copies", { copy: true, attention: "additive" }],
  ["no attention", { attention: "none" }],
];

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  test.each(FORMS)("steps one by one give what all at once give, with %s", (_, overrides) => {
    const config = defaultConfig(pairs, { ...tiny, ...plainForm(overrides) });
    const model = AttentionSeq2seq.fromPairs(pairs, config, { device, dtype, seed: 5 });
    const { values } = model.parameters;
    values.storage.write(Float64Array.from(values.data, (x) => 3 * x));
    const scope = new Scope();
    const read = pairs.map((pair) => model.encode(pair));
    const source = model.network.encode(batchSources(read, config, 0, device, scope), null, scope);
    const ids = [
      [1, 4, 5, 6],
      [1, 6, 4, 4],
      [1, 5, 5, 5],
    ];
    const whole = model.network.decode(indices(ids, undefined, { device }), source, null, scope);
    let state = model.network.begin(source);
    for (let t = 0; t < 4; t++) {
      const symbols = indices(
        ids.map((row) => [row[t]!]),
        undefined,
        { device },
      );
      const step = model.network.advance(symbols, source, state, scope);
      for (const name of ["logits", "weights", "gate"] as const) {
        const [of, all] = [step[name], whole[name]];
        if (of === null || all === null) {
          expect(of).toBe(all);
          continue;
        }
        const size = of.size / 3;
        for (let i = 0; i < of.size; i++) {
          const n = Math.floor(i / size);
          expect(of.data[i]).toBeCloseTo(all.data[(n * 4 + t) * size + (i % size)]!, 5);
        }
      }
      for (const tensor of Object.values(state.tensors)) tensor.dispose();
      state = step.state;
    }
    for (const tensor of Object.values(state.tensors)) tensor.dispose();
    scope.dispose();
  });
});

/** Texts of random letters, each to be written as it is. */
function echoes(letters: string, count: number, seed: number): Pair[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const length = 2 + Math.floor(random.uniform() * 4);
    const text = Array.from({ length }, () => {
      return letters[Math.floor(random.uniform() * letters.length)];
    }).join("");
    return { source: text, target: text, line: i + 1 };
  });
}

async function trained(examples: readonly Pair[], overrides: ConfigOverrides, epochs: number) {
  const config = defaultConfig(examples, {
    embeddingSize: 8,
    hiddenSize: 24,
    dropout: 0,
    ...overrides,
  });
  const model = AttentionSeq2seq.fromPairs(examples, config, { seed: 2 });
  const trainer = new Trainer(model, examples, { epochs, batchSize: 8, rate: 0.01, seed: 1 });
  while (!trainer.done) await trainer.step();
  return model;
}

test("a model that copies writes symbols that no target has", { timeout: 120_000 }, async () => {
  // Sources have symbols, x among them, that targets lack: what is unknown is to be copied.
  const examples = [
    ...echoes("abcdefgh", 300, 3),
    ...["xa", "bx", "cxd"].map((source, i) => ({ source, target: source, line: 301 + i })),
  ];
  const model = await trained(examples, { copy: true }, 12);
  const { output, outputSymbols, attention } = await model.transduce("aθb");
  expect(output).toBe("aθb");
  expect(attention).toHaveLength(outputSymbols.length);
});

test("what a model writes can depend on features alone", { timeout: 120_000 }, async () => {
  const examples = echoes("abcd", 200, 5).flatMap(({ source }, i): Pair[] => [
    { source, target: `${source}s`, features: "N;PL", line: 2 * i + 1 },
    { source, target: `${source}ed`, features: "V;PST", line: 2 * i + 2 },
  ]);
  const model = await trained(examples, {}, 12);
  const asked = [
    { source: "abc", features: "V;PST" },
    { source: "abc", features: "N;PL" },
  ];
  const [past, plural] = await model.transduceMany(asked);
  expect([past?.output, plural?.output]).toEqual(["abced", "abcs"]);
  expect(past?.sourceSymbols).toEqual(["V", "PST", "a", "b", "c"]);
  const again = AttentionSeq2seq.fromBytes(await model.toBytes());
  expect((await again.transduceMany(asked)).map(({ output }) => output)).toEqual(["abced", "abcs"]);
  const plain = await trained(echoes("ab", 10, 1), {}, 1);
  await expect(plain.transduce({ source: "ab", features: "PL" })).rejects.toThrow(
    /without features, since the model reads none/,
  );
});
