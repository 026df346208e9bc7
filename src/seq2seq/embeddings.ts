/** The tables of embeddings of both sides, which may be one and the same. */

import { Embedding } from "../layers/embedding.ts";
import type { ParameterSpec, Parameters } from "../layers/parameters.ts";
import type { ModelConfig } from "./model-config.ts";
import type { VocabularySizes } from "./vocabulary-sizes.ts";

/** Who reads, and who writes. */
export type Side = "encoder" | "decoder";

/** What the embeddings of a side are called; where all are tied, those of both are one. */
export function embeddingName(side: Side, { tiedEmbeddings }: ModelConfig): string {
  return tiedEmbeddings === "all" ? "embed" : `${side}.embed`;
}

/** Rows of a side's embeddings. */
function rowsOf(
  side: Side,
  { tiedEmbeddings }: ModelConfig,
  { source, target }: VocabularySizes,
): number {
  // One table for both may have rows that only sources have, as for features.
  if (tiedEmbeddings === "all") return Math.max(source, target);
  return side === "encoder" ? source : target;
}

/** The layer that embeds a side's symbols. */
export function newEmbedding(
  side: Side,
  config: ModelConfig,
  sizes: VocabularySizes,
  parameters: Parameters,
): Embedding {
  const rows = rowsOf(side, config, sizes);
  const name = embeddingName(side, config);
  return new Embedding(rows, config.embeddingSize, { parameters, name });
}

/**
 * The parameters of a side's embeddings; none where the other side has them already.
 *
 * @param large whether they begin with deviation 1/√D, as what is multiplied by √D does, or by a row of norm √D
 */
export function embeddingSpecs(
  side: Side,
  config: ModelConfig,
  sizes: VocabularySizes,
  large: boolean,
): ParameterSpec[] {
  if (side === "decoder" && config.tiedEmbeddings === "all") return [];
  const size = config.embeddingSize;
  const rows = rowsOf(side, config, sizes);
  const specs = Embedding.specs(embeddingName(side, config), rows, size);
  return large ? specs.map((spec) => ({ ...spec, deviation: 1 / Math.sqrt(size) })) : specs;
}
