import { checkOptions } from "../../core/arguments.ts";
import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { agree, axes, expectShape, together } from "../checks.ts";
import { newTensor } from "../layer.ts";
import { withoutPadding } from "../padding.ts";
import type { Projection } from "../projection.ts";
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

/** What a layer has learned, and what Wk with b, and Wq, make of keys and queries. */
export interface CoverageNetwork {
  readonly parameters: CoverageParameters;
  readonly projectKeys: Projection;
  readonly projectQuery: Projection;
}

/** Keys, values and lengths held against each other, and what the keys bring to every score. */
export function sourceOf(
  where: string,
  { parameters: { Wk, wc, v }, projectKeys }: CoverageNetwork,
  keys: Tensor,
  values: Tensor,
  call: CoverageCall,
  scope: Scope,
): { readonly source: Source; readonly keys: Tensor } {
  checkOptions(where, call, ["lengths"]);
  const [N, Tk, size] = axes(where, "keys", keys, "N", "Tk", "Dk");
  agree(where, "Dk", "keys", size, "Wk", Wk.shape[0] ?? 0);
  const [, , E] = axes(where, "values", values, "N", "Tk", "E");
  expectShape(where, "values", values, [N, Tk, E]);
  together(where, { Wk, keys, values });
  const { lengths } = call;
  // Padding may hold anything; without it here, keys · Wk and keysᵀ · dBase never meet it.
  const real = withoutPadding(where, keys, { lengths }, scope);
  const base = scope.keep(projectKeys.forward(real));
  return { source: { base, values, lengths, wc, v }, keys: real };
}

/** Room for T steps, nothing covered before the first; `projected` is query · Wq (T, N, A). */
export function stepsOf(source: Source, projected: Tensor, scope: Scope): Steps {
  const { base, values } = source;
  const [N, Tk] = base.shape as [number, number, number];
  const [T = 0] = projected.shape;
  const room = (...shape: readonly number[]): Tensor => scope.keep(newTensor(base, shape));
  const steps: Steps = {
    projected,
    coverages: room(T + 1, N, Tk),
    weights: room(T, N, Tk),
    context: room(T, N, values.shape[2] ?? 0),
    maxima: room(T, N),
    sums: room(T, N),
  };
  const { kernels } = familyDevice(base);
  const before = stepOf(steps.coverages, 0, scope);
  kernels.fill(before.storage, 0, before.size);
  return steps;
}
