import { type Shape, sizeOf } from "../core/shapes.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { seenFinite, withoutUnmet } from "./attend/projections.ts";
import { newTensor } from "./layer.ts";

/**
 * y = x · W + b over the last axis, as {@link Linear}, of a layer that has several, knows their inputs
 * itself, and may do without b.
 */
export class Projection {
  readonly #W: Tensor;
  readonly #dW: Tensor;
  readonly #b: { readonly value: Tensor; readonly grad: Tensor } | null;

  constructor(
    W: { readonly value: Tensor; readonly grad: Tensor },
    b: { readonly value: Tensor; readonly grad: Tensor } | null,
  ) {
    this.#W = W.value;
    this.#dW = W.grad;
    this.#b = b;
  }

  /** x (…, I) → y (…, O) */
  forward(x: Tensor): Tensor {
    const [inner, columns] = this.#W.shape as [number, number];
    const y = newTensor(this.#W, [...x.shape.slice(0, -1), columns]);
    deviceOf(x).kernels.matmul(
      x.storage,
      this.#W.storage,
      this.#b?.value.storage ?? null,
      y.storage,
      rowsOf(x.shape),
      columns,
      inner,
      false,
      false,
      false,
    );
    return y;
  }

  /** dx (+)= dy · Wᵀ */
  inputGradient(dy: Tensor, dx: Tensor, accumulate: boolean): void {
    const [inner, columns] = this.#W.shape as [number, number];
    const [d, W, to] = [dy.storage, this.#W.storage, dx.storage];
    const rows = rowsOf(dx.shape);
    deviceOf(dx).kernels.matmul(d, W, null, to, rows, inner, columns, false, true, accumulate);
  }

  /**
   * dW += xᵀ · dy, db += Σ dy.
   *
   * @param unmet whether there may be rows of x that reached nothing: their dy is 0, but 0 · NaN is not
   */
  learn(x: Tensor, dy: Tensor, unmet: boolean): void {
    const [inner, columns] = this.#W.shape as [number, number];
    const rows = rowsOf(x.shape);
    const { kernels } = deviceOf(x);
    const [d, dW] = [dy.storage, this.#dW.storage];
    if (this.#b !== null) kernels.sumRows(d, this.#b.grad.storage, rows, columns, true);
    const used = unmet && !seenFinite(x) ? withoutUnmet(x, rows, dy) : x;
    kernels.matmul(used.storage, d, null, dW, inner, columns, rows, true, false, true);
    if (used !== x) used.dispose();
  }
}

function rowsOf(shape: Shape): number {
  return sizeOf(shape.slice(0, -1));
}
