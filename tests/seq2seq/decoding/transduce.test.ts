import { describe, expect, test } from "vitest";
import {
  AttentionSeq2seq,
  DataError,
  Ensemble,
  Random,
  type Transducer,
  type Transduction,
  Vocabulary,
} from "../../../src/index.ts";
import { openDevices } from "../../support/devices.ts";
import { type Overrides, reversals, untrained } from "./small-models.ts";
import { forced, forcedScore } from "./teacher-forcing.ts";

const pairs = reversals(60);
const texts = ["a", "abcdef", "fedc", "ab", "fa", "cccc", "bead"];

const KINDS: readonly [name: string, overrides: Overrides][] = [
  ["the default", {}],
  [
    "GRUs of two layers, additive attention, input feeding",
    {
      cell: "gru",
      encoderLayers: 2,
      decoderLayers: 2,
      attention: "additive",
      attentionalSize: 8,
      inputFeeding: true,
    },
  ],
  ["no attention", { attention: "none" }],
  ["copying", { copy: true }],
  ["padding that is read", { maskPadding: false }],
];

describe.each(KINDS)("of a model with %s", (_name, overrides) => {
  const model = untrained(pairs, overrides);

  test("greedy scores are those of teacher forcing", async () => {
    const results = await model.transduceMany(texts);
    expect(results.map(({ source }) => source)).toEqual(texts);
    for (const result of results) {
      expect(result.score).toBeCloseTo(forcedScore(model, result.source, result), 5);
      expect(result.score).toBeLessThan(0);
    }
  });

  test("a beam's scores are those of teacher forcing, and its outputs sorted and different", async () => {
    const results = await model.transduceMany(texts, { beam: 12, nBest: 9 });
    for (const { source, alternatives, ...best } of results) {
      expect(alternatives).toHaveLength(9);
      expect(best).toMatchObject(alternatives[0]!);
      const finished = alternatives.filter((each) => each.finished);
      for (const each of alternatives) {
        expect(each.score).toBeCloseTo(forcedScore(model, source, each), 5);
      }
      const scores = finished.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect(new Set(alternatives.map(({ output }) => output)).size).toBe(9);
    }
  });

  test("a beam of 1 is greedy, and texts together give what each gives alone", async () => {
    const greedy = await model.transduceMany(texts, { attention: true });
    const narrow = await model.transduceMany(texts, { attention: true, beam: 1, lengthPenalty: 2 });
    expect(narrow).toEqual(greedy);
    const wide = await model.transduceMany(texts, { attention: true, beam: 5, nBest: 2 });
    for (const [i, text] of texts.entries()) {
      expectSame(greedy[i]!, await model.transduce(text));
      expectSame(wide[i]!, await model.transduce(text, { beam: 5, nBest: 2 }));
    }
  });
});

/** As equal as sums in another order are. */
function expectSame(actual: Transduction, expected: Transduction): void {
  const { score, attention, alternatives, ...text } = expected;
  expect(actual).toMatchObject(text);
  expect(actual.score).toBeCloseTo(score, 4);
  expect(actual.alternatives.map(({ output }) => output)).toEqual(
    alternatives.map(({ output }) => output),
  );
  expect(actual.attention).toHaveLength(attention.length);
  for (const [d, row] of attention.entries()) {
    expect(actual.attention[d]).toHaveLength(row.length);
    for (const [e, weight] of row.entries()) expect(actual.attention[d]![e]).toBeCloseTo(weight, 4);
  }
}

describe("on every device", () => {
  const reference = untrained(pairs);
  for (const { name, device, dtype } of openDevices("decoding")) {
    test(`${name} finds the same, greedily, by a beam and as an ensemble`, async () => {
      const one = untrained(pairs, {}, { device, dtype });
      const other = untrained(pairs, {}, { device, dtype, seed: 8 });
      const expected = new Ensemble([reference, untrained(pairs, {}, { seed: 8 })]);
      for (const options of [{}, { beam: 4, nBest: 3, lengthPenalty: 0.7 }]) {
        for (const [found, right] of [
          [await one.transduceMany(texts, options), await reference.transduceMany(texts, options)],
          [
            await new Ensemble([one, other]).transduceMany(texts, options),
            await expected.transduceMany(texts, options),
          ],
        ] as const) {
          for (const [i, each] of found.entries()) expectSame(each, right[i]!);
        }
      }
    });
  }
});

describe("Ensemble", () => {
  test("of a model and itself is the model", async () => {
    const model = untrained(pairs);
    const ensemble = new Ensemble([model, model]);
    for (const options of [{ attention: true }, { beam: 4, nBest: 2, attention: true }]) {
      const expected = await model.transduceMany(texts, options);
      const found = await ensemble.transduceMany(texts, options);
      for (const [i, each] of found.entries()) expectSame(each, expected[i]!);
    }
  });

  test("takes the mean of probabilities, step by step", async () => {
    const models = [1, 2, 3].map((seed) => untrained(pairs, {}, { seed }));
    const ensemble = new Ensemble(models);
    for (const options of [{}, { beam: 5 }]) {
      const result = await ensemble.transduce("ab", options);
      const each = models.map((model) => forced(model, "ab", result));
      const means = each[0]!.map((_, t) => each.reduce((sum, ps) => sum + ps[t]! / 3, 0));
      expect(result.score).toBeCloseTo(Math.log(means.reduce((a, b) => a * b)), 5);
    }
  });

  test("of different architectures works, the mean of attention over those that attend", async () => {
    const models = [
      untrained(pairs, { attention: "none" }),
      untrained(pairs, { cell: "gru", reverseSource: false }),
      untrained(pairs, { copy: true }),
    ];
    const both = new Ensemble(models.slice(1));
    const all = new Ensemble(models);
    const { attention, outputSymbols, sourceSymbols } = await all.transduce("abc");
    expect(attention).toHaveLength(outputSymbols.length);
    expect(sourceSymbols).toEqual(["a", "b", "c"]);
    for (const row of attention) {
      expect(row).toHaveLength(3);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    }
    expect((await both.transduce("abc")).source).toBe("abc");
  });

  test("refuses what does not go together, and says what to do", () => {
    const model = untrained(pairs);
    const other = untrained(reversals(60).map((pair) => ({ ...pair, target: `${pair.source}x` })));
    expect(() => new Ensemble([])).toThrow("Ensemble: expected at least one model, got none");
    expect(() => new Ensemble([model, other])).toThrow(
      "Ensemble: expected models of one target vocabulary, got models[0] and models[1], which differ in " +
        "theirs; train them on the same pairs",
    );
    expect(() => new Ensemble(model as never)).toThrow(DataError);
    expect(() => new Ensemble([model, {} as never])).toThrow(/models\[1\]/);
  });
});

describe("texts that are out of the ordinary", () => {
  const { targetVocabulary, config } = untrained(pairs);
  const symbols = ["<pad>", "<begin>", "<end>", "a", "b"];
  const strict = new Vocabulary({
    symbols,
    tokens: "chars",
    normalization: "NFC",
    pad: 0,
    begin: 1,
    end: 2,
    unknown: null,
  });
  const model = new AttentionSeq2seq(config, strict, targetVocabulary, { seed: 1 });
  const transducers: readonly [name: string, Transducer][] = [
    ["a model", model],
    ["an ensemble", new Ensemble([model, model])],
  ];

  test.each(transducers)("%s refuses what it cannot read, and goes on", async (_name, made) => {
    const results = await made.transduceMany(["ab", "axb", "", "b"], { nBest: 2 });
    expect(results.map(({ source }) => source)).toEqual(["ab", "axb", "", "b"]);
    expect(results.map(({ refusal }) => refusal === null)).toEqual([true, false, true, true]);
    expect(results[1]).toMatchObject({
      output: "",
      score: Number.NEGATIVE_INFINITY,
      finished: false,
    });
    expect(results[1]!.refusal).toMatch(/only symbols that the vocabulary has.*"x"/);
    expect(results[1]!.alternatives).toEqual([]);
    await expect(made.transduce("axb")).rejects.toThrow(DataError);
    const tagged = await made.transduceMany([{ source: "ab", features: "V" }]);
    expect(tagged[0]!.refusal).toMatch(/features/);
  });

  test.each(transducers)("%s answers nothing by nothing", async (_name, made) => {
    const empty = { output: "", outputSymbols: [], score: 0, finished: true, attention: [] };
    expect(await made.transduce("")).toMatchObject({ ...empty, source: "", refusal: null });
    const [result] = await made.transduceMany([""], { nBest: 3, beam: 5 });
    expect(result).toMatchObject({ ...empty, alternatives: [empty] });
  });

  test("what is no text is refused, with its place, after the texts before its window", async () => {
    await expect(model.transduceMany(["a", 5 as never])).rejects.toThrow(
      "AttentionSeq2seq.transduceMany: expected inputs[1] to be a string",
    );
    for (const inputs of ["ab", 5, null, undefined, {}, Symbol("s")] as never[]) {
      await expect(model.transduceMany(inputs)).rejects.toThrow(DataError);
      expect(() => model.transduceStream(inputs)).toThrow(DataError);
    }
  });

  test.each([
    [{ beam: 0 }, "beam to be a whole number from 1 to 1024, got 0"],
    [{ beam: 2, nBest: 3 }, "nBest to be at most the beam, which is 2, got 3"],
    [{ nBest: 0.5 }, "nBest to be a whole number from 1 to 1024, got 0.5"],
    [{ lengthPenalty: -1 }, "lengthPenalty to be a number from 0 to 100, got -1"],
    [{ batchSize: 0 }, "batchSize to be a whole number from 1 to 65536, got 0"],
    [{ attention: 1 }, 'attention to be true, false or "heads", got 1'],
    [{ beams: 3 }, 'got the option "beams"'],
  ])("%j is refused before anything is decoded", async (options, message) => {
    expect(() => model.transduceStream([], options as never)).toThrow(message);
    await expect(model.transduce("a", options as never)).rejects.toThrow(message);
    await expect(model.transduceMany([], options as never)).rejects.toThrow(message);
  });
});

describe("transduceStream", () => {
  const model = untrained(pairs);

  test("keeps order through windows and batches, from iterables of any kind", async () => {
    const random = new Random(6);
    const many = Array.from({ length: 20_000 }, () => "abcdef".slice(random.integer(6)));
    async function* slowly(): AsyncGenerator<string> {
      yield* many;
    }
    const expected = new Map<string, string>();
    for (const text of new Set(many)) expected.set(text, (await model.transduce(text)).output);
    for (const inputs of [many, new Set(many), slowly()]) {
      const sources: string[] = [];
      for await (const { source, output } of model.transduceStream(inputs)) {
        sources.push(source);
        expect(output).toBe(expected.get(source));
      }
      expect(sources).toEqual(inputs instanceof Set ? [...inputs] : many);
    }
  });

  test("reads a window ahead and no further, and stops reading when its reader does", async () => {
    let asked = 0;
    let ended = false;
    function* endless(): Generator<string> {
      try {
        for (;;) {
          asked += 1;
          yield "abc";
        }
      } finally {
        ended = true;
      }
    }
    let answered = 0;
    for await (const { source } of model.transduceStream(endless())) {
      expect(source).toBe("abc");
      if (++answered === 5000) break;
    }
    expect(asked).toBeLessThan(2 ** 20 / 64);
    expect(ended).toBe(true);
  });

  test("answers what has arrived without waiting for more", async () => {
    let release = (): void => {};
    async function* questions(): AsyncGenerator<string> {
      yield "ab";
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield "cd";
    }
    const answers: string[] = [];
    for await (const { source } of model.transduceStream(questions())) {
      answers.push(source);
      release();
    }
    expect(answers).toEqual(["ab", "cd"]);
  });
});

test("a model that copies has what it has never seen among its outputs, with its score", async () => {
  const model = untrained(pairs, { copy: true });
  const { alternatives, unknownSymbols } = await model.transduce("az", { beam: 40, nBest: 40 });
  expect(unknownSymbols).toEqual(["z"]);
  const copied = alternatives.filter(({ output }) => output.includes("z"));
  expect(copied).not.toEqual([]);
  for (const each of copied) expect(each.score).toBeCloseTo(forcedScore(model, "az", each), 5);
});
