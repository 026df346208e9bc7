import { checkOptions } from "../../core/arguments.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { agree, checkLengths, checkSteps } from "../checks.ts";
import type { Layer } from "../layer.ts";
import { CALL_OPTIONS, type MultiHeadCall } from "../multi-head/call.ts";
import type { ParameterSpec, Parameters } from "../parameters.ts";
import { Block, blockSpecs, type WeightGradients } from "./block.ts";
import { TransformerDecoderCache } from "./decoder-cache.ts";
import { blockSettingsOf, type TransformerBlockOptions } from "./options.ts";

/** The sizes of a {@link TransformerDecoderBlock}, and what it does. */
export interface TransformerDecoderOptions extends TransformerBlockOptions {
  /** Of what it attends to besides; `size` unless given. */
  readonly memorySize?: number | undefined;
}

/** What one call of {@link TransformerDecoderBlock} is about; all but the memory's is of its self-attention. */
export interface TransformerDecoderCall extends Omit<MultiHeadCall, "projected" | "cache"> {
  /** (N): of sequence n, the first memoryLengths[n] steps of the memory exist. */
  readonly memoryLengths?: Indices | undefined;
  /** As `mask`, of the memory: of a shape that broadcasts to (N, heads, T, Tm). */
  readonly memoryMask?: MultiHeadCall["mask"];
  /** As `bias`, of the memory: of a shape that broadcasts to (N, heads, T, Tm). */
  readonly memoryBias?: MultiHeadCall["bias"];
}

const NAME = "TransformerDecoderBlock";
/**
 * One block of a Transformer's decoder (Vaswani et al. 2017, section 3.1): self-attention, causal unless
 * `causal` says otherwise, attention to a memory, which is what the encoder found, then a feed-forward
 * layer; each with a residual connection and a norm, as in {@link TransformerEncoderBlock}.
 *
 * Shapes: x (N, T, size), memory (N, Tm, memorySize) → y (N, T, size).
 *
 * Parameters, in this order: `self.…` of {@link MultiHeadAttention}, `selfNorm.…` of {@link LayerNorm},
 * `cross.…`, `crossNorm.…`, `feedForward.…` of {@link FeedForward}, `feedForwardNorm.…`.
 *
 * @example
 * const block = new TransformerDecoderBlock({ size: 8, heads: 2, norm: "post", memorySize: 6 });
 * const [x, memory] = [normal([2, 5, 8], new Random(1)), normal([2, 7, 6], new Random(2))];
 * const y = block.forward(x, memory, { memoryLengths: indices([7, 4]), return: { weights: true } });
 * block.crossAttentionWeights.shape; // → [2, 2, 5, 7]
 * const [dx, dMemory] = block.backward(y);
 * dMemory.shape; // → [2, 7, 6]
 * @example
 * const block = new TransformerDecoderBlock({ size: 8, heads: 2 });
 * const memory = normal([2, 7, 8], new Random(2));
 * using cache = block.newCache(memory);
 * let step = normal([2, 1, 8], new Random(1));
 * for (let t = 0; t < 5; t++) step = block.forward(step, cache);
 * cache.length; // → 5
 */
export class TransformerDecoderBlock implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  /** Where these lie by name, `layer.self.Wq`, …: those it was given, or its own. */
  readonly parameters: Parameters;
  readonly #block: Block;
  readonly #size: number;
  readonly #memorySize: number;
  readonly #causal: MultiHeadCall["causal"];

  /** @throws ShapeError for a size that is none; DataError for any other option that is out of range or unknown */
  constructor(options: TransformerDecoderOptions) {
    this.#block = new Block(NAME, options, options?.memorySize);
    const { size, memorySize = size, causal = true } = options;
    this.#size = size;
    this.#memorySize = memorySize;
    this.#causal = causal;
    this.params = this.#block.params;
    this.grads = this.#block.grads;
    this.parameters = this.#block.parameters;
  }

  /** The parameters of such a block, for a shared {@link Parameters}. */
  static specs(name: string, options: TransformerDecoderOptions): ParameterSpec[] {
    return blockSpecs(name, blockSettingsOf(`${NAME}.specs`, options, options?.memorySize));
  }

  /** The weights (N, heads, T, T) among the steps. @throws StateError where they were not kept */
  get attentionWeights(): Tensor {
    return this.#block.self.attentionWeights;
  }

  /** The weights (N, heads, T, Tm) of the memory's steps. @throws StateError where they were not kept */
  get crossAttentionWeights(): Tensor {
    return this.#block.attentionTo.attentionWeights;
  }

  /** The gradient of the last call's `bias`, of its shape. @throws StateError before such a backward pass */
  get dBias(): Tensor {
    return this.#block.self.dBias;
  }

  /** The same of the last call's `memoryBias`. @throws StateError before such a backward pass */
  get dMemoryBias(): Tensor {
    return this.#block.attentionTo.dBias;
  }

  /**
   * Leave the numbers of what goes in as they are until after `backward`; y may be disposed.
   *
   * @param x (N, T, size); with lengths, what lies behind them may hold anything, and counts as zeros
   * @param memory (N, Tm, memorySize); or a cache, whose steps come before those of x, and which takes these
   *   too: then y has but the new steps, and there is no backward pass
   * @throws as {@link MultiHeadAttention.forward}
   */
  forward(
    x: Tensor,
    memory: Tensor | TransformerDecoderCache,
    call: TransformerDecoderCall = {},
  ): Tensor {
    const where = `${NAME}.forward`;
    checkOptions(where, call, [...CALL_OPTIONS, "memoryLengths", "memoryMask", "memoryBias"]);
    checkSteps(where, "x", x, this.#size);
    const { memoryLengths, memoryMask, memoryBias, ...given } = call;
    const { training, dropoutStream } = call;
    const dropping = { training, dropoutStream };
    const self = { ...given, causal: call.causal ?? this.#causal };
    const common = { mask: memoryMask, bias: memoryBias, return: call.return };
    if (memory instanceof TransformerDecoderCache) {
      const lengths = memoryLengths ?? memory.memoryLengths;
      return this.#block.forward(x, {
        self: { ...self, cache: memory.self },
        cross: { memory: undefined, call: { ...common, lengths, projected: memory.memory } },
        ...dropping,
      });
    }
    this.#checkMemory(where, memory, memoryLengths);
    agree(where, "N", "memory", memory.shape[0]!, "x", x.shape[0]!);
    const cross = { memory, call: { ...common, lengths: memoryLengths } };
    return this.#block.forward(x, { self, cross, ...dropping });
  }

  /**
   * The gradients of x and of the memory; those of the parameters are added to `grads`.
   *
   * @param dy (N, T, size)
   * @param more gradients of the weights, where something else was made of those
   * @throws StateError before `forward`, or after one with a cache; ShapeError when a gradient has another shape
   */
  backward(dy: Tensor, more: WeightGradients = {}): [dx: Tensor, dMemory: Tensor] {
    return this.#block.backward(dy, more) as [Tensor, Tensor];
  }

  /**
   * A cache for calls of one step after the other, which projects the memory once.
   *
   * @param memory (N, Tm, memorySize)
   * @param options.memoryLengths (N): what of it exists
   * @param options.capacity the most steps; without it, the cache grows
   */
  newCache(
    memory: Tensor,
    options: {
      readonly memoryLengths?: Indices | undefined;
      readonly capacity?: number | undefined;
    } = {},
  ): TransformerDecoderCache {
    const where = `${NAME}.newCache`;
    checkOptions(where, options, ["memoryLengths", "capacity"]);
    const { memoryLengths, capacity } = options;
    this.#checkMemory(where, memory, memoryLengths);
    const self = this.#block.self.newCache(memory.shape[0]!, capacity);
    return new TransformerDecoderCache(
      self,
      this.#block.attentionTo.projectKeys(memory),
      memoryLengths,
    );
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#block.release();
  }

  #checkMemory(where: string, memory: Tensor, lengths: Indices | undefined): void {
    checkSteps(where, "memory", memory, this.#memorySize);
    const [N, Tm] = memory.shape as [number, number];
    checkLengths(where, lengths, memory, N, Tm);
  }
}
