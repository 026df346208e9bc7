import type { Dtype } from "../../../src/core/storage.ts";
import type { Indices } from "../../../src/core/tensor.ts";
import { type Device, indices, Parameters } from "../../../src/index.ts";
import { checkConfig, type ModelConfig } from "../../../src/seq2seq/model-config.ts";
import { TransformerNetwork } from "../../../src/seq2seq/transformer/transformer-network.ts";

/** A Transformer as small as it can be with more than one of everything. */
const TINY: ModelConfig = {
  architecture: "transformer",
  embeddingSize: 4,
  hiddenSize: 4,
  cell: "lstm",
  encoderLayers: 2,
  decoderLayers: 2,
  bidirectional: false,
  attention: "multi-head",
  heads: 2,
  inputFeeding: false,
  attentionalSize: null,
  bridge: "state",
  tiedEmbeddings: "none",
  copy: false,
  feedForwardSize: 3,
  reverseSource: false,
  maskPadding: true,
  sourceLength: null,
  targetLength: null,
  targetLimit: 10,
  embeddingDropout: 0,
  layerDropout: 0,
  outputDropout: 0,
};

/** Sources have a symbol that targets have not, as a feature is, also where one table is for both. */
const SOURCE_SYMBOLS = 6;
const TARGET_SYMBOLS = 5;

/** Where numbers live, and as what. */
export interface Place {
  readonly device: Device;
  readonly dtype: Dtype;
}

/** A network with parameters of its own, at random. */
export function tinyNetwork(place: Place, changes: Partial<ModelConfig> = {}, seed = 3) {
  const config = checkConfig("tinyNetwork", { ...TINY, ...changes });
  const sizes = { source: SOURCE_SYMBOLS, target: TARGET_SYMBOLS };
  const parameters = new Parameters(TransformerNetwork.specs(config, sizes), { ...place, seed });
  return { parameters, network: new TransformerNetwork(config, sizes, parameters, seed) };
}

/** Three sources of four, two and three symbols, padded to four, or by as many more as asked for. */
export function tinySources({ device }: Place, options: { padding?: number; lengths?: boolean }) {
  const { padding = 0, lengths = true } = options;
  const rows = [
    [1, 2, 3, 5],
    [4, 1, 0, 0],
    [2, 0, 3, 0],
  ];
  const padded = rows.map((row) => [...row, ...Array.from({ length: padding }, () => 0)]);
  return {
    sources: indices(padded, undefined, { device }),
    lengths: lengths ? indices([4, 2, 3], undefined, { device }) : undefined,
    copies: null,
  };
}

/** What the three targets say, step by step. */
export const TARGETS = [
  [0, 3, 1, 4, 2],
  [0, 1, 1, 0, 3],
  [0, 4, 4, 2, 1],
];

/** Steps `from … to` of them. */
export function tinyInputs({ device }: Place, from = 0, to = 5): Indices {
  return indices(
    TARGETS.map((row) => row.slice(from, to)),
    undefined,
    { device },
  );
}
