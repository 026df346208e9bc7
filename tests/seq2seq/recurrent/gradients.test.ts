import { expect, test } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import { AttentionSeq2seq, type ConfigOverrides, defaultConfig } from "../../../src/index.ts";
import { gradientComplaints } from "../../support/gradient-check.ts";
import { plainForm } from "../../support/plain-form.ts";

const pairs = ["abc", "ca", "b"].map((source, i) => {
  return { source, target: [...source].reverse().join(""), line: i + 1 };
});

const CONFIGS: readonly (readonly [name: string, config: ConfigOverrides])[] = [
  ["an LSTM on both sides, read from both ends", {}],
  ["GRUs", { cell: "gru" }],
  ["two layers on both sides", { encoderLayers: 2, decoderLayers: 2, dropout: 0.3 }],
  ["more layers that read than write", { encoderLayers: 3, bridge: "linear" }],
  ["more layers that write than read", { decoderLayers: 3, bridge: "linear", cell: "gru" }],
  ["a decoder that begins with zeros", { bridge: "zero" }],
  ["a decoder whose cell begins with zeros", { bridge: "hidden" }],
  ["no attention", { attention: "none" }],
  [
    "no attention, with an attentional vector that is fed",
    { attention: "none", attentionalSize: 5, inputFeeding: true },
  ],
  ["scaled attention", { attention: "scaled-dot" }],
  ["multiplicative attention", { attention: "multiplicative" }],
  ["additive attention", { attention: "additive" }],
  ["attention of two heads", { attention: "multi-head", heads: 2 }],
  ["contexts that are fed to the next step", { inputFeeding: true, dropout: 0.2 }],
  ["attentional vectors", { attentionalSize: 5 }],
  ["attentional vectors that are fed to the next step", { attentionalSize: 5, inputFeeding: true }],
  [
    "additive attention whose vectors are fed, as by default",
    { attention: "additive", attentionalSize: 4, inputFeeding: true, dropout: 0.4 },
  ],
  [
    "everything fed, in layers, by several heads",
    {
      attention: "multi-head",
      heads: 2,
      attentionalSize: 3,
      inputFeeding: true,
      encoderLayers: 2,
      decoderLayers: 2,
      dropout: 0.3,
      bridge: "linear",
    },
  ],
  ["an output that is the decoder's embeddings", { tiedEmbeddings: "target" }],
  ["an output that is the embeddings of both sides", { tiedEmbeddings: "all" }],
  ["copies of symbols", { copy: true }],
  [
    "copies by two heads, fed",
    { copy: true, attention: "multi-head", heads: 2, inputFeeding: true },
  ],
  [
    "copies by an attentional vector",
    { copy: true, attentionalSize: 3, attention: "additive", dropout: 0.2 },
  ],
];

test.each(CONFIGS)(
  "every parameter's gradient is that of central differences with %s",
  (_, overrides) => {
    const config = defaultConfig(pairs, {
      embeddingSize: 3,
      hiddenSize: 4,
      dropout: 0,
      ...plainForm(overrides),
    });
    const device = new ReferenceDevice();
    const model = AttentionSeq2seq.fromPairs(pairs, config, { device, dtype: "float64", seed: 3 });
    const batch = pairs.map((pair) => model.encode(pair));
    const { values, grads } = model.parameters;
    const run = (): { loss: number; count: number } => {
      model.zeroGradients();
      const { loss, count } = model.gradients(batch, 7, { labelSmoothing: 0.1 });
      const [sum = 0] = loss.data;
      loss.dispose();
      return { loss: sum, count };
    };
    const complaints = gradientComplaints(
      {
        inputs: { parameters: Float64Array.from(values.data, (x) => 5 * x) },
        forward: ({ parameters }) => {
          values.storage.write(parameters!);
          const { loss, count } = run();
          return [[loss / count]];
        },
        backward: (_inputs, [upstream]) => {
          run();
          return { parameters: Float64Array.from(grads.data, (g) => g * upstream![0]!) };
        },
      },
      { tolerance: 1e-6 },
    );
    expect(complaints).toEqual([]);
  },
);
