import { Embedding } from "../../layers/embedding.ts";
import type { ParameterSpec } from "../../layers/parameters.ts";
import type { ModelConfig } from "../model-config.ts";

/** The names of the two embeddings, which may be one and the same. */
export function embeddingNames({ tiedEmbeddings }: ModelConfig): {
  readonly encoder: string;
  readonly decoder: string;
} {
  if (tiedEmbeddings === "all") return { encoder: "embed", decoder: "embed" };
  return { encoder: "encoder.embed", decoder: "decoder.embed" };
}

/** The parameters of an embedding. One that is the output layer too begins as an output layer does. */
export function embeddingSpecs(
  name: string,
  symbols: number,
  size: number,
  tied: boolean,
): ParameterSpec[] {
  const specs = Embedding.specs(name, symbols, size);
  return tied ? specs.map((spec) => ({ ...spec, deviation: 1 / Math.sqrt(size) })) : specs;
}

/** `name` for layer 0, `name2` for layer 1, and so on, as the first layers of heed's models were called. */
export function layerName(name: string, layer: number): string {
  return layer === 0 ? name : `${name}${layer + 1}`;
}
