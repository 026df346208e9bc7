import type { Shape } from "../../core/shapes.ts";
import type { Tensor } from "../../core/tensor.ts";
import { deviceOf } from "../../kernels/device.ts";
import { newTensor } from "../layer.ts";

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
    const used = unmet ? withoutUnmet(x, dy, columns) : x;
    kernels.matmul(used.storage, d, null, dW, inner, columns, rows, true, false, true);
    if (used !== x) used.dispose();
  }
}

function rowsOf(shape: Shape): number {
  return shape.slice(0, -1).reduce((total, size) => total * size, 1);
}

/** x, or where it is not finite throughout, a copy with zeros in the rows whose gradients are all 0. */
function withoutUnmet(x: Tensor, dy: Tensor, columns: number): Tensor {
  const { kernels } = deviceOf(x);
  const norm = newTensor(x, [1]);
  kernels.norm(x.storage, norm.storage, x.size, false);
  const finite = Number.isFinite(norm.data[0]);
  norm.dispose();
  if (finite || x.size === 0) return x;
  const size = x.shape.at(-1)!;
  const numbers = x.data.slice();
  const gradients = dy.data;
  for (let row = 0; row * size < numbers.length; row++) {
    const own = gradients.subarray(row * columns, (row + 1) * columns);
    if (own.every((d) => d === 0)) numbers.fill(0, row * size, (row + 1) * size);
  }
  const y = newTensor(x, x.shape);
  y.storage.write(numbers);
  return y;
}
