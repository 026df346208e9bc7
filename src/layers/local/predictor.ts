import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { newTensor } from "../layer.ts";

/** Wp (D, D) and vp (D), or their gradients. */
export interface PredictorParameters {
  readonly Wp: Tensor;
  readonly vp: Tensor;
}

/** Centres (N, Tq), and what their backward pass needs. */
export interface Prediction {
  readonly centres: Tensor;
  /** tanh(query · Wp) (N, Tq, D) */
  readonly hidden: Tensor;
  /** σ(hidden · vp) (N, Tq) */
  readonly shares: Tensor;
  /** (N, Tq): the length of each query's sequence. */
  readonly spans: Tensor;
}

/** centre = span · σ(tanh(query · Wp) · vp) (Luong et al. 2015, equation 9). */
export function predict(
  query: Tensor,
  { Wp, vp }: PredictorParameters,
  lengths: Int32Array,
  scope: Scope,
): Prediction {
  const [N, Tq, D] = query.shape as [number, number, number];
  const rows = N * Tq;
  const room = (...shape: readonly number[]): Tensor => scope.keep(newTensor(query, shape));
  const [hidden, shares, spans] = [room(N, Tq, D), room(N, Tq), room(N, Tq)];
  const centres = newTensor(query, [N, Tq]);
  spans.storage.write(Float64Array.from({ length: rows }, (_, i) => lengths[Math.floor(i / Tq)]!));
  const { kernels } = familyDevice(query);
  const [x, h, s] = [query.storage, hidden.storage, shares.storage];
  kernels.matmul(x, Wp.storage, null, h, rows, D, D, false, false, false);
  kernels.tanhForward(h, h, hidden.size);
  kernels.matmul(h, vp.storage, null, s, rows, 1, D, false, false, false);
  kernels.sigmoidForward(s, s, rows);
  kernels.multiply(s, spans.storage, centres.storage, rows);
  return { centres, hidden, shares, spans };
}

/** Adds to dQuery, and to the gradients of the parameters. dCentres is overwritten. */
export function predictBackward(
  query: Tensor,
  { Wp, vp }: PredictorParameters,
  { hidden, shares, spans }: Prediction,
  dCentres: Tensor,
  dQuery: Tensor,
  { Wp: dWp, vp: dvp }: PredictorParameters,
  scope: Scope,
): void {
  const D = vp.size;
  const rows = dCentres.size;
  const { kernels } = familyDevice(query);
  const [d, h] = [dCentres.storage, hidden.storage];
  kernels.multiply(d, spans.storage, d, rows);
  kernels.sigmoidBackward(shares.storage, d, d, rows);
  kernels.matmul(h, d, null, dvp.storage, D, 1, rows, true, false, true);
  const dHidden = scope.keep(newTensor(query, hidden.shape)).storage;
  kernels.matmul(d, vp.storage, null, dHidden, rows, D, 1, false, false, false);
  kernels.tanhBackward(h, dHidden, dHidden, hidden.size);
  kernels.matmul(query.storage, dHidden, null, dWp.storage, D, D, rows, true, false, true);
  kernels.matmul(dHidden, Wp.storage, null, dQuery.storage, rows, D, D, false, true, true);
}
