import { Scope } from "../../core/scope.ts";
import type { Storage } from "../../core/storage.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import {
  type AttentionInputs,
  type AttentionPlan,
  PLAIN_PLAN,
} from "../../kernels/attend/contract.ts";
import { stepOf } from "./by-step.ts";

/** What one query at a time attends to. */
export interface Source {
  /** keys · Wk + b (N, Tk, A) */
  readonly base: Tensor;
  /** (N, Tk, E) */
  readonly values: Tensor;
  readonly lengths: Indices | undefined;
  /** (A) */
  readonly wc: Tensor;
  readonly v: Tensor;
}

/** What the steps of a call read and write, each (T, N, …): step t of every sequence lies together. */
export interface Steps {
  /** query · Wq (T, N, A) */
  readonly projected: Tensor;
  /** What was covered before each step, and after the last (T + 1, N, Tk). */
  readonly coverages: Tensor;
  readonly weights: Tensor;
  readonly context: Tensor;
  readonly maxima: Tensor;
  readonly sums: Tensor;
}

/** Additive attention of one head, one query a sequence. */
export function planOf({ base, values }: Source): AttentionPlan {
  const [N, Tk, A] = base.shape as [number, number, number];
  return {
    ...PLAIN_PLAN,
    batch: N,
    queries: 1,
    steps: Tk,
    capacity: Tk,
    size: A,
    valueSize: values.shape[2] ?? 0,
    additive: true,
  };
}

/** What the kernel compares: `covered`, of the shape of base, receives base + coverage · wc. */
export function inputsOfStep(
  source: Source,
  steps: Steps,
  t: number,
  covered: Tensor,
  scope: Scope,
): AttentionInputs<Storage, Storage> {
  const { base, values, lengths, wc, v } = source;
  const { kernels } = familyDevice(base);
  const coverage = stepOf(steps.coverages, t, scope);
  kernels.copy(base.storage, covered.storage, base.size);
  const [column, row, into] = [coverage.storage, wc.storage, covered.storage];
  kernels.matmul(column, row, null, into, coverage.size, wc.size, 1, false, false, true);
  return {
    query: stepOf(steps.projected, t, scope).storage,
    keys: into,
    values: values.storage,
    vector: v.storage,
    lengths: lengths?.storage ?? null,
    mask: null,
    bias: null,
    slopes: null,
  };
}

/** Step t: its context and weights, and the coverage of the step that follows. */
export function attendStep(source: Source, steps: Steps, t: number, covered: Tensor): void {
  const scope = new Scope();
  const { kernels } = familyDevice(source.base);
  const inputs = inputsOfStep(source, steps, t, covered, scope);
  const part = (x: Tensor, step = t): Storage => stepOf(x, step, scope).storage;
  const [before, after] = [part(steps.coverages), part(steps.coverages, t + 1)];
  const weights = part(steps.weights);
  const rows = { maxima: part(steps.maxima), sums: part(steps.sums) };
  kernels.attendForward(inputs, planOf(source), part(steps.context), rows, weights, null);
  kernels.add(before, weights, after, weights.length);
  scope.dispose();
}
