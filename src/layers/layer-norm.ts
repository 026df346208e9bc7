import { checkOptions, checkPositive, checkSize } from "../core/arguments.ts";
import type { Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { checkLastAxis, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import {
  LAYER_OPTIONS,
  type LayerOptions,
  type ParameterSpec,
  parametersOf,
} from "./parameters.ts";

/** Where a layer normalisation's parameters live, and what keeps it from dividing by 0. */
export interface LayerNormOptions extends LayerOptions {
  /** Added to the variance: 1e-5 unless given. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axis (Ba, Kiros & Hinton 2016, eqs. 3 and 4): of every row,
 * y = gain ⊙ (x − μ) / √(σ² + ε) + bias, with μ the mean of its D numbers and σ² their variance,
 * Σ (x − μ)² / D.
 *
 * Shapes: x (…, D) → y (…, D). Parameters gain (D), at first 1, and bias (D), at first 0.
 *
 * @example
 * const layer = new LayerNorm(4);
 * layer.forward(tensor([[1, 2, 3, 4]])).toArray(); // → [[-1.3416, -0.4472, 0.4472, 1.3416]]
 */
export class LayerNorm implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #size: number;
  readonly #epsilon: number;
  #state: { x: Tensor; means: Tensor; inverses: Tensor } | null = null;

  /**
   * @param size D
   * @throws DataError when ε is not a finite number above 0
   */
  constructor(size: number, options: LayerNormOptions = {}) {
    checkSize("LayerNorm", "size", size);
    checkOptions("LayerNorm", options, [...LAYER_OPTIONS, "epsilon"]);
    const { epsilon = 1e-5, ...rest } = options;
    checkPositive("LayerNorm", "epsilon", epsilon);
    const specs = (name: string): ParameterSpec[] => LayerNorm.specs(name, size);
    const { values, grads } = parametersOf("LayerNorm", specs, rest);
    this.params = values;
    this.grads = grads;
    this.#size = size;
    this.#epsilon = epsilon;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, size: number): ParameterSpec[] {
    return [
      { name: `${name}.gain`, shape: [size], deviation: 0, start: 1 },
      { name: `${name}.bias`, shape: [size], deviation: 0 },
    ];
  }

  /** x (…, D) → y (…, D). @throws ShapeError when the last axis of x is not D */
  forward(x: Tensor): Tensor {
    const where = "LayerNorm.forward";
    const [gain, bias] = this.params as [Tensor, Tensor];
    const D = this.#size;
    const rows = checkLastAxis(where, "x", x, D);
    together(where, { gain, x });
    const y = newTensor(x, x.shape);
    const [means, inverses] = [newTensor(x, [rows]), newTensor(x, [rows])];
    const into = [y.storage, means.storage, inverses.storage] as const;
    const { kernels } = familyDevice(x);
    kernels.layerNormForward(
      x.storage,
      gain.storage,
      bias.storage,
      ...into,
      rows,
      D,
      this.#epsilon,
    );
    this.release();
    this.#state = { x, means, inverses };
    return y;
  }

  /**
   * With n = (x − μ) / √(σ² + ε) and dn = dy ⊙ gain, row by row:
   * dx = (dn − mean(dn) − n · mean(dn ⊙ n)) / √(σ² + ε); dgain += Σ dy ⊙ n, dbias += Σ dy over the rows.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of x
   */
  backward(dy: Tensor): Tensor {
    const { x, means, inverses } = recall("LayerNorm", this.#state);
    expectShape("LayerNorm.backward", "dy", dy, x.shape);
    together("LayerNorm.backward", { x, dy });
    const [gain] = this.params as [Tensor, Tensor];
    const [dGain, dBias] = this.grads as [Tensor, Tensor];
    const dx = newTensor(x, x.shape);
    familyDevice(x).kernels.layerNormBackward(
      x.storage,
      gain.storage,
      means.storage,
      inverses.storage,
      dy.storage,
      dx.storage,
      dGain.storage,
      dBias.storage,
      means.size,
      this.#size,
    );
    return dx;
  }
  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#state?.means.dispose();
    this.#state?.inverses.dispose();
    this.#state = null;
  }
}
