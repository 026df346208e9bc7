import { type AttentionSeq2seq, parameterNumbers } from "../../index.ts";
import { Graph } from "./graph.ts";
import { modelBytes } from "./model-bytes.ts";
import type { Model, Sketch } from "./parts.ts";
import { recurrentDecoder } from "./recurrent-decoder.ts";
import { recurrentEncoder } from "./recurrent-encoder.ts";
import { transformerDecoder } from "./transformer-decoder.ts";
import { transformerEncoder } from "./transformer-encoder.ts";

/** The graphs of an architecture, each written into a sketch. */
const GRAPHS = {
  recurrent: { encoder: recurrentEncoder, decoder: recurrentDecoder },
  transformer: { encoder: transformerEncoder, decoder: transformerDecoder },
} as const;

/** The two files of a model. */
export interface OnnxFiles {
  readonly encoder: Uint8Array;
  readonly decoder: Uint8Array;
}

/**
 * A model as two ONNX files: the encoder, and one step of the decoder.
 *
 * @param metadata texts that both files carry
 */
export function onnxFiles(
  model: AttentionSeq2seq,
  metadata: Readonly<Record<string, string>>,
  version: string,
): OnnxFiles {
  const { config, targetVocabulary: target } = model;
  const parts: Model = {
    config,
    parameters: parameterNumbers(model.parameters),
    symbols: target.size,
    unknown: target.unknown ?? target.pad,
  };
  const file = (side: "encoder" | "decoder"): Uint8Array => {
    const sketch: Sketch = { ...parts, graph: new Graph(`heed ${side}`) };
    GRAPHS[config.architecture][side](sketch);
    return modelBytes(sketch.graph, metadata, { name: "heed", version });
  };
  return { encoder: file("encoder"), decoder: file("decoder") };
}
