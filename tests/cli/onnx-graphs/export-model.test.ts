import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelConfig } from "../../../src/index.ts";
import { fittingOverrides } from "../../support/model-configs.ts";
import { NO_ONNX_RUNTIME, ONNX_RUNTIMES, onnxRuntime } from "../../support/onnx-runtimes.ts";
import { expectSameOutputs, expectSameSteps } from "./agreement.ts";
import { endlessModelOf, modelOf, TAGGED, TEXTS } from "./small-models.ts";

const CASES: readonly (readonly [name: string, config: Partial<ModelConfig>])[] = [
  ["an LSTM on either side, and dot attention", { bidirectional: false }],
  ["no attention", { attention: "none" }],
  ["the encoder from both ends", { bidirectional: true }],
  ["two layers on each side", { encoderLayers: 2, decoderLayers: 2 }],
  ["more layers that read than that write", { encoderLayers: 3, decoderLayers: 1 }],
  ["more layers that write than that read", { encoderLayers: 1, decoderLayers: 3 }],
  ["GRUs", { cell: "gru", encoderLayers: 2 }],
  ["the source from its end", { reverseSource: true, bidirectional: false }],
  ["the source from its end and both ends", { reverseSource: true, bidirectional: true }],
  ["scaled dot attention", { attention: "scaled-dot" }],
  ["multiplicative attention", { attention: "multiplicative" }],
  ["additive attention", { attention: "additive" }],
  ["attention of one head", { attention: "multi-head", heads: 1 }],
  ["attention of four heads", { attention: "multi-head", heads: 4 }],
  ["the context fed back", { inputFeeding: true, attentionalSize: null }],
  ["an attentional vector, fed back", { inputFeeding: true, attentionalSize: 6 }],
  ["an attentional vector without attention", { attention: "none", attentionalSize: 6 }],
  ["a bridge of the hidden state", { bridge: "hidden" }],
  ["a bridge of layers", { bridge: "linear", decoderLayers: 2 }],
  ["a bridge of nothing", { bridge: "zero" }],
  ["the target's embeddings for the output", { tiedEmbeddings: "target", attentionalSize: 8 }],
  ["one table of embeddings", { tiedEmbeddings: "all", attentionalSize: 8 }],
  ["padding that is read", { maskPadding: false, sourceLength: 24 }],
  [
    "padding that is read from its end",
    { maskPadding: false, sourceLength: 24, reverseSource: true },
  ],
  ["symbols that are copied", { copy: true }],
  ["symbols that are copied from the end", { copy: true, reverseSource: true, cell: "gru" }],
  ["symbols that are copied and fed back", { copy: true, inputFeeding: true, attentionalSize: 8 }],
  ["a Transformer", { architecture: "transformer" }],
  [
    "a Transformer of one block and one table",
    { architecture: "transformer", encoderLayers: 1, decoderLayers: 1, tiedEmbeddings: "all" },
  ],
  [
    "a Transformer that reads from the end",
    { architecture: "transformer", reverseSource: true, tiedEmbeddings: "target", heads: 1 },
  ],
  [
    "a Transformer that reads padding",
    { architecture: "transformer", maskPadding: false, sourceLength: 24 },
  ],
];

/** With these, models write much that differs from text to text. */
const SEEDS = [1, 6];

describe.skipIf(NO_ONNX_RUNTIME !== undefined).each(ONNX_RUNTIMES)(
  "%s computes what heed computes",
  (name) => {
    it.each(CASES)("with %s", async (_, config) => {
      const runtime = await onnxRuntime(name);
      for (const seed of SEEDS) {
        const model = modelOf(config, seed);
        await expectSameSteps(model, runtime, TEXTS, 5);
        await expectSameOutputs(model, runtime, TEXTS);
      }
    });

    it.each<[Partial<ModelConfig>]>([
      [{}],
      [{ copy: true }],
      [{ reverseSource: true, tiedEmbeddings: "all", attentionalSize: 8 }],
      [{ architecture: "transformer", tiedEmbeddings: "all" }],
    ])("with tags before the text: %j", async (config) => {
      const runtime = await onnxRuntime(name);
      const model = modelOf(config, 6, { tagged: true });
      await expectSameSteps(model, runtime, TAGGED, 5);
      await expectSameOutputs(model, runtime, TAGGED);
    });

    it.each<[Partial<ModelConfig>]>([
      [{}],
      [{ maskPadding: false, sourceLength: 24 }],
      [{ architecture: "transformer" }],
    ])("without an end symbol: %j", async (config) => {
      const runtime = await onnxRuntime(name);
      const model = endlessModelOf(config, 6);
      await expectSameSteps(model, runtime, TEXTS, 5);
      await expectSameOutputs(model, runtime, TEXTS);
    });
  },
);

it.skipIf(NO_ONNX_RUNTIME !== undefined)(
  "any model is exported as it is",
  async () => {
    const runtime = await onnxRuntime("onnxruntime-node");
    await fc.assert(
      fc.asyncProperty(fittingOverrides, fc.nat(99), async (overrides, seed) => {
        const model = modelOf(overrides, seed);
        // Longer ones that are not equally long have no batch in common where padding is read.
        const { sourceLength } = model.config;
        const texts = TEXTS.filter(({ length }) => length <= (sourceLength ?? length));
        await expectSameSteps(model, runtime, texts, 3);
        await expectSameOutputs(model, runtime, texts);
      }),
      { numRuns: 40, seed: 20_261_130 },
    );
  },
  60_000,
);

it.skipIf(NO_ONNX_RUNTIME !== undefined)(
  "the example refuses sources of several lengths where padding is read",
  async () => {
    const model = modelOf({ maskPadding: false, sourceLength: 2 }, 1);
    const runtime = await onnxRuntime("onnxruntime-node");
    await expectSameOutputs(model, runtime, ["ab", "a", ""]);
    await expectSameOutputs(model, runtime, ["abc", "cab"]);
    await expect(expectSameOutputs(model, runtime, ["ab", "abc"])).rejects.toThrow(RangeError);
  },
);

describe.skipIf(NO_ONNX_RUNTIME !== undefined)("texts become symbols as heed cuts them", () => {
  const texts = [
    "a b",
    "é",
    "e\u0301",
    " ab  cd ",
    "한글",
    "🏳️‍🌈a",
    "abcd;b",
    "a\ud800b",
    "\0",
    "ﬁ",
  ];

  it.each(["chars", "codepoints", "spaces", "tags"] as const)("%s", async (tokens) => {
    const runtime = await onnxRuntime("onnxruntime-node");
    for (const form of ["NFC", "NFD", "NFKC", "NFKD", "none"] as const) {
      for (const copy of [false, true]) {
        const model = modelOf({ copy }, 6, {
          sourceTokens: tokens,
          targetTokens: tokens,
          sourceNormalization: form,
          targetNormalization: form,
        });
        await expectSameOutputs(model, runtime, texts);
      }
    }
  });
});

it("has outputs to compare", async () => {
  const all = new Set<string>();
  for (const seed of SEEDS) {
    const outputs = await modelOf({}, seed).transduceMany(TEXTS);
    for (const { output } of outputs) all.add(output);
  }
  expect(all.size).toBeGreaterThan(15);
});
