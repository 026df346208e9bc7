import { ShapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { checkTensor, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/** What {@link Sparsemax} and {@link Entmax15} have in common. */
class SparseSoftmax implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #name: string;
  readonly #op: "sparsemax" | "entmax";
  #state: { y: Tensor } | null = null;

  constructor(name: string, op: "sparsemax" | "entmax") {
    this.#name = name;
    this.#op = op;
  }

  /** x (…, T) → y (…, T). @throws ShapeError when x has no axis */
  forward(x: Tensor): Tensor {
    const where = `${this.#name}.forward`;
    checkTensor(where, "x", x);
    if (x.shape.length === 0) {
      throw new ShapeError({
        where,
        expected: "x to have at least one axis",
        received: "shape ()",
      });
    }
    const y = newTensor(x, x.shape);
    familyDevice(x).kernels[`${this.#op}Forward`](x.storage, y.storage, ...rowsOf(x));
    this.#state = { y };
    return y;
  }

  /**
   * dy (…, T) → dx (…, T); dy counts only where y is not 0.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): Tensor {
    const where = `${this.#name}.backward`;
    const { y } = recall(this.#name, this.#state);
    expectShape(where, "dy", dy, y.shape);
    together(where, { y, dy });
    const dx = newTensor(y, y.shape);
    const { kernels } = familyDevice(y);
    kernels[`${this.#op}Backward`](y.storage, dy.storage, dx.storage, ...rowsOf(y));
    return dx;
  }
}

function rowsOf(x: Tensor): [rows: number, columns: number] {
  const columns = x.shape.at(-1) ?? 0;
  return [columns === 0 ? 0 : x.size / columns, columns];
}

/**
 * Sparsemax over the last axis (Martins & Astudillo 2016, equations 2 and 3): the distribution closest
 * to x, which gives exact zeros where softmax gives small numbers:
 *
 *     y[…, t] = max(x[…, t] − τ, 0),   τ so that Σₜ y[…, t] = 1
 *     dx = s ⊙ (dy − Σ s · dy / Σ s),  s = 1 where y > 0, else 0
 *
 * Shapes: x (…, T) → y (…, T). A row of −∞ alone gives zeros; NaN or +∞ in a row makes all of it NaN.
 *
 * @example
 * const sparsemax = new Sparsemax();
 * sparsemax.forward(tensor([[1, 0.5, -1], [3, 0, 0]])).toArray(); // → [[0.75, 0.25, 0], [1, 0, 0]]
 * sparsemax.backward(tensor([[1, 0, 5], [1, 0, 0]])).toArray(); // → [[0.5, -0.5, 0], [0, 0, 0]]
 */
export class Sparsemax extends SparseSoftmax {
  /** Learns nothing. */
  constructor() {
    super("Sparsemax", "sparsemax");
  }
}

/**
 * Entmax with α = 1.5 over the last axis (Peters, Niculae & Martins 2019, section 3), between
 * softmax (α = 1) and {@link Sparsemax} (α = 2): sparse, and smooth where a number begins to have a share:
 *
 *     y[…, t] = max(x[…, t] / 2 − τ, 0)²,  τ so that Σₜ y[…, t] = 1
 *     dx = s ⊙ (dy − Σ s · dy / Σ s),      s = √y
 *
 * Shapes: x (…, T) → y (…, T). A row of −∞ alone gives zeros; NaN or +∞ in a row makes all of it NaN.
 *
 * @example
 * const entmax = new Entmax15();
 * entmax.forward(tensor([[0, 0], [0.4, 0], [4, 0]])).toArray(); // → [[0.5, 0.5], [0.64, 0.36], [1, 0]]
 * entmax.backward(tensor([[1, 0], [0.35, 0], [1, 0]])).toArray(); // → [[0.354, -0.354], [0.12, -0.12], [0, 0]]
 */
export class Entmax15 extends SparseSoftmax {
  /** Learns nothing. */
  constructor() {
    super("Entmax15", "entmax");
  }
}
