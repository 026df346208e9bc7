import type { Scope } from "../../core/scope.ts";
import type { Storage } from "../../core/storage.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import type { AttentionInputs, AttentionPlan } from "../../kernels/attend/contract.ts";
import type { CheckedScore } from "./scores.ts";
import type { Sizes } from "./sizes.ts";

/** A call of attention, checked and prepared: everything that both passes read. */
export interface Job {
  /** As they were given. */
  readonly query: Tensor;
  /** All that is attended to: as given, or with those of the past before them. */
  readonly keys: Tensor;
  readonly values: Tensor;
  /** What the score makes of query and keys; they themselves where it takes them as they are. */
  readonly comparedQuery: Tensor;
  readonly comparedKeys: Tensor;
  readonly score: CheckedScore;
  readonly sizes: Sizes;
  readonly plan: AttentionPlan;
  readonly lengths: Indices | null;
  readonly mask: Indices | null;
  readonly bias: Tensor | null;
  readonly slopes: Tensor | null;
  /** Steps of the past among keys and values; null where none was given. */
  readonly past: number | null;
  readonly rows: { readonly maxima: Tensor; readonly sums: Tensor };
  /** Weights that the normaliser needs for its backward pass, but that nobody asked for. */
  readonly ownWeights: Tensor | null;
  /** What was made for the call, and is nobody else's. */
  readonly owned: Scope;
}

/** What a kernel reads of it. */
export function inputsOf(job: Job): AttentionInputs<Storage, Storage> {
  return {
    query: job.comparedQuery.storage,
    keys: job.comparedKeys.storage,
    values: job.values.storage,
    vector: job.score.v?.storage ?? null,
    lengths: job.lengths?.storage ?? null,
    mask: job.mask?.storage ?? null,
    bias: job.bias?.storage ?? null,
    slopes: job.slopes?.storage ?? null,
  };
}

/** What a kernel left of the rows of scores. */
export function rowsOf({ rows }: Job): { maxima: Storage; sums: Storage } {
  return { maxima: rows.maxima.storage, sums: rows.sums.storage };
}
