import { Embedding } from "../../layers/embedding.ts";
import type { ParameterSpec } from "../../layers/parameters.ts";
import type { TransformerBlockOptions } from "../../layers/transformer/options.ts";
import type { ModelConfig } from "../model-config.ts";
import type { VocabularySizes } from "../vocabulary-sizes.ts";

/** What dropout of one step is drawn from, as layers want it; null: there is none, nor a backward pass. */
export function droppingAt(step: number | null): { training: boolean; dropoutStream?: number } {
  return step === null ? { training: false } : { training: true, dropoutStream: step };
}

/** One block of either side, whose norms come first, as a stack without warm-up wants them. */
export function blockOptions(config: ModelConfig, seed: number): TransformerBlockOptions {
  const { hiddenSize: size, heads, feedForwardSize: hidden, layerDropout: rate } = config;
  return { size, heads, hidden, dropout: { rate, seed } };
}

/** The name of block i of a side, from 1 on. */
export function blockName(side: "encoder" | "decoder", i: number): string {
  return `${side}.block${i + 1}`;
}

/** The embeddings of a side are called so; where all are tied, those of both are one. */
export function embedName(side: "encoder" | "decoder", config: ModelConfig): string {
  return config.tiedEmbeddings === "all" ? "embed" : `${side}.embed`;
}

/** Rows of a side's embeddings. */
export function embeddingRows(
  side: "encoder" | "decoder",
  config: ModelConfig,
  { source, target }: VocabularySizes,
): number {
  // One table for both may have rows that only sources have, as for features.
  if (config.tiedEmbeddings === "all") return Math.max(source, target);
  return side === "encoder" ? source : target;
}

/** Embeddings that begin with deviation 1/√D: what is made of them is multiplied by √D, or by a row of norm √D. */
export function embeddingSpecs(name: string, rows: number, size: number): ParameterSpec[] {
  const deviation = 1 / Math.sqrt(size);
  return Embedding.specs(name, rows, size).map((spec) => ({ ...spec, deviation }));
}
