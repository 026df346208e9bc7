import { checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../core/shapes.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkIndices, checkTensor, sameDevice } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/** How {@link SoftmaxCrossEntropy} counts. */
export interface SoftmaxCrossEntropyOptions {
  /** Targets of this index have no part in the loss; −1 unless given. */
  readonly ignoredIndex?: number;
  /** The mean over the targets that count (default), or their sum, to be divided when all shares are in. */
  readonly reduction?: "mean" | "sum";
}

/**
 * loss = mean over rows r of −ln softmax(logits[r, :])[targets[r]], computed by log-sum-exp, without
 * the rows whose target is ignored. Without any row that counts, loss and gradients are 0. In nats.
 *
 * Shapes: logits (…, V), targets (…) → loss ().
 *
 * @example
 * const layer = new SoftmaxCrossEntropy();
 * const loss = layer.forward(tensor([[0, 0], [9, 0]]), indices([1, -1]));
 * loss.toArray(); // → 0.6931
 * layer.backward().toArray(); // → [[0.5, -0.5], [0, 0]]
 */
export class SoftmaxCrossEntropy implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #ignored: number;
  readonly #reduction: "mean" | "sum";
  #state: { probabilities: Tensor; targets: Indices; count: number } | null = null;

  /** Learns nothing; the options say how to count. */
  constructor(options: SoftmaxCrossEntropyOptions = {}) {
    const where = "SoftmaxCrossEntropy";
    checkOptions(where, options, ["ignoredIndex", "reduction"]);
    const { ignoredIndex = -1, reduction = "mean" } = options;
    const range = "a whole number of 32 bits";
    checkNumber(where, "ignoredIndex", ignoredIndex, range, (value) => (value | 0) === value);
    if (reduction !== "mean" && reduction !== "sum") {
      throw new DataError({
        where,
        expected: 'reduction to be "mean" or "sum"',
        received: describe(reduction),
      });
    }
    this.#ignored = ignoredIndex;
    this.#reduction = reduction;
  }

  /** The number of targets that counted in the last forward pass. @throws StateError before one */
  get count(): number {
    return recall("SoftmaxCrossEntropy", this.#state).count;
  }

  /**
   * logits (…, V), targets (…) → loss ().
   *
   * @throws ShapeError when targets do not fit logits, or a target is neither ignored nor from 0 to V − 1
   */
  forward(logits: Tensor, targets: Indices): Tensor {
    const where = "SoftmaxCrossEntropy.forward";
    checkTensor(where, "logits", logits);
    checkIndices(where, "targets", targets);
    sameDevice(where, "logits", logits, "targets", targets);
    const columns = logits.shape.at(-1) ?? 0;
    const outer = logits.shape.slice(0, -1);
    if (logits.shape.length === 0 || !sameShape(outer, targets.shape)) {
      throw new ShapeError({
        where,
        expected: "targets to have the axes of logits but the last",
        received: `logits ${formatShape(logits.shape)}, targets ${formatShape(targets.shape)}`,
      });
    }
    const count = this.#countTargets(where, targets, columns);
    const rows = sizeOf(outer);
    const probabilities = newTensor(logits, logits.shape);
    const losses = newTensor(logits, [rows]);
    const loss = newTensor(logits, []);
    const { kernels } = deviceOf(logits);
    kernels.softmaxCrossEntropyForward(
      logits.storage,
      targets.storage,
      this.#ignored,
      probabilities.storage,
      losses.storage,
      rows,
      columns,
    );
    kernels.sum(losses.storage, loss.storage, rows);
    if (this.#reduction === "mean" && count > 0) {
      kernels.scale(loss.storage, 1 / count, loss.storage, 1);
    }
    losses.dispose();
    this.release();
    this.#state = { probabilities, targets, count };
    return loss;
  }

  /**
   * dLogits[r, :] = dLoss / count · (softmax(logits[r, :]) − one-hot(targets[r])).
   *
   * @param dLoss the gradient of the loss
   * @throws StateError before `forward`
   */
  backward(dLoss = 1): Tensor {
    const where = "SoftmaxCrossEntropy.backward";
    checkNumber(where, "dLoss", dLoss, "a number, not a tensor", () => true);
    const { probabilities, targets, count } = recall("SoftmaxCrossEntropy", this.#state);
    const columns = probabilities.shape.at(-1) ?? 0;
    const dLogits = newTensor(probabilities, probabilities.shape);
    deviceOf(probabilities).kernels.softmaxCrossEntropyBackward(
      probabilities.storage,
      targets.storage,
      this.#ignored,
      this.#reduction === "mean" ? dLoss / Math.max(count, 1) : dLoss,
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

  #countTargets(where: string, targets: Indices, columns: number): number {
    const { data } = targets;
    let count = 0;
    for (let i = 0; i < data.length; i++) {
      const target = data[i]!;
      if (target === this.#ignored) continue;
      if (target < 0 || target >= columns) {
        throw new ShapeError({
          where,
          expected: `every target from 0 to ${columns - 1}, or the ignored index ${this.#ignored}`,
          received: `${target} at element ${i}`,
        });
      }
      count++;
    }
    return count;
  }
}
