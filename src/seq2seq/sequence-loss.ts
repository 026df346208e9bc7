import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { CopyMixture } from "../layers/copy-mixture.ts";
import { NegativeLogLikelihood } from "../layers/negative-log-likelihood.ts";
import { Softmax } from "../layers/softmax.ts";
import { SoftmaxCrossEntropy } from "../layers/softmax-cross-entropy.ts";
import { IGNORED } from "./batch.ts";
import type { OutputGradients, StepOutput } from "./network.ts";

const COUNTING = { ignoredIndex: IGNORED, reduction: "sum" } as const;

/** The loss of a batch of targets: Σ over their symbols, and its backward pass. */
export interface SequenceLoss {
  /**
   * Of outputs (N, Td, V) and the symbols they should be, (N, Td) → a tensor of shape (), to dispose.
   *
   * @param copies (N, Te): what of the targets each symbol of the source is; null without copying
   * @param smoothing share of the probability that is to be spread over all symbols
   */
  forward(
    output: StepOutput,
    answers: Indices,
    copies: Indices | null,
    smoothing: number,
    scope: Scope,
  ): Tensor;
  /** The gradients of what went in, times `factor`. */
  backward(factor: number, scope: Scope): OutputGradients;
}

/** Of models that write every symbol themselves: −Σ ln softmax(logits)[answer]. */
export class WritingLoss implements SequenceLoss {
  readonly #loss = new SoftmaxCrossEntropy(COUNTING);

  forward(
    { logits }: StepOutput,
    answers: Indices,
    _copies: Indices | null,
    smoothing: number,
  ): Tensor {
    return this.#loss.forward(logits, answers, { smoothing });
  }

  backward(factor: number, scope: Scope): OutputGradients {
    const dLogits = scope.keep(this.#loss.backward(factor));
    this.#loss.release();
    return { dLogits, dWeights: null, dGate: null };
  }
}

/**
 * Of models that copy: −Σ ln p[answer], with p the mixture of what is written and what is copied (See, Liu &
 * Manning 2017, equations 6 and 9).
 */
export class CopyingLoss implements SequenceLoss {
  readonly #softmax = new Softmax();
  readonly #mixture = new CopyMixture();
  readonly #loss = new NegativeLogLikelihood(COUNTING);

  forward(
    output: StepOutput,
    answers: Indices,
    copies: Indices | null,
    smoothing: number,
    scope: Scope,
  ): Tensor {
    const written = scope.keep(this.#softmax.forward(output.logits));
    const { weights, gate } = output as { weights: Tensor; gate: Tensor };
    const mixed = this.#mixture.forward(written, gate, weights, copies as Indices);
    return this.#loss.forward(scope.keep(mixed), answers, { smoothing });
  }

  backward(factor: number, scope: Scope): OutputGradients {
    const d = this.#mixture.backward(scope.keep(this.#loss.backward(factor)));
    const [dWritten, dGate] = [scope.keep(d.dProbabilities), scope.keep(d.dGate)];
    const dLogits = scope.keep(this.#softmax.backward(dWritten));
    this.#loss.release();
    return { dLogits, dWeights: scope.keep(d.dWeights), dGate };
  }
}
