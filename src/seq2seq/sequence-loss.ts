import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { SoftmaxCrossEntropy } from "../layers/softmax-cross-entropy.ts";
import { IGNORED } from "./batch.ts";
import type { OutputGradients, StepOutput } from "./network.ts";

/** The loss of a batch of targets: Σ over their symbols, and its backward pass. */
export interface SequenceLoss {
  /**
   * Of outputs (N, Td, V) and the symbols they should be, (N, Td) → a tensor of shape (), to dispose.
   *
   * @param copies (N, Te): what of the targets each symbol of the source is; null without copying
   */
  forward(output: StepOutput, answers: Indices, copies: Indices | null, scope: Scope): Tensor;
  /** The gradients of what went in, times `factor`. */
  backward(factor: number, scope: Scope): OutputGradients;
}

/** Of models that write every symbol themselves: −Σ ln softmax(logits)[answer]. */
export class WritingLoss implements SequenceLoss {
  readonly #loss: SoftmaxCrossEntropy;

  /** @param smoothing share of the probability that is to be spread over all symbols */
  constructor(_smoothing: number) {
    this.#loss = new SoftmaxCrossEntropy({ ignoredIndex: IGNORED, reduction: "sum" });
  }

  forward({ logits }: StepOutput, answers: Indices): Tensor {
    return this.#loss.forward(logits, answers);
  }

  backward(factor: number, scope: Scope): OutputGradients {
    const dLogits = scope.keep(this.#loss.backward(factor));
    this.#loss.release();
    return { dLogits, dWeights: null, dGate: null };
  }
}
