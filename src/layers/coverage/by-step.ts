import { Scope } from "../../core/scope.ts";
import { sizeOf } from "../../core/shapes.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { copied } from "../attend/blocks.ts";
import { newTensor } from "../layer.ts";

/**
 * x (N, T, …) as (T, N, …): a step of every sequence lies together then, as work that goes from step to
 * step wants it. Undoes itself.
 */
export function byStep(x: Tensor): Tensor {
  const [N = 0, T = 0, ...rest] = x.shape;
  const y = newTensor(x, [T, N, ...rest]);
  const rows = x.device.allocate("int32", N * T);
  rows.write(Int32Array.from({ length: N * T }, (_, i) => (i % N) * T + Math.floor(i / N)));
  familyDevice(x).kernels.embeddingForward(x.storage, rows, y.storage, N * T, sizeOf(rest));
  rows.release();
  return y;
}

/** Step t of what `byStep` gives: a view, which goes with the scope. */
export function stepOf(x: Tensor, t: number, scope: Scope): Tensor {
  const shape = x.shape.slice(1);
  return scope.keep(x.view(t * sizeOf(shape), shape));
}

/** The same in memory of its own. */
export function copyOfStep(x: Tensor, t: number): Tensor {
  const scope = new Scope();
  const copy = copied(stepOf(x, t, scope));
  scope.dispose();
  return copy;
}
