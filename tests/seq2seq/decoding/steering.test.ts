import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Scope } from "../../../src/core/scope.ts";
import { type AttentionSeq2seq, Ensemble, indices, type Steering } from "../../../src/index.ts";
import { batchSources } from "../../../src/seq2seq/batch.ts";
import { readSource } from "../../../src/seq2seq/source.ts";
import { openDevices } from "../../support/devices.ts";
import { fittingOverrides } from "../../support/model-configs.ts";
import { expectClose } from "../../support/near.ts";
import { type Overrides, reversals, untrained } from "./small-models.ts";
import { expectRows, expectSame } from "./steered.ts";

const pairs = reversals(60);

/** Of every kind whose heads, where there are several, have weights of their own. */
const KINDS: readonly [name: string, overrides: Overrides][] = [
  ["dot", {}],
  ["scaled-dot", { attention: "scaled-dot", cell: "gru", reverseSource: true }],
  ["multiplicative", { attention: "multiplicative", bidirectional: true, decoderLayers: 2 }],
  ["additive", { attention: "additive", attentionalSize: 6, inputFeeding: true, cell: "gru" }],
  ["input feeding of the context", { inputFeeding: true, encoderLayers: 2 }],
  ["multi-head attention", { attention: "multi-head", heads: 1, attentionalSize: 8 }],
  ["copying", { copy: true, reverseSource: true, attentionalSize: 8, inputFeeding: true }],
  ["tied embeddings", { tiedEmbeddings: "all" }],
  ["a Transformer", { architecture: "transformer", heads: 1, hiddenSize: 8, decoderLayers: 1 }],
];

describe.each(KINDS)("weights that are given, with %s", (_, overrides) => {
  const model = untrained(pairs, overrides);

  test("do what they do where the model has the same", async () => {
    for (const text of ["abc", "f", "fedcba", "aabbcz"]) {
      for (const output of [[], ["f", "a", "b", "a"]]) {
        const own = await model.transduce(text, { steer: { output } });
        const { attention } = own;
        expect(attention.length).toBeGreaterThanOrEqual(output.length);
        expectSame(await model.transduce(text, { steer: { output, attention } }), own);
        const some = attention.map((row, d) => (d % 2 === 0 ? row.map((w) => 7 * w) : null));
        expectSame(await model.transduce(text, { steer: { output, attention: some } }), own);
      }
    }
  });

  test("do so for each output of a beam", async () => {
    const beam = { beam: 12, nBest: 12 };
    const { alternatives } = await model.transduce("abcz", beam);
    for (const each of alternatives) {
      const { attention, outputSymbols: output } = each;
      const given = await model.transduce("abcz", { ...beam, steer: { output, attention } });
      for (const other of given.alternatives) expectRows(other, attention);
      const same = given.alternatives.find((other) => other.output === each.output);
      expectSame(same!, each);
    }
  });

  test("do something where it has others", async () => {
    const own = await model.transduce("abcd", { beam: 4, nBest: 4 });
    const attention = Array.from({ length: 8 }, (_, d) => [0, 1, 2, 3].map((e) => +(e === d % 4)));
    const given = await model.transduce("abcd", { beam: 4, nBest: 4, steer: { attention } });
    for (const each of given.alternatives) expectRows(each, attention.slice(0, each.output.length));
    expect(Math.abs(given.score - own.score)).toBeGreaterThan(1e-3);
  });
});

/** A model that looks everywhere alike, since nothing is asked; else the same as another. */
function withoutQueries(model: AttentionSeq2seq): AttentionSeq2seq {
  const asks = /attention\.(query\.|W$|v$)|cross\.[Wb]q$/;
  const names = model.parameters.names.filter((name) => asks.test(name));
  expect(names).not.toEqual([]);
  for (const name of names) model.parameters.value(name).data.fill(0);
  return model;
}

const HEADS: readonly [name: string, overrides: Overrides][] = [
  ["several heads", { attention: "multi-head", heads: 4, reverseSource: true }],
  [
    "several heads that are fed",
    { attention: "multi-head", heads: 2, inputFeeding: true, copy: true },
  ],
  ["additive attention", { attention: "additive", attentionalSize: 8 }],
  ["multiplicative attention", { attention: "multiplicative", inputFeeding: true }],
  [
    "several layers of heads",
    { architecture: "transformer", heads: 2, hiddenSize: 8, decoderLayers: 3 },
  ],
];

describe.each(HEADS)("all weights alike, with %s", (_, overrides) => {
  test("are those of a model that asks nothing, greedily and in beams", async () => {
    const model = untrained(pairs, overrides);
    const plain = withoutQueries(untrained(pairs, overrides));
    const texts = ["abc", "fed", "cab", "zzz"];
    const steer = { attention: Array.from({ length: 99 }, () => [2, 2, 2]) };
    for (const beam of [{}, { beam: 5, nBest: 5 }]) {
      const given = await model.transduceMany(texts, { ...beam, attention: true, steer });
      const expected = await plain.transduceMany(texts, { ...beam, attention: true });
      const own = await model.transduceMany(texts, { ...beam, attention: true });
      for (const [i, each] of given.entries()) {
        expectSame(each, expected[i]!);
        for (const [n, other] of each.alternatives.entries()) {
          expectSame(other, expected[i]!.alternatives[n]!);
        }
        expect(Math.abs(each.score - own[i]!.score)).toBeGreaterThan(1e-4);
      }
    }
  });
});

test("a model of any config does with its own weights what it does without", async () => {
  await fc.assert(
    fc.asyncProperty(fittingOverrides, fc.integer({ min: 1, max: 99 }), async (given, seed) => {
      const heads = given.attention === "multi-head" || given.architecture === "transformer";
      // Heads and layers with weights of their own cannot all be given the same.
      const one = heads ? { heads: 1 } : {};
      const { architecture, hiddenSize: embeddingSize = 0 } = given;
      const layers = architecture === "transformer" ? { decoderLayers: 1, embeddingSize } : {};
      const model = untrained(pairs, { ...given, ...one, ...layers }, { seed });
      const { config } = model;
      if (config.attention === "none") return;
      // A model that reads its padding looks at it too, and is to be given none.
      const text = "abcdefabcdef".slice(0, config.sourceLength ?? 1 + (seed % 6));
      const own = await model.transduce(text);
      expectSame(await model.transduce(text, { steer: { attention: own.attention } }), own, 3);
      model.dispose();
    }),
    { seed: 5, numRuns: 60 },
  );
}, 60_000);

test("one symbol that is looked at is the definition: its state, the decoder's, and the output layer", async () => {
  const model = untrained(pairs, { targetLimit: 1, reverseSource: true, attention: "additive" });
  const { config, network, parameters, sourceVocabulary, targetVocabulary, device } = model;
  const text = "fade";
  const scope = new Scope();
  const batch = batchSources(
    [readSource(model, text, "")],
    config,
    sourceVocabulary.pad,
    device,
    scope,
  );
  const encoded = network.encode(batch, null, scope);
  const inputs = scope.keep(indices([[targetVocabulary.begin]], undefined, { device }));
  const { state } = network.advance(inputs, encoded, network.begin(encoded), scope);
  const hidden = state.tensors["h0"]!.data;
  const states = encoded.tensors["hs"]!.toArray() as number[][][];
  for (const [e, letter] of [...text].entries()) {
    // Read from the end.
    const read = [...states[0]![text.length - 1 - e]!, ...hidden];
    const W = parameters.value("decoder.affine.W").toArray() as number[][];
    const b = parameters.value("decoder.affine.b").data;
    const logits = Array.from(b, (bias, v) =>
      read.reduce((sum, x, i) => sum + x * W[i]![v]!, bias),
    );
    const all = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const weights = [...text].map((other) => (other === letter ? 3 : 0));
    const steer = { attention: [weights], output: ["c"] };
    const { score, attention } = await model.transduce(text, { steer });
    const id = targetVocabulary.encodeSymbols(["c"])[0]!;
    expect(score).toBeCloseTo(logits[id]! - Math.log(all), 5);
    expect(attention).toEqual([weights.map((weight) => weight / 3)]);
  }
  scope.dispose();
});

describe("an ensemble", () => {
  const [a, b] = [untrained(pairs, { reverseSource: true }), untrained(pairs, {}, { seed: 8 })];
  const steer: Steering = { output: ["d", "d"], attention: [[0, 1, 0], null, [1, 1, 2]] };

  test("of a model and itself is steered as the model is", async () => {
    for (const options of [{ steer }, { steer, beam: 3 }]) {
      const expected = await a.transduce("abc", options);
      expectSame(await new Ensemble([a, a]).transduce("abc", options), expected);
    }
  });

  test("has all that attend look there", async () => {
    const none = untrained(pairs, { attention: "none" });
    const { attention, outputSymbols } = await new Ensemble([a, none, b]).transduce("abc", {
      steer,
    });
    expect(outputSymbols.slice(0, 2)).toEqual(["d", "d"]);
    expect(attention[0]).toEqual([0, 1, 0]);
    const own = await Promise.all([a, b].map((each) => each.transduce("abc", { steer })));
    const mean = own[0]!.attention[1]!.map((weight, e) => (weight + own[1]!.attention[1]![e]!) / 2);
    expectClose(attention[1]!, mean, 5);
  });
});

describe("on every device", () => {
  const steer: Steering = { output: ["c"], attention: [[1, 2, 0, 3], null, [0, 0, 1, 0]] };
  for (const overrides of [
    { attention: "multi-head", heads: 2, copy: true },
    { architecture: "transformer", heads: 2, hiddenSize: 8 },
  ] satisfies Overrides[]) {
    const reference = untrained(pairs, overrides);
    for (const { name, device, dtype } of openDevices("steering")) {
      const kind = overrides.architecture ?? "recurrent";
      test(`${name} gives the same of a ${kind} model`, async () => {
        const model = untrained(pairs, overrides, { device, dtype });
        for (const options of [{ steer }, { steer, beam: 3 }]) {
          const found = await model.transduce("fade", options);
          expectSame(found, await reference.transduce("fade", options));
        }
      });
    }
  }
});

test.each(["float32", "float64"] as const)(
  "weights of any size that a number can have are scaled, in %s",
  async (dtype) => {
    const model = untrained(pairs, {}, { dtype });
    const attention = [
      [1e308, 1e308, 0],
      [5e-324, 5e-324, 0],
      [1e-300, 3e-300, 0],
      [0, 1e308, 5e-324],
    ];
    const made = await model.transduce("abc", { steer: { output: [..."abcd"], attention } });
    const expected = [
      [0.5, 0.5, 0],
      [0.5, 0.5, 0],
      [0.25, 0.75, 0],
      [0, 1, 0],
    ];
    for (const [d, row] of expected.entries()) {
      expectClose(made.attention[d]!, row, dtype === "float32" ? 6 : 12);
    }
  },
);

test("a model that reads its padding is not to look at it", async () => {
  const model = untrained(pairs, { maskPadding: false, reverseSource: true });
  const { attention } = await model.transduce("ab", {
    steer: { output: ["a"], attention: [[1, 3]] },
  });
  expectClose(attention[0]!, [0.25, 0.75], 6);
});

test("what is read of a call stays as it was when it came", async () => {
  const model = untrained(pairs);
  const [output, row] = [["d"], [0, 1]];
  const stream = model.transduceStream(["ab"], {
    attention: true,
    steer: { output, attention: [row] },
  });
  output[0] = "e";
  row.reverse();
  for await (const made of stream) {
    expect(made.outputSymbols[0]).toBe("d");
    expect(made.attention[0]).toEqual([0, 1]);
  }
});
