import { ShapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkTensor, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/**
 * Softmax over the last axis: y[…, t] = exp(x[…, t] − max) / Σₖ exp(x[…, k] − max).
 *
 * Shapes: x (…, T) → y (…, T). A row of −∞ alone gives zeros.
 *
 * @example
 * const softmax = new Softmax();
 * softmax.forward(tensor([[0, 0], [Math.log(3), 0]])).toArray(); // → [[0.5, 0.5], [0.75, 0.25]]
 * softmax.backward(tensor([[1, 0], [1, 0]])).toArray(); // → [[0.25, -0.25], [0.1875, -0.1875]]
 */
export class Softmax implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  #state: { y: Tensor } | null = null;

  /** x (…, T) → y (…, T). @throws ShapeError when x has no axis */
  forward(x: Tensor): Tensor {
    checkTensor("Softmax.forward", "x", x);
    const columns = x.shape.at(-1);
    if (columns === undefined) {
      throw new ShapeError({
        where: "Softmax.forward",
        expected: "x to have at least one axis",
        received: "shape ()",
      });
    }
    const y = newTensor(x, x.shape);
    const rows = columns === 0 ? 0 : x.size / columns;
    deviceOf(x).kernels.softmaxForward(x.storage, y.storage, rows, columns);
    this.#state = { y };
    return y;
  }

  /**
   * dx = y ⊙ (dy − Σ y ⊙ dy), row by row.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): Tensor {
    const { y } = recall("Softmax", this.#state);
    expectShape("Softmax.backward", "dy", dy, y.shape);
    together("Softmax.backward", { y, dy });
    const columns = y.shape.at(-1) ?? 0;
    const rows = columns === 0 ? 0 : y.size / columns;
    const dx = newTensor(y, y.shape);
    deviceOf(y).kernels.softmaxBackward(y.storage, dy.storage, dx.storage, rows, columns);
    return dx;
  }
}
