import { checkOptions } from "../../core/arguments.ts";
import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { agree, axes, checkLengths, expectShape, together } from "../checks.ts";
import { newTensor } from "../layer.ts";
import { stepOf } from "./by-step.ts";
import type { Source, Steps } from "./step.ts";

/** Which keys of a batch are real. */
export interface CoverageCall {
  /** (N): sequence n has lengths[n] keys; what lies behind is never read. */
  readonly lengths?: Indices | undefined;
}

/** The layer's parameters, or their gradients. */
export interface CoverageParameters {
  readonly Wk: Tensor;
  readonly Wq: Tensor;
  readonly wc: Tensor;
  readonly b: Tensor;
  readonly v: Tensor;
}

/** Keys, values and lengths held against each other, and what the keys bring to every score. */
export function sourceOf(
  where: string,
  { Wk, wc, b, v }: CoverageParameters,
  keys: Tensor,
  values: Tensor,
  call: CoverageCall,
  scope: Scope,
): { readonly source: Source; readonly keys: Tensor } {
  checkOptions(where, call, ["lengths"]);
  const [Dk, A] = Wk.shape as [number, number];
  const [N, Tk, size] = axes(where, "keys", keys, "N", "Tk", "Dk");
  agree(where, "Dk", "keys", size, "Wk", Dk);
  const [, , E] = axes(where, "values", values, "N", "Tk", "E");
  expectShape(where, "values", values, [N, Tk, E]);
  together(where, { Wk, keys, values });
  const { lengths } = call;
  checkLengths(where, lengths, keys, N, Tk);
  const { kernels } = familyDevice(keys);
  let real = keys;
  if (lengths !== undefined) {
    // Padding may hold anything; without it here, keys · Wk and keysᵀ · dBase never meet it.
    real = scope.keep(newTensor(keys, keys.shape));
    kernels.maskSteps(keys.storage, lengths.storage, real.storage, N, Tk, Dk);
  }
  const base = scope.keep(newTensor(keys, [N, Tk, A]));
  const product = [real.storage, Wk.storage, b.storage, base.storage] as const;
  kernels.matmul(...product, N * Tk, A, Dk, false, false, false);
  return { source: { base, values, lengths, wc, v }, keys: real };
}

/** Room for T steps, nothing covered before the first; `projected` is query · Wq of (T, N, Dq). */
export function stepsOf(source: Source, query: Tensor, Wq: Tensor, scope: Scope): Steps {
  const { base, values } = source;
  const [N, Tk, A] = base.shape as [number, number, number];
  const [T = 0, , Dq = 0] = query.shape;
  const room = (...shape: readonly number[]): Tensor => scope.keep(newTensor(base, shape));
  const steps: Steps = {
    projected: room(T, N, A),
    coverages: room(T + 1, N, Tk),
    weights: room(T, N, Tk),
    context: room(T, N, values.shape[2] ?? 0),
    maxima: room(T, N),
    sums: room(T, N),
  };
  const { kernels } = familyDevice(base);
  const [from, to] = [query.storage, steps.projected.storage];
  kernels.matmul(from, Wq.storage, null, to, T * N, A, Dq, false, false, false);
  const before = stepOf(steps.coverages, 0, scope);
  kernels.fill(before.storage, 0, before.size);
  return steps;
}
