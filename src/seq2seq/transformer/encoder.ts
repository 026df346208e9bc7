import { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { LayerNorm } from "../../layers/layer-norm.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { TransformerEncoderBlock } from "../../layers/transformer/encoder-block.ts";
import type { SourceBatch } from "../batch.ts";
import type { Dropouts } from "../dropouts.ts";
import { embeddingSpecs, newEmbedding } from "../embeddings.ts";
import type { ModelConfig } from "../model-config.ts";
import type { VocabularySizes } from "../vocabulary-sizes.ts";
import { EmbeddedSteps } from "./embedded-steps.ts";
import { blockName, blockOptions, droppingAt } from "./settings.ts";

/** Reads a batch of sources: embedded steps, blocks of self-attention, and the norm that ends them. */
export class TransformerEncoder {
  readonly #embed: EmbeddedSteps;
  readonly #blocks: readonly TransformerEncoderBlock[];
  readonly #norm: LayerNorm;

  constructor(
    config: ModelConfig,
    sizes: VocabularySizes,
    parameters: Parameters,
    dropouts: Dropouts,
  ) {
    const { hiddenSize: size, embeddingDropout: rate, encoderLayers } = config;
    const embed = newEmbedding("encoder", config, sizes, parameters);
    this.#embed = new EmbeddedSteps(embed, size, dropouts.site(rate));
    this.#blocks = Array.from({ length: encoderLayers }, (_, i) => {
      const name = blockName("encoder", i);
      return new TransformerEncoderBlock({
        ...blockOptions(config, dropouts.seed()),
        ...{ parameters, name },
      });
    });
    this.#norm = new LayerNorm(size, { parameters, name: "encoder.norm" });
  }

  /** The parameters, in their order. */
  static specs(config: ModelConfig, sizes: VocabularySizes): ParameterSpec[] {
    const { hiddenSize: size, encoderLayers } = config;
    return [
      ...embeddingSpecs("encoder", config, sizes, true),
      ...Array.from({ length: encoderLayers }, (_, i) =>
        TransformerEncoderBlock.specs(blockName("encoder", i), blockOptions(config, 0)),
      ).flat(),
      ...LayerNorm.specs("encoder.norm", size),
    ];
  }

  /**
   * sources (N, Te) → states (N, Te, H), of which those behind a length are of no meaning.
   *
   * @param step as {@link Network.encode}
   */
  forward({ sources, lengths }: SourceBatch, step: number | null, scope: Scope): Tensor {
    const work = step === null ? new Scope() : scope;
    let x = this.#embed.forward(sources, 0, step, work);
    for (const block of this.#blocks) {
      x = work.keep(block.forward(x, { lengths, ...droppingAt(step) }));
    }
    const states = scope.keep(this.#norm.forward(x));
    if (step === null) {
      work.dispose();
      this.#release();
    }
    return states;
  }

  /** Undoes the last `forward`, which had a step. */
  backward(dStates: Tensor, scope: Scope): void {
    let dx = scope.keep(this.#norm.backward(dStates));
    for (const block of this.#blocks.toReversed()) dx = scope.keep(block.backward(dx));
    this.#embed.backward(dx, scope);
    this.#release();
  }

  /** Gives back what the last forward pass kept for a backward pass. */
  #release(): void {
    for (const block of this.#blocks) block.release();
    this.#norm.release();
  }
}
