import { checkOptions } from "../../core/arguments.ts";
import { DataError, StateError } from "../../core/errors.ts";
import { formatShape } from "../../core/shapes.ts";
import { disposeSymbol, Indices, Tensor } from "../../core/tensor.ts";
import { expectShape, together } from "../checks.ts";
import { type AttentionGradients, backwardPass } from "./backward.ts";
import type { Outcome } from "./forward.ts";
import type { Job } from "./job.ts";
import type { KeysAndValues } from "./options.ts";
import { queryShape, rowShape } from "./sizes.ts";

/**
 * What {@link attention} found, and its backward pass. Its tensors are the caller's; some that only the
 * backward pass reads are its own. All are given back when they are collected, or earlier: its own by
 * `forget`, all of them by `dispose` or `using`.
 *
 * @example
 * const x = tensor([[[1, 0], [0, 1]]]);
 * using result = attention(x, x, x, { score: "scaled-dot", return: { weights: true } });
 * result.context.shape; // → [1, 2, 2]
 * result.weights?.toArray(); // → [[[0.67, 0.33], [0.33, 0.67]]]
 * const { dQuery, dKeys, dValues } = result.backward(result.context);
 * dQuery.shape; // → [1, 2, 2]
 */
export class AttentionResult {
  /** context[…, q, :] = Σₜ weights[…, q, t] · values[…, t, :]: laid out as query, in the values' size. */
  readonly context: Tensor;
  /** (N, H, Tq, Tk), before dropout; (N, Tq, Tk) where `heads` was not given for three axes. If asked for. */
  readonly weights: Tensor | undefined;
  /** Of the shape of the weights. If asked for. */
  readonly scores: Tensor | undefined;
  /** (N, H, Tq), or (N, Tq): ln Σₜ exp(score[t]), −∞ where no key is met. If asked for. */
  readonly logSumExp: Tensor | undefined;
  /** All keys and values, of the past and of the call: the next call's past. If there was a past. */
  readonly present: KeysAndValues | undefined;
  readonly #where: string;
  #job: Job | null;
  /** Why there is no backward pass, where there is none. */
  #ended: string | null;

  /** For {@link attention}. */
  constructor(
    where: string,
    job: Job,
    { context, weights, scores, logSumExp }: Outcome,
    { present, cached }: { readonly present: KeysAndValues | undefined; readonly cached: boolean },
  ) {
    this.context = context;
    this.weights = weights;
    this.scores = scores;
    this.logSumExp = logSumExp;
    this.present = present;
    this.#where = where;
    this.#job = cached ? null : job;
    this.#ended = cached ? "a call with a cache, which has none" : null;
    if (cached) job.owned.dispose();
  }

  /**
   * The gradients of everything that went in, which must still be held and have the same numbers. May be
   * called any number of times. `context` and `weights` may be disposed before, and are then computed anew.
   *
   * With dWeight[t] = drop(dContext · values[t]) + dWeights[t], the softmax's dScore[t] =
   * weights[t] · (dWeight[t] − Σₖ weights[k] · dWeight[k]); those of query and keys follow (for the
   * dot score dQuery = scale · Σₜ dScore[t] · keys[t]), and dValues[t] = Σ_q drop(weights)[q, t] · dContext[q]
   * (Dao et al. 2022, appendix B.2, for the form that keeps no weights).
   *
   * @param dContext of the shape of context; zeros unless given
   * @param more.dWeights of the shape of weights, if something else was made of those
   * @throws StateError after `dispose`, of a call with a cache, or when what went in was disposed;
   *   ShapeError when a gradient has another shape; DataError without any
   */
  backward(
    dContext?: Tensor,
    more: { readonly dWeights?: Tensor | undefined } = {},
  ): AttentionGradients {
    const where = this.#where;
    const job = this.#recall();
    checkOptions(where, more, ["dWeights"]);
    const { dWeights } = more;
    const { query, sizes, plan } = job;
    if (dContext === undefined && dWeights === undefined) {
      throw new DataError({ where, expected: "dContext, dWeights or both", received: "neither" });
    }
    if (dContext !== undefined) {
      expectShape(where, "dContext", dContext, queryShape(sizes, plan.valueSize));
      together(where, { query, dContext });
    }
    if (dWeights !== undefined) {
      expectShape(where, "dWeights", dWeights, rowShape(sizes, plan.steps));
      together(where, { query, dWeights });
    }
    return backwardPass(job, this, dContext, dWeights);
  }

  /** Gives back what only the backward pass reads; context and all else that was asked for stay. */
  forget(): void {
    this.#job?.owned.dispose();
    this.#job = null;
    this.#ended ??= "use after dispose() or forget()";
  }

  /** Gives back everything: what `forget` does, and context, weights, scores, logSumExp, present. */
  dispose(): void {
    this.forget();
    const { context, weights, scores, logSumExp, present } = this;
    for (const held of [context, weights, scores, logSumExp, present?.keys, present?.values]) {
      held?.dispose();
    }
  }

  /** What `using` calls at the end of its block: `dispose`. */
  [disposeSymbol](): void {
    this.dispose();
  }

  #recall(): Job {
    const where = this.#where;
    if (this.#job === null) {
      throw new StateError({
        where,
        expected: "a result that can be undone",
        received: this.#ended ?? "none",
      });
    }
    const { query, keys, values, lengths, mask, bias, slopes, score } = this.#job;
    const read = { query, keys, values, lengths, mask, bias, alibi: slopes, ...score.tensors };
    for (const [name, value] of Object.entries(read)) {
      if (!(value instanceof Tensor || value instanceof Indices) || !value.disposed) continue;
      throw new StateError({
        where,
        expected: "what went into attention to be held until then",
        received: `use of ${name} ${formatShape(value.shape)} after dispose()`,
        fix: "dispose it later",
      });
    }
    return this.#job;
  }
}
