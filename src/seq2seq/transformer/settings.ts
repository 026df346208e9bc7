import type { TransformerBlockOptions } from "../../layers/transformer/options.ts";
import type { ModelConfig } from "../model-config.ts";

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
