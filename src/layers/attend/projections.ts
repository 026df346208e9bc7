import type { Scope } from "../../core/scope.ts";
import type { Shape } from "../../core/shapes.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { newTensor } from "../layer.ts";

/** Rows of a tensor: so many blocks of `stride` rows, of which the first `used` count. */
export interface Rows {
  readonly blocks: number;
  readonly used: number;
  readonly stride: number;
}

/** y = x · W + b, row by row; rows that do not count stay unspecified. */
export function project(x: Tensor, rows: Rows, W: Tensor, b: Tensor | null, shape: Shape): Tensor {
  const y = newTensor(x, shape);
  const { kernels } = familyDevice(x);
  const [inner, columns] = W.shape as [number, number];
  const bias = b?.storage ?? null;
  if (rows.used === rows.stride) {
    const count = rows.blocks * rows.used;
    const [from, to] = [x.storage, y.storage];
    kernels.matmul(from, W.storage, bias, to, count, columns, inner, false, false, false);
    return y;
  }
  for (let i = 0; i < rows.blocks; i++) {
    const from = x.storage.slice(i * rows.stride * inner, rows.used * inner);
    const to = y.storage.slice(i * rows.stride * columns, rows.used * columns);
    kernels.matmul(from, W.storage, bias, to, rows.used, columns, inner, false, false, false);
    from.release();
    to.release();
  }
  return y;
}

/** y = x + b, row by row. */
export function addToRows(x: Tensor, b: Tensor): Tensor {
  const y = newTensor(x, x.shape);
  const { kernels } = familyDevice(x);
  const rows = b.size === 0 ? 0 : x.size / b.size;
  kernels.addRepeated(x.storage, b.storage, y.storage, rows, b.size);
  return y;
}

/** The sum of the rows of x, each as long as `like`. */
export function sumOfRows(x: Tensor, like: Tensor, made: Scope): Tensor {
  const y = made.keep(newTensor(like, like.shape));
  const rows = like.size === 0 ? 0 : x.size / like.size;
  familyDevice(x).kernels.sumRows(x.storage, y.storage, rows, like.size, false);
  return y;
}

/** The gradients of y = x · W for rows that all count: dx = dy · Wᵀ and dW = xᵀ · dy. */
export function unproject(
  x: Tensor,
  rows: number,
  W: Tensor,
  dy: Tensor,
  made: Scope,
): { dx: Tensor; dW: Tensor } {
  const { kernels } = familyDevice(x);
  const [inner, columns] = W.shape as [number, number];
  const dx = made.keep(newTensor(x, x.shape));
  const dW = made.keep(newTensor(W, W.shape));
  const d = dy.storage;
  kernels.matmul(d, W.storage, null, dx.storage, rows, inner, columns, false, true, false);
  const learn = ({ storage }: Tensor): void =>
    kernels.matmul(storage, d, null, dW.storage, inner, columns, rows, true, false, false);
  if (x.device.hostVisible) learn(x);
  if (!seenFinite(dW)) {
    // Where no query met a row, 0 · NaN of padding comes in: without those rows.
    const met = withoutUnmet(x, rows, dy);
    learn(met);
    met.dispose();
  }
  return { dx, dW };
}

/** Whether all numbers are finite, and their norm too, where the host can see that: to look is cheaper than to copy. */
export function seenFinite(x: Tensor): boolean {
  if (!x.device.hostVisible) return false;
  const norm = newTensor(x, [1]);
  familyDevice(x).kernels.norm(x.storage, norm.storage, x.size, false);
  const finite = Number.isFinite(norm.data[0]);
  norm.dispose();
  return finite;
}

/** x with zeros in the rows whose gradients are all 0. */
export function withoutUnmet(x: Tensor, rows: number, dy: Tensor): Tensor {
  const y = newTensor(x, x.shape);
  const [size, columns] = [x.size / rows || 0, dy.size / rows || 0];
  familyDevice(x).kernels.maskUnmet(x.storage, dy.storage, y.storage, rows, size, columns);
  return y;
}
