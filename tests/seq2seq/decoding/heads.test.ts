import { describe, expect, test } from "vitest";
import { Ensemble, type Hypothesis, type Transduction } from "../../../src/index.ts";
import { expectClose } from "../../support/near.ts";
import { type Overrides, reversals, untrained } from "./small-models.ts";
import { expectSame } from "./steered.ts";

const pairs = reversals(60);
const texts = ["fade", "a", "bcdefa", "cab", "decade"];

/** Models, and how many layers of how many heads they attend with. */
const KINDS: readonly [name: string, layers: number, heads: number, overrides: Overrides][] = [
  ["dot attention", 1, 1, {}],
  [
    "additive attention, reversed and fed",
    1,
    1,
    { attention: "additive", inputFeeding: true, reverseSource: true },
  ],
  [
    "four heads, reversed",
    1,
    4,
    { attention: "multi-head", heads: 4, reverseSource: true, decoderLayers: 2 },
  ],
  ["two heads, copying", 1, 2, { attention: "multi-head", heads: 2, copy: true, cell: "gru" }],
  ["two heads, padding read", 1, 2, { attention: "multi-head", heads: 2, maskPadding: false }],
  [
    "a Transformer",
    3,
    2,
    { architecture: "transformer", hiddenSize: 8, heads: 2, decoderLayers: 3, reverseSource: true },
  ],
];

function expectHeads(made: Hypothesis, layers: number, heads: number): void {
  expect(made.heads.map(({ layer, head }) => [layer, head])).toEqual(
    Array.from({ length: layers * heads }, (_, i) => [Math.floor(i / heads), i % heads]),
  );
  for (const { attention } of made.heads) expect(attention).toHaveLength(made.outputSymbols.length);
  const last = made.heads.slice(-heads);
  for (const [d, row] of made.attention.entries()) {
    const mean = row.map(
      (_, e) => last.reduce((sum, each) => sum + each.attention[d]![e]!, 0) / heads,
    );
    expectClose(row, mean, 6);
  }
}

describe.each(KINDS)("every head of a model with %s", (_, layers, heads, overrides) => {
  const model = untrained(pairs, overrides);
  const all = (made: Transduction): readonly Hypothesis[] => [made, ...made.alternatives];

  test("has a map, and those of the last layer the mean that the attention is", async () => {
    for (const options of [{}, { beam: 5, nBest: 5 }]) {
      const plain = await model.transduceMany(texts, { ...options, attention: true });
      const found = await model.transduceMany(texts, { ...options, attention: "heads" });
      for (const [i, made] of found.entries()) {
        for (const [n, each] of all(made).entries()) {
          const { heads: maps, output } = each;
          const other = all(plain[i]!)[n]!;
          expectHeads(each, layers, heads);
          expect(other.heads).toEqual([]);
          expectSame(each, other);
          if (maps.length > 1 && output !== "" && made.source.length > 1) {
            expect(maps[0]!.attention).not.toEqual(maps[1]!.attention);
          }
        }
      }
    }
  });

  test("has that of its output, wherever a beam's rows went", async () => {
    const { alternatives } = await model.transduce("decade", {
      beam: 8,
      nBest: 8,
      attention: "heads",
    });
    expect(alternatives).toHaveLength(8);
    for (const { outputSymbols: output, heads: maps } of alternatives) {
      const alone = await model.transduce("decade", { attention: "heads", steer: { output } });
      for (const [i, { attention }] of maps.entries()) {
        for (const [d, row] of attention.entries())
          expectClose(alone.heads[i]!.attention[d]!, row, 5);
      }
    }
  });

  test("has the weights that are given", async () => {
    const steer = {
      output: ["a", "b"],
      attention: [
        [0, 1, 0],
        [1, 0, 3],
      ],
    };
    const made = await model.transduce("abc", { attention: "heads", steer });
    for (const { attention } of made.heads) {
      expectClose(attention[0]!, [0, 1, 0], 6);
      expectClose(attention[1]!, [0.25, 0, 0.75], 6);
    }
  });
});

test("layers and heads are told apart", async () => {
  const size = 8;
  const overrides = {
    architecture: "transformer",
    hiddenSize: size,
    heads: 2,
    decoderLayers: 2,
  } as const;
  const model = untrained(pairs, overrides);
  // Head 1 of layer 0 asks nothing, and so looks everywhere alike.
  const W = model.parameters.value("decoder.block1.cross.Wq").data;
  for (let i = 0; i < W.length; i++) if (i % size >= size / 2) W[i] = 0;
  model.parameters.value("decoder.block1.cross.bq").data.fill(0, size / 2);
  const { heads } = await model.transduce("abcd", { attention: "heads", steer: { output: ["a"] } });
  const even = heads.filter(({ attention }) =>
    attention[0]!.every((w) => Math.abs(w - 0.25) < 1e-6),
  );
  expect(even.map(({ layer, head }) => [layer, head])).toEqual([[0, 1]]);
});

test("nothing attends, nothing is asked, nothing is there: no heads; a text without output has maps without rows", async () => {
  const none = untrained(pairs, { attention: "none" });
  expect((await none.transduce("ab", { attention: "heads" })).heads).toEqual([]);
  const model = untrained(pairs, { attention: "multi-head", heads: 2 });
  for (const attention of [true, false]) {
    expect((await model.transduce("ab", { attention })).heads).toEqual([]);
  }
  expect((await model.transduce("", { attention: "heads" })).heads).toEqual([
    { layer: 0, head: 0, attention: [] },
    { layer: 0, head: 1, attention: [] },
  ]);
});

test("heads of several models are refused, and those of an ensemble of one are its model's", async () => {
  const model = untrained(pairs, { attention: "multi-head", heads: 2 });
  const several = new Ensemble([model, model]);
  await expect(several.transduce("ab", { attention: "heads" })).rejects.toThrow(
    "Ensemble.transduce: expected attention to be true or false, since heads of several models have no mean, " +
      'got "heads"; ask each of the models',
  );
  expect(() => several.transduceStream([], { attention: "heads" })).toThrow(
    "Ensemble.transduceStream",
  );
  const own = await model.transduce("ab", { attention: "heads" });
  expect(await new Ensemble([model]).transduce("ab", { attention: "heads" })).toEqual(own);
});
