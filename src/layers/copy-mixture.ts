import { checkSize } from "../core/arguments.ts";
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shapes.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { axes, checkIndices, checkRange, expectShape, sameDevice, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/** Gradients of what {@link CopyMixture} mixed. */
export interface CopyMixtureGradients {
  /** Of the vocabulary's probabilities, (N, T, V). */
  readonly dProbabilities: Tensor;
  /** Of the gate's logit, (N, T). */
  readonly dGate: Tensor;
  /** Of the attention weights, (N, T, Te). */
  readonly dWeights: Tensor;
}

interface CopyMixtureMemory {
  readonly probabilities: Tensor;
  readonly gate: Tensor;
  readonly weights: Tensor;
  readonly sourceIds: Indices;
  readonly width: number;
}

/**
 * The pointer-generator's mixture (See, Liu & Manning 2017, eq. 9): with probability σ(gate) the next symbol
 * comes from the vocabulary, else it is a symbol of the source, chosen by the attention weights.
 *
 *     y[n, t, j] = σ(gate[n, t]) · p[n, t, j] + σ(−gate[n, t]) · Σ of weights[n, t, e] over sourceIds[n, e] = j
 *
 * The gate comes as its logit: of a probability near 1, float32 would leave few digits to 1 − gate.
 *
 * The ids of y go beyond the vocabulary: V … W − 1 are symbols of a source that the vocabulary lacks,
 * numbered by whoever makes the batch; p is 0 there. Steps of the id −1, padding say, are left out; their
 * weight is in no symbol.
 *
 * Shapes: probabilities (N, T, V), gate (N, T), weights (N, T, Te), sourceIds (N, Te) → y (N, T, W).
 *
 * @example
 * const layer = new CopyMixture();
 * const [p, gate, weights] = [tensor([[[0.5, 0.5]]]), tensor([[0]]), tensor([[[0.25, 0.75]]])];
 * const y = layer.forward(p, gate, weights, indices([[1, 2]]), 3);
 * y.toArray(); // → [[[0.25, 0.375, 0.375]]]
 * layer.backward(tensor([[[1, 2, 3]]])).dGate.toArray(); // → [[-0.3125]]
 */
export class CopyMixture implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  #memory: CopyMixtureMemory | null = null;

  /**
   * @param width W, of how many symbols y has probabilities: V unless given
   * @throws ShapeError when shapes do not go together, W is less than V, or an id is not from −1 to W − 1
   */
  forward(
    probabilities: Tensor,
    gate: Tensor,
    weights: Tensor,
    sourceIds: Indices,
    width?: number,
  ): Tensor {
    const where = "CopyMixture.forward";
    const [N, T, V] = axes(where, "probabilities", probabilities, "N", "T", "V");
    expectShape(where, "gate", gate, [N, T]);
    const Te = axes(where, "weights", weights, "N", "T", "Te")[2];
    expectShape(where, "weights", weights, [N, T, Te]);
    together(where, { probabilities, gate, weights });
    checkIndices(where, "sourceIds", sourceIds);
    sameDevice(where, "probabilities", probabilities, "sourceIds", sourceIds);
    if (sourceIds.shape.length !== 2 || sourceIds.shape[0] !== N || sourceIds.shape[1] !== Te) {
      throw new ShapeError({
        where,
        expected: `sourceIds of shape ${formatShape([N, Te])}, one per weight of a step`,
        received: `shape ${formatShape(sourceIds.shape)}`,
      });
    }
    const W = width ?? V;
    checkSize(where, "width", W);
    if (W < V) {
      throw new ShapeError({
        where,
        expected: `a width of at least the vocabulary's ${V} symbols`,
        received: `${W}`,
      });
    }
    checkRange(where, "sourceIds", sourceIds, -1, W - 1);
    const y = newTensor(probabilities, [N, T, W]);
    familyDevice(probabilities).kernels.copyMixtureForward(
      probabilities.storage,
      gate.storage,
      weights.storage,
      sourceIds.storage,
      y.storage,
      N,
      T,
      Te,
      V,
      W,
    );
    this.#memory = { probabilities, gate, weights, sourceIds, width: W };
    return y;
  }

  /**
   * @param dy (N, T, W)
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): CopyMixtureGradients {
    const where = "CopyMixture.backward";
    const { probabilities, gate, weights, sourceIds, width } = recall("CopyMixture", this.#memory);
    const [N, T, V] = axes(where, "probabilities", probabilities, "N", "T", "V");
    expectShape(where, "dy", dy, [N, T, width]);
    together(where, { probabilities, dy });
    // Anew, since they are the caller's, who may have written to them.
    checkRange(where, "sourceIds", sourceIds, -1, width - 1);
    const dProbabilities = newTensor(probabilities, probabilities.shape);
    const dGate = newTensor(gate, gate.shape);
    const dWeights = newTensor(weights, weights.shape);
    familyDevice(probabilities).kernels.copyMixtureBackward(
      probabilities.storage,
      gate.storage,
      weights.storage,
      sourceIds.storage,
      dy.storage,
      dProbabilities.storage,
      dGate.storage,
      dWeights.storage,
      N,
      T,
      weights.shape[2] ?? 0,
      V,
      width,
    );
    return { dProbabilities, dGate, dWeights };
  }

  /** Forgets the last forward pass, sooner than the next one would. */
  release(): void {
    this.#memory = null;
  }
}
