import fc from "fast-check";
import type { ConfigOverrides } from "../../src/index.ts";

/** Small models of every kind; fields that do not go together among them. */
export const overrides: fc.Arbitrary<ConfigOverrides> = fc.record(
  {
    architecture: fc.constantFrom("recurrent", "recurrent", "recurrent", "transformer"),
    embeddingSize: fc.integer({ min: 1, max: 6 }),
    hiddenSize: fc.integer({ min: 1, max: 8 }),
    cell: fc.constantFrom("lstm", "gru"),
    encoderLayers: fc.integer({ min: 1, max: 3 }),
    decoderLayers: fc.integer({ min: 1, max: 3 }),
    bidirectional: fc.boolean(),
    attention: fc.constantFrom(
      "none",
      "dot",
      "scaled-dot",
      "multiplicative",
      "additive",
      "multi-head",
    ),
    heads: fc.integer({ min: 1, max: 4 }),
    inputFeeding: fc.boolean(),
    attentionalSize: fc.option(fc.integer({ min: 1, max: 6 })),
    bridge: fc.constantFrom("state", "hidden", "linear", "zero"),
    tiedEmbeddings: fc.constantFrom("none", "target", "all"),
    copy: fc.boolean(),
    reverseSource: fc.boolean(),
    maskPadding: fc.boolean(),
    targetLimit: fc.integer({ min: 1, max: 8 }),
    dropout: fc.constantFrom(0, 0.2),
  },
  { requiredKeys: ["hiddenSize", "embeddingSize"] },
);

/** The same, with fields of the others' choice where they would not go together. */
export const fittingOverrides = overrides.map((given): ConfigOverrides => {
  const { architecture, hiddenSize = 1, tiedEmbeddings = "none", ...rest } = given;
  const size = 2 * hiddenSize;
  const heads = given.attention === "multi-head" ? { heads: 2 } : { heads: 1 };
  if (architecture === "transformer") {
    const { encoderLayers = 1, decoderLayers = 1, reverseSource = false, dropout = 0 } = given;
    const layers = { encoderLayers, decoderLayers, reverseSource, dropout };
    // A LayerNorm of two numbers gives ±1, or what rounding makes of it where they are nearly equal.
    return { architecture, hiddenSize: size + 2, heads: 2, tiedEmbeddings, ...layers };
  }
  const none = given.attention === "none" ? { copy: false, inputFeeding: false } : {};
  if (tiedEmbeddings === "none") return { ...rest, ...heads, ...none, hiddenSize: size };
  const { attentionalSize: _, ...others } = rest;
  return { ...others, ...heads, ...none, hiddenSize: size, tiedEmbeddings };
});
