import type { Storage } from "../core/storage.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { at, bit, type Export, orNull } from "./addresses.ts";

type AttentionOp =
  | "attentionWeightForward"
  | "attentionWeightBackward"
  | "weightSumForward"
  | "weightSumBackward"
  | "attentionForward"
  | "attentionBackward";

/** The part of the contract that is attention, as `kernelCalls`. */
export function attentionCalls(
  run: Readonly<Record<AttentionOp, Export>>,
  settle: () => void,
): Pick<Kernels<Storage, Storage>, AttentionOp> {
  return {
    attentionWeightForward(query, keys, lengths, weights, batch, queries, steps, size) {
      run.attentionWeightForward(
        at(query),
        at(keys),
        orNull(lengths),
        at(weights),
        batch,
        queries,
        steps,
        size,
      );
      settle();
    },
    attentionWeightBackward(
      query,
      keys,
      lengths,
      weights,
      dWeights,
      dScores,
      dQuery,
      dKeys,
      batch,
      queries,
      steps,
      size,
      accumulate,
    ) {
      run.attentionWeightBackward(
        at(query),
        at(keys),
        orNull(lengths),
        at(weights),
        at(dWeights),
        at(dScores),
        at(dQuery),
        at(dKeys),
        batch,
        queries,
        steps,
        size,
        bit(accumulate),
      );
      settle();
    },
    weightSumForward(values, weights, lengths, context, batch, queries, steps, size) {
      run.weightSumForward(
        at(values),
        at(weights),
        orNull(lengths),
        at(context),
        batch,
        queries,
        steps,
        size,
      );
      settle();
    },
    weightSumBackward(
      values,
      weights,
      lengths,
      dContext,
      dWeights,
      dValues,
      batch,
      queries,
      steps,
      size,
      accumulate,
    ) {
      run.weightSumBackward(
        at(values),
        at(weights),
        orNull(lengths),
        at(dContext),
        at(dWeights),
        at(dValues),
        batch,
        queries,
        steps,
        size,
        bit(accumulate),
      );
      settle();
    },
    attentionForward(query, keys, values, lengths, weights, context, batch, queries, steps, size) {
      run.attentionForward(
        at(query),
        at(keys),
        at(values),
        orNull(lengths),
        at(weights),
        at(context),
        batch,
        queries,
        steps,
        size,
      );
      settle();
    },
    attentionBackward(
      query,
      keys,
      values,
      lengths,
      weights,
      context,
      dContext,
      dQuery,
      dKeys,
      dValues,
      batch,
      queries,
      steps,
      size,
      accumulate,
    ) {
      run.attentionBackward(
        at(query),
        at(keys),
        at(values),
        orNull(lengths),
        at(weights),
        at(context),
        at(dContext),
        at(dQuery),
        at(dKeys),
        at(dValues),
        batch,
        queries,
        steps,
        size,
        bit(accumulate),
      );
      settle();
    },
  };
}
