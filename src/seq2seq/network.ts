import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import type { SourceBatch } from "./batch.ts";

/**
 * The learned half of a model, in two parts: one reads a batch of sources, one writes targets. N is the
 * batch, Te and Td are steps of sources and targets, V the symbols of the targets.
 *
 * Whoever trains calls `encode`, `decode`, `backward`, all with one step's number and one scope; whoever
 * predicts calls `encode`, `begin`, and then `advance` symbol by symbol.
 */
export interface Network {
  /**
   * Reads sources.
   *
   * @param step number of the training step, for dropout's random streams; null: no dropout, and what a
   *   backward pass would need is given back at once
   */
  encode(batch: SourceBatch, step: number | null, scope: Scope): EncodedSource;
  /** All steps at once, by teacher forcing: inputs (N, Td). For `backward`, which has to follow. */
  decode(inputs: Indices, source: EncodedSource, step: number | null, scope: Scope): StepOutput;
  /** Undoes the last `encode` and `decode`: adds to the parameters' gradients. */
  backward(gradients: OutputGradients, scope: Scope): void;
  /** What the first step starts from: tensors of its own, which are the caller's to dispose. */
  begin(source: EncodedSource): DecoderState;
  /**
   * One step: inputs (N, 1) → what comes out, Td = 1, which `scope` holds, and what the next step starts
   * from: tensors of its own, which are the caller's to dispose.
   */
  advance(
    inputs: Indices,
    source: EncodedSource,
    state: DecoderState,
    scope: Scope,
    attending?: Attending,
  ): DecoderStep;
}

/** What is asked of the attention of one step of a decoder. */
export interface Attending {
  /** Whether every head's weights are to come back. */
  readonly heads: boolean;
  /**
   * (N, 1, 1, Te): logarithms of weights, which every head is to have instead of its own; each row's are
   * scaled to sum to 1. null: heads have their own.
   */
  readonly steered: Tensor | null;
}

/** What a decoder sees of a batch of sources: tensors whose first axis is the batch. */
export interface EncodedSource {
  /** (N) real lengths; undefined where padding is not masked. */
  readonly lengths: Indices | undefined;
  /** By name: the encoder's states, keys, values, last states. All begin with an axis of N. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Where a decoder stands: tensors whose first axis is the batch, so that rows can be chosen. */
export interface DecoderState {
  /** Steps taken before. */
  readonly steps: number;
  /** By name; all begin with an axis of N. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** What comes out of steps of a decoder. */
export interface StepOutput {
  /** (N, Td, V) */
  readonly logits: Tensor;
  /** (N, Td, Te): the mean over heads where there are several; null without attention. */
  readonly weights: Tensor | null;
  /** (N, Td): the logit of how much is written rather than copied; null where nothing is copied. */
  readonly gate: Tensor | null;
}

/** What comes out of one step of a decoder, and where it stands then. */
export interface DecoderStep extends StepOutput {
  /** What the next step starts from. */
  readonly state: DecoderState;
  /** Per layer that attends to the source, (N, heads, 1, Te) or, of one head, (N, 1, Te); empty unless asked for. */
  readonly heads: readonly Tensor[];
}

/** Gradients of a {@link StepOutput}; null where there is none. */
export interface OutputGradients {
  /** (N, Td, V) */
  readonly dLogits: Tensor;
  /** (N, Td, Te) */
  readonly dWeights: Tensor | null;
  /** (N, Td) */
  readonly dGate: Tensor | null;
}
