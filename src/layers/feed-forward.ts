import { checkNumber, checkOptions, checkSize, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { Scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { Gelu, Relu } from "./activations.ts";
import { Dropout } from "./dropout.ts";
import type { Layer } from "./layer.ts";
import { Linear } from "./linear.ts";
import {
  LAYER_OPTIONS,
  type LayerOptions,
  type ParameterSpec,
  parametersOf,
} from "./parameters.ts";

/** What stands between the two linear layers, and where their parameters live. */
export interface FeedForwardOptions extends LayerOptions {
  /** `"relu"`, as in the paper, unless given. */
  readonly activation?: "relu" | "gelu";
  /** Share of the hidden numbers that are dropped, from 0 to less than 1: 0 unless given. */
  readonly dropout?: number;
}

/**
 * The position-wise feed-forward network of a transformer (Vaswani et al. 2017, eq. 2):
 * y = activation(x · W₁ + b₁) · W₂ + b₂, with dropout of the hidden numbers if asked for.
 *
 * Shapes: x (…, D) → hidden (…, F) → y (…, D). Parameters as of two {@link Linear} layers, `linear1` and
 * `linear2`: `linear1.W` (D, F), `linear1.b` (F), `linear2.W` (F, D), `linear2.b` (D).
 *
 * @example
 * const layer = new FeedForward(4, 16, { activation: "gelu", name: "ffn" });
 * layer.forward(zeros([2, 3, 4])).shape; // → [2, 3, 4]
 * FeedForward.specs("ffn", 4, 16)[0]?.name; // → "ffn.linear1.W"
 */
export class FeedForward implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #linear1: Linear;
  readonly #activation: Relu | Gelu;
  readonly #dropout: Dropout | null;
  readonly #linear2: Linear;
  readonly #held = new Scope();
  #dropped = false;

  /**
   * @param size D
   * @param hidden F, usually 4D
   * @param options `seed` is that of the initial numbers and of dropout's random streams
   * @throws DataError when an option is out of its range
   */
  constructor(size: number, hidden: number, options: FeedForwardOptions = {}) {
    const where = "FeedForward";
    checkSize(where, "size", size);
    checkSize(where, "hidden", hidden);
    checkOptions(where, options, [...LAYER_OPTIONS, "activation", "dropout"]);
    const { activation = "relu", dropout = 0, ...rest } = options;
    if (activation !== "relu" && activation !== "gelu") {
      const expected = 'activation to be "relu" or "gelu"';
      throw new DataError({ where, expected, received: describe(activation) });
    }
    const share = (value: number): boolean => value >= 0 && value < 1;
    checkNumber(where, "dropout", dropout, "from 0 to less than 1", share);
    this.#dropout = dropout === 0 ? null : new Dropout(dropout, rest.seed);
    const specs = (name: string): ParameterSpec[] => FeedForward.specs(name, size, hidden);
    const { parameters, name } = parametersOf(where, specs, rest);
    this.#linear1 = new Linear(size, hidden, { parameters, name: `${name}.linear1` });
    this.#activation = activation === "relu" ? new Relu() : new Gelu();
    this.#linear2 = new Linear(hidden, size, { parameters, name: `${name}.linear2` });
    this.params = [...this.#linear1.params, ...this.#linear2.params];
    this.grads = [...this.#linear1.grads, ...this.#linear2.grads];
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, size: number, hidden: number): ParameterSpec[] {
    return [
      ...Linear.specs(`${name}.linear1`, [size], hidden),
      ...Linear.specs(`${name}.linear2`, [hidden], size),
    ];
  }

  /**
   * x (…, D) → y (…, D).
   *
   * @param stream number of dropout's random stream, as of {@link Dropout}: by default the number of
   *   forward passes with dropout before this one; null leaves dropout out, as when a trained model is used
   * @throws ShapeError when the last axis of x is not D
   */
  forward(x: Tensor, stream?: number | null): Tensor {
    this.release();
    const into = this.#held.keep(this.#linear1.forward(x));
    let hidden = this.#held.keep(this.#activation.forward(into));
    const dropout = stream === null ? null : this.#dropout;
    if (dropout !== null) hidden = this.#held.keep(dropout.forward(hidden, stream ?? undefined));
    this.#dropped = dropout !== null;
    return this.#linear2.forward(hidden);
  }

  /**
   * dy (…, D) → dx (…, D), through the layers from the last to the first.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): Tensor {
    const scope = new Scope();
    try {
      let dHidden = scope.keep(this.#linear2.backward(dy)[0] as Tensor);
      if (this.#dropped && this.#dropout !== null) {
        dHidden = scope.keep(this.#dropout.backward(dHidden));
      }
      const dInto = scope.keep(this.#activation.backward(dHidden));
      return this.#linear1.backward(dInto)[0] as Tensor;
    } finally {
      scope.dispose();
    }
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    this.#held.dispose();
  }
}
