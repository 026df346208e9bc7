import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { attention } from "../attend/attention.ts";
import type { AttentionResult } from "../attend/result.ts";
import { newTensor } from "../layer.ts";
import { holder, type Windows } from "./windows.ts";

/** Twice this makes −∞ of whatever is outside of a window, and leaves 0 at 0. */
const HUGE = 1e30;

/**
 * 0 for the steps within `window` of each centre, −∞ for the others, of (rows, 1, 1, steps): by kernels alone, where
 * the host does not see the centres. The sign of a difference is exact, however it is rounded.
 */
function biasAround(centres: Tensor, window: number, steps: number, scope: Scope): Tensor {
  const rows = centres.size;
  const { kernels } = familyDevice(centres);
  const room = (): Tensor => scope.keep(newTensor(centres, [rows, 1, 1, steps]));
  const [bias, zeros] = [room(), room()];
  const y = bias.storage;
  const z = zeros.storage;
  /** sign · centre + offset(t) */
  const distance = (to: typeof y, sign: number, offset: (t: number) => number): void => {
    const [signs, offsets] = [0, 1].map(() => scope.keep(newTensor(centres, [steps])).storage);
    signs?.write(new Float64Array(steps).fill(sign));
    offsets?.write(Float64Array.from({ length: steps }, (_, t) => offset(t)));
    const [c, s, o] = [centres.storage, signs as typeof y, offsets as typeof y];
    kernels.matmul(c, s, o, to, rows, steps, 1, false, false, false);
  };
  distance(y, 1, (t) => window - t);
  distance(z, -1, (t) => window + t);
  kernels.minimumForward(y, z, y, bias.size);
  kernels.fill(z, 0, bias.size);
  kernels.minimumForward(y, z, y, bias.size);
  for (let i = 0; i < 2; i++) kernels.scale(y, HUGE, y, bias.size);
  return bias;
}

/**
 * As `windowsAround`, where the host does not see the centres: every window is the whole sequence, and a bias
 * says what of it is. Work and memory grow with the sequence, then.
 */
export function wholeSequences(
  centres: Tensor,
  window: number,
  lengths: Int32Array,
  steps: number,
  scope: Scope,
): Windows {
  const [N, Tq] = centres.shape as [number, number];
  const rows = N * Tq;
  const held = holder(centres, scope);
  const kept = {
    counts: held(Int32Array.from({ length: rows }, (_, row) => lengths[Math.floor(row / Tq)]!)),
    ids: held(
      Int32Array.from({ length: rows * steps }, (_, i) => {
        return Math.floor(i / (steps * Tq)) * steps + (i % steps);
      }),
    ),
    elements: held(Int32Array.from({ length: rows * steps }, (_, i) => i)),
  };
  const bias = biasAround(centres, window, steps, scope);
  return { rows, width: steps, steps, ...kept, centres: scope.keep(centres.reshape([rows])), bias };
}

/** Of each query against the steps of its row that its bias lets through: the weights are those of the windows. */
export function compareAll(
  query: Tensor,
  keys: Tensor,
  { rows, counts }: Windows,
  bias: Tensor,
  scope: Scope,
): AttentionResult {
  const each = scope.keep(query.reshape([rows, 1, query.shape[2] ?? 0]));
  const wanted = { weights: true };
  return scope.keep(
    attention(each, keys, keys, { score: "dot", lengths: counts, bias, return: wanted }),
  );
}
