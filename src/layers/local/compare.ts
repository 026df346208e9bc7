import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { newTensor } from "../layer.ts";

/** query · W (N, Tq, Dk), or query itself where there is no W. */
export function compare(query: Tensor, W: Tensor | undefined, scope: Scope): Tensor {
  if (W === undefined) return query;
  const [N, Tq] = query.shape as [number, number];
  const [Dq, Dk] = W.shape as [number, number];
  const y = scope.keep(newTensor(query, [N, Tq, Dk]));
  const [x, w, to] = [query.storage, W.storage, y.storage];
  familyDevice(query).kernels.matmul(x, w, null, to, N * Tq, Dk, Dq, false, false, false);
  return y;
}

/** dQuery, and what is added to dW; dCompared is used up. */
export function compareBackward(
  query: Tensor,
  W: Tensor | undefined,
  dW: Tensor | undefined,
  dCompared: Tensor,
): Tensor {
  if (W === undefined || dW === undefined) return dCompared;
  const [N, Tq] = query.shape as [number, number];
  const [Dq, Dk] = W.shape as [number, number];
  const rows = N * Tq;
  const { kernels } = familyDevice(query);
  const [d, dQuery] = [dCompared.storage, newTensor(query, query.shape)];
  kernels.matmul(query.storage, d, null, dW.storage, Dq, Dk, rows, true, false, true);
  kernels.matmul(d, W.storage, null, dQuery.storage, rows, Dq, Dk, false, true, false);
  dCompared.dispose();
  return dQuery;
}
