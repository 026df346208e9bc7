import { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { KeyValueCache } from "../../layers/attend/key-value-cache.ts";
import type { KeysAndValues } from "../../layers/attend/options.ts";
import { LayerNorm } from "../../layers/layer-norm.ts";
import { Linear } from "../../layers/linear.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { TiedLinear } from "../../layers/tied-linear.ts";
import { TransformerDecoderBlock } from "../../layers/transformer/decoder-block.ts";
import { TransformerDecoderCache } from "../../layers/transformer/decoder-cache.ts";
import { addInto, meanOfHeads, zerosLike } from "../axes.ts";
import type { DropoutSite, Dropouts } from "../dropouts.ts";
import { embeddingName, embeddingSpecs, newEmbedding } from "../embeddings.ts";
import type { ModelConfig } from "../model-config.ts";
import type { Attending } from "../network.ts";
import type { VocabularySizes } from "../vocabulary-sizes.ts";
import { EmbeddedSteps } from "./embedded-steps.ts";
import { blockName, blockOptions, droppingAt } from "./settings.ts";

/** Sources as every block's attention meets them, and how many steps of them are real. */
export interface ProjectedSource {
  readonly lengths: Indices | undefined;
  /** Per block. */
  readonly keysAndValues: readonly KeysAndValues[];
}

/** Writes targets: embedded steps, blocks that attend to each other's steps before and to the source, the output. */
export class TransformerDecoder {
  readonly #embed: EmbeddedSteps;
  readonly #blocks: readonly TransformerDecoderBlock[];
  readonly #norm: LayerNorm;
  readonly #dropout: DropoutSite;
  readonly #affine: Linear | TiedLinear;
  /** Of one head's key, and how many there are. */
  readonly #heads: { readonly heads: number; readonly size: number };

  constructor(
    config: ModelConfig,
    sizes: VocabularySizes,
    parameters: Parameters,
    dropouts: Dropouts,
  ) {
    const { hiddenSize: size, heads, decoderLayers, embeddingDropout, outputDropout } = config;
    const embed = newEmbedding("decoder", config, sizes, parameters);
    this.#embed = new EmbeddedSteps(embed, size, dropouts.site(embeddingDropout));
    this.#blocks = Array.from({ length: decoderLayers }, (_, i) => {
      const name = blockName("decoder", i);
      return new TransformerDecoderBlock({
        ...blockOptions(config, dropouts.seed()),
        ...{ parameters, name },
      });
    });
    this.#norm = new LayerNorm(size, { parameters, name: "decoder.norm" });
    this.#dropout = dropouts.site(outputDropout);
    const affine = { parameters, name: "decoder.affine" };
    this.#affine =
      config.tiedEmbeddings === "none"
        ? new Linear(size, sizes.target, affine)
        : new TiedLinear(sizes.target, {
            ...affine,
            table: `${embeddingName("decoder", config)}.W`,
          });
    this.#heads = { heads, size: size / heads };
  }

  /** The parameters, in their order; without the embeddings where they are those of the encoder. */
  static specs(config: ModelConfig, sizes: VocabularySizes): ParameterSpec[] {
    const { hiddenSize: size, decoderLayers, tiedEmbeddings } = config;
    const name = "decoder.affine";
    return [
      ...embeddingSpecs("decoder", config, sizes, true),
      ...Array.from({ length: decoderLayers }, (_, i) =>
        TransformerDecoderBlock.specs(blockName("decoder", i), blockOptions(config, 0)),
      ).flat(),
      ...LayerNorm.specs("decoder.norm", size),
      ...(tiedEmbeddings === "none"
        ? Linear.specs(name, [size], sizes.target)
        : TiedLinear.specs(name, sizes.target)),
    ];
  }

  /** inputs (N, Td), states (N, Te, H) → logits (N, Td, V), for `backward`. */
  forward(
    inputs: Indices,
    states: Tensor,
    lengths: Indices | undefined,
    step: number,
    scope: Scope,
  ): Tensor {
    const call = { memoryLengths: lengths, ...droppingAt(step) };
    let x = this.#embed.forward(inputs, 0, step, scope);
    for (const block of this.#blocks) x = scope.keep(block.forward(x, states, call));
    return scope.keep(this.#output(x, step, scope));
  }

  /** Undoes the last `forward` → the gradient of the encoder's states. */
  backward(dLogits: Tensor, scope: Scope): Tensor {
    const [dLast] = this.#affine.backward(dLogits) as [Tensor];
    let dx = this.#dropout.backward(scope.keep(dLast), scope);
    dx = scope.keep(this.#norm.backward(dx));
    let dStates: Tensor | null = null;
    for (const block of this.#blocks.toReversed()) {
      const [before, dMemory] = block.backward(dx);
      dx = scope.keep(before);
      scope.keep(dMemory);
      if (dStates === null) dStates = dMemory;
      else addInto(dStates, dMemory);
    }
    this.#embed.backward(dx, scope);
    this.#release();
    return dStates as Tensor;
  }

  /** What every block makes of the encoder's states, once for all steps. */
  project(states: Tensor, scope: Scope): KeysAndValues[] {
    return this.#blocks.map((block) => {
      const { self, memory } = block.newCache(states);
      self.dispose();
      scope.keep(memory.keys);
      scope.keep(memory.values);
      return memory;
    });
  }

  /** The past of what has none: no steps of N sequences, per block. The caller's. */
  begin(source: ProjectedSource): KeysAndValues[] {
    return source.keysAndValues.map(({ keys }) => this.#newCache(keys, 0));
  }

  /**
   * inputs (N, T), which follow so many steps, of whose keys and values (N, heads, before, size) are
   * `past`, per block → logits (N, T, V), weights (N, T, Te), and keys and values of all steps, which are
   * the caller's, in tensors of their own: who goes on twice from one past disturbs neither. Steered weights
   * are those of all heads of all blocks.
   */
  advance(
    inputs: Indices,
    source: ProjectedSource,
    past: readonly KeysAndValues[],
    before: number,
    scope: Scope,
    { heads: wanted, steered }: Attending = { heads: false, steered: null },
  ): { logits: Tensor; weights: Tensor; heads: Tensor[]; present: KeysAndValues[] } {
    const work = new Scope();
    const heads: Tensor[] = [];
    const steps = before + inputs.shape[1]!;
    const present: KeysAndValues[] = [];
    let x = this.#embed.forward(inputs, before, null, work);
    for (const [i, block] of this.#blocks.entries()) {
      const { keys, values } = past[i]!;
      const all = this.#newCache(keys, steps);
      if (before > 0) all.append(keys, values);
      let memory = source.keysAndValues[i]!;
      // Keys of zeros are scored 0, so that the weights are those of the bias.
      if (steered !== null) {
        memory = { ...memory, keys: zerosLike(memory.keys, memory.keys.shape, work) };
      }
      const cache = new TransformerDecoderCache(all, memory, source.lengths);
      const weights = wanted || i === this.#blocks.length - 1;
      const call = steered === null ? {} : { memoryBias: steered };
      x = work.keep(block.forward(x, cache, { ...call, return: { weights } }));
      if (weights) heads.push(scope.keep(block.crossAttentionWeights));
      present.push({ keys: all.keys, values: all.values });
    }
    const weights = meanOfHeads(heads.at(-1)!, scope);
    const logits = scope.keep(this.#output(x, null, work));
    work.dispose();
    this.#release();
    return { logits, weights, heads: wanted ? heads : [], present };
  }

  /** Norm, dropout, logits, which are nobody's yet. */
  #output(x: Tensor, step: number | null, work: Scope): Tensor {
    const y = work.keep(this.#norm.forward(x));
    return this.#affine.forward(this.#dropout.forward(y, step, work));
  }

  #newCache({ shape, device, dtype }: Tensor, capacity: number): KeyValueCache {
    return new KeyValueCache({ batch: shape[0]!, ...this.#heads, capacity, device, dtype });
  }

  /** Gives back what the last forward pass kept for a backward pass. */
  #release(): void {
    for (const block of this.#blocks) block.release();
    this.#norm.release();
  }
}
