import { checkNumber } from "../core/arguments.ts";
import { ShapeError } from "../core/errors.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
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

/** How {@link NegativeLogLikelihood} counts. */
export interface NegativeLogLikelihoodOptions extends LossOptions {
  /**
   * Over how many symbols, the first ones, smoothing is spread: all W unless given. After a
   * {@link CopyMixture}, those of the vocabulary, since most texts lack the others.
   */
  readonly smoothedSymbols?: number;
}

/**
 * The loss of probabilities rather than logits: the mean over rows r of
 *
 *     −(1 − ε) · ln p[r, targets[r]] − ε · the mean of ln p[r, j] over j < smoothedSymbols
 *
 * with a smoothing ε (0 unless given), without the rows whose target is ignored. In nats. What is below
 * 2^−100, 0 among it, counts as that (69.3 nats), and has gradient 0: such a symbol is out of reach. Where
 * there are logits, {@link SoftmaxCrossEntropy} is the better choice.
 *
 * Shapes: probabilities (…, W), targets (…) → loss ().
 *
 * @example
 * const layer = new NegativeLogLikelihood();
 * const loss = layer.forward(tensor([[0.25, 0.75], [1, 0]]), indices([0, -1]));
 * loss.toArray(); // → 1.3863
 * layer.backward().toArray(); // → [[-4, 0], [0, 0]]
 */
export class NegativeLogLikelihood implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #settings: LossSettings;
  readonly #symbols: number | undefined;
  #state: {
    probabilities: Tensor;
    targets: Indices;
    count: number;
    smoothing: number;
    symbols: number;
  } | null = null;

  /** Learns nothing; the options say how to count. */
  constructor(options: NegativeLogLikelihoodOptions = {}) {
    const where = "NegativeLogLikelihood";
    this.#settings = lossSettings(where, options, ["smoothedSymbols"]);
    const { smoothedSymbols } = options;
    if (smoothedSymbols !== undefined) {
      const whole = (value: number): boolean => Number.isInteger(value) && value > 0;
      checkNumber(where, "smoothedSymbols", smoothedSymbols, "a whole number above 0", whole);
    }
    this.#symbols = smoothedSymbols;
  }

  /** The number of targets that counted in the last forward pass. @throws StateError before one */
  get count(): number {
    return recall("NegativeLogLikelihood", this.#state).count;
  }

  /**
   * probabilities (…, W), targets (…) → loss ().
   *
   * @throws ShapeError when targets do not fit probabilities, a target is neither ignored nor from 0 to
   *   W − 1, or W is less than `smoothedSymbols`; DataError when the smoothing is not from 0 to less than 1
   */
  forward(probabilities: Tensor, targets: Indices, call: LossCall = {}): Tensor {
    const where = "NegativeLogLikelihood.forward";
    const { ignored, reduction } = this.#settings;
    const { rows, columns, count } = countTargets(
      where,
      "probabilities",
      probabilities,
      targets,
      ignored,
    );
    const smoothing = smoothingOf(where, call, this.#settings);
    const symbols = this.#symbols ?? columns;
    if (symbols > columns) {
      throw new ShapeError({
        where,
        expected: `probabilities of at least ${symbols} symbols, over which smoothing is spread`,
        received: `${columns}`,
      });
    }
    const losses = newTensor(probabilities, [rows]);
    familyDevice(probabilities).kernels.negativeLogLikelihoodForward(
      probabilities.storage,
      targets.storage,
      ignored,
      smoothing,
      symbols,
      losses.storage,
      rows,
      columns,
    );
    this.#state = { probabilities, targets, count, smoothing, symbols };
    return reduceLosses(losses, count, reduction);
  }

  /**
   * dProbabilities[r, j] = −dLoss / count · ((1 − ε) · [j = targets[r]] + ε / smoothedSymbols) / p[r, j],
   * the second term for j < smoothedSymbols.
   *
   * @param dLoss the gradient of the loss
   * @throws StateError before `forward`
   */
  backward(dLoss = 1): Tensor {
    const where = "NegativeLogLikelihood.backward";
    const { ignored, reduction } = this.#settings;
    const { probabilities, targets, count, smoothing, symbols } = recall(
      "NegativeLogLikelihood",
      this.#state,
    );
    const factor = lossFactor(where, dLoss, count, reduction);
    const dProbabilities = newTensor(probabilities, probabilities.shape);
    familyDevice(probabilities).kernels.negativeLogLikelihoodBackward(
      probabilities.storage,
      targets.storage,
      ignored,
      smoothing,
      symbols,
      factor,
      dProbabilities.storage,
      targets.size,
      probabilities.shape.at(-1) ?? 0,
    );
    return dProbabilities;
  }

  /** Forgets the last forward pass, sooner than the next one would. */
  release(): void {
    this.#state = null;
  }
}
