import { checkOptions } from "../../core/arguments.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { KeyValueCache } from "../attend/key-value-cache.ts";
import { checkSteps } from "../checks.ts";
import type { Layer } from "../layer.ts";
import { CALL_OPTIONS, type MultiHeadCall } from "../multi-head/call.ts";
import type { ParameterSpec, Parameters } from "../parameters.ts";
import { Block, blockSpecs } from "./block.ts";
import { blockSettingsOf, type TransformerBlockOptions } from "./options.ts";

/** What one call of {@link TransformerEncoderBlock} is about: as of its attention. */
export type TransformerEncoderCall = Omit<MultiHeadCall, "projected">;

const NAME = "TransformerEncoderBlock";
/**
 * One block of a Transformer's encoder (Vaswani et al. 2017, section 3.1): self-attention, then a
 * feed-forward layer, each with a residual connection and a norm before it (Xiong et al. 2020) or behind:
 *
 *     pre:   a = x + drop(attention(norm(x)))     y = a + drop(feedForward(norm(a)))
 *     post:  a = norm(x + drop(attention(x)))     y = norm(a + drop(feedForward(a)))
 *
 * With `causal` it is the block of a decoder alone (GPT), whose cache {@link TransformerEncoderBlock.newCache}
 * makes. Shapes: x (N, T, size) → y (N, T, size).
 *
 * Parameters, in this order: `self.…` of {@link MultiHeadAttention}, `selfNorm.…` of {@link LayerNorm},
 * `feedForward.…` of {@link FeedForward}, `feedForwardNorm.…`.
 *
 * @example
 * const block = new TransformerEncoderBlock({ size: 8, heads: 2, hidden: 16 });
 * const x = normal([2, 5, 8], new Random(1));
 * const y = block.forward(x, { lengths: indices([5, 3]), return: { weights: true } });
 * block.attentionWeights.shape; // → [2, 2, 5, 5]
 * block.backward(y).shape; // → [2, 5, 8]
 */
export class TransformerEncoderBlock implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  /** Where these lie by name, `layer.self.Wq`, …: those it was given, or its own. */
  readonly parameters: Parameters;
  readonly #block: Block;
  readonly #size: number;

  /** @throws ShapeError for a size that is none; DataError for any other option that is out of range or unknown */
  constructor(options: TransformerBlockOptions) {
    this.#block = new Block(NAME, options, null);
    this.#size = options.size;
    this.params = this.#block.params;
    this.grads = this.#block.grads;
    this.parameters = this.#block.parameters;
  }

  /** The parameters of such a block, for a shared {@link Parameters}. */
  static specs(name: string, options: TransformerBlockOptions): ParameterSpec[] {
    return blockSpecs(name, blockSettingsOf(`${NAME}.specs`, options, null));
  }

  /** The weights (N, heads, T, T) of the last forward pass. @throws StateError where it did not keep them */
  get attentionWeights(): Tensor {
    return this.#block.self.attentionWeights;
  }

  /** The gradient of the last call's `bias`, of its shape. @throws StateError before such a backward pass */
  get dBias(): Tensor {
    return this.#block.self.dBias;
  }

  /**
   * Leave the numbers of what goes in as they are until after `backward`; y may be disposed.
   *
   * @param x (N, T, size); with lengths, what lies behind them may hold anything, and counts as zeros
   * @throws as {@link MultiHeadAttention.forward}
   */
  forward(x: Tensor, call: TransformerEncoderCall = {}): Tensor {
    const where = `${NAME}.forward`;
    checkOptions(where, call, [...CALL_OPTIONS, "cache"]);
    checkSteps(where, "x", x, this.#size);
    const { training, dropoutStream } = call;
    return this.#block.forward(x, { self: call, training, dropoutStream });
  }

  /**
   * The gradient of x; those of the parameters are added to `grads`.
   *
   * @param dy (N, T, size)
   * @param more.dWeights (N, heads, T, T), where something else was made of the weights
   * @throws StateError before `forward`, or after one with a cache; ShapeError when a gradient has another shape
   */
  backward(dy: Tensor, more: { readonly dWeights?: Tensor | undefined } = {}): Tensor {
    return this.#block.backward(dy, more)[0];
  }

  /** A cache for calls of one step after the other, as {@link MultiHeadAttention.newCache}. */
  newCache(batch: number, capacity?: number): KeyValueCache {
    return this.#block.self.newCache(batch, capacity);
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#block.release();
  }
}
