import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import {
  countTargets,
  type LossCall,
  type LossOptions,
  type LossSettings,
  lossFactor,
  lossSettings,
  reduceLosses,
  smoothingOf,
} from "./loss.ts";

/** How {@link SoftmaxCrossEntropy} counts. */
export type SoftmaxCrossEntropyOptions = LossOptions;

/**
 * loss = mean over rows r of −ln softmax(logits[r, :])[targets[r]], computed by log-sum-exp, without
 * the rows whose target is ignored. Without any row that counts, loss and gradients are 0. In nats.
 *
 * With a smoothing ε, of p = softmax(logits[r, :]): −(1 − ε) · ln p[targets[r]] − ε · meanⱼ ln p[j]
 * (Szegedy et al. 2016, section 7). A logit of −∞ then makes the loss ∞ wherever it stands, though the
 * gradient stays finite: to rule a symbol out, take a large negative number instead.
 *
 * Shapes: logits (…, V), targets (…) → loss ().
 *
 * @example
 * const layer = new SoftmaxCrossEntropy();
 * const loss = layer.forward(tensor([[0, 0], [9, 0]]), indices([1, -1]));
 * loss.toArray(); // → 0.6931
 * layer.backward().toArray(); // → [[0.5, -0.5], [0, 0]]
 * layer.forward(tensor([[0, 0]]), indices([1]), { smoothing: 0.2 });
 * layer.backward().toArray(); // → [[0.4, -0.4]]
 */
export class SoftmaxCrossEntropy implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #settings: LossSettings;
  #state: { probabilities: Tensor; targets: Indices; count: number; smoothing: number } | null =
    null;

  /** Learns nothing; the options say how to count. */
  constructor(options: SoftmaxCrossEntropyOptions = {}) {
    this.#settings = lossSettings("SoftmaxCrossEntropy", options);
  }

  /** The number of targets that counted in the last forward pass. @throws StateError before one */
  get count(): number {
    return recall("SoftmaxCrossEntropy", this.#state).count;
  }

  /**
   * logits (…, V), targets (…) → loss ().
   *
   * @throws ShapeError when targets do not fit logits, or a target is neither ignored nor from 0 to V − 1;
   *   DataError when the smoothing is not from 0 to less than 1
   */
  forward(logits: Tensor, targets: Indices, call: LossCall = {}): Tensor {
    const where = "SoftmaxCrossEntropy.forward";
    const { ignored, reduction } = this.#settings;
    const { rows, columns, count } = countTargets(where, "logits", logits, targets, ignored);
    const smoothing = smoothingOf(where, call, this.#settings);
    const probabilities = newTensor(logits, logits.shape);
    const losses = newTensor(logits, [rows]);
    deviceOf(logits).kernels.softmaxCrossEntropyForward(
      logits.storage,
      targets.storage,
      ignored,
      smoothing,
      probabilities.storage,
      losses.storage,
      rows,
      columns,
    );
    this.release();
    this.#state = { probabilities, targets, count, smoothing };
    return reduceLosses(losses, count, reduction);
  }

  /**
   * dLogits[r, :] = dLoss / count · (softmax(logits[r, :]) − (1 − ε) · one-hot(targets[r]) − ε / V).
   *
   * @param dLoss the gradient of the loss
   * @throws StateError before `forward`
   */
  backward(dLoss = 1): Tensor {
    const where = "SoftmaxCrossEntropy.backward";
    const { ignored, reduction } = this.#settings;
    const { probabilities, targets, count, smoothing } = recall("SoftmaxCrossEntropy", this.#state);
    const factor = lossFactor(where, dLoss, count, reduction);
    const columns = probabilities.shape.at(-1) ?? 0;
    const dLogits = newTensor(probabilities, probabilities.shape);
    deviceOf(probabilities).kernels.softmaxCrossEntropyBackward(
      probabilities.storage,
      targets.storage,
      ignored,
      smoothing,
      factor,
      dLogits.storage,
      targets.size,
      columns,
    );
    return dLogits;
  }

  /** Gives back what the last forward pass kept, sooner than the next one would. */
  release(): void {
    this.#state?.probabilities.dispose();
    this.#state = null;
  }
}
