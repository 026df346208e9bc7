import type { Storage } from "../core/storage.ts";
import type {
  AttentionInputs,
  AttentionKernels,
  AttentionPlan,
} from "../kernels/attend/contract.ts";
import { at, bit, type Export, orNull } from "./addresses.ts";
import { checkPlain, type PlainAlone } from "./plain-attention.ts";

/** The general attention, as `kernelCalls`. */
export function attendCalls(
  run: Readonly<Record<keyof AttentionKernels<Storage, Storage>, Export>> & PlainAlone,
  settle: () => void,
): AttentionKernels<Storage, Storage> {
  return {
    attendForward(inputs, plan, context, rows, weights, logSumExp) {
      if (run.plainAlone) checkPlain("attendForward", inputs, plan, weights, logSumExp);
      run.attendForward(
        ...numbersOf(inputs, plan),
        at(context),
        at(rows.maxima),
        at(rows.sums),
        orNull(weights),
        orNull(logSumExp),
      );
      settle();
    },
    attendBackward(
      inputs,
      plan,
      context,
      rows,
      weights,
      dContext,
      dWeights,
      dots,
      dQuery,
      dKeys,
      dValues,
      dVectors,
    ) {
      if (run.plainAlone) checkPlain("attendBackward", inputs, plan, weights, dWeights, dVectors);
      run.attendBackward(
        ...numbersOf(inputs, plan),
        at(context),
        at(rows.maxima),
        at(rows.sums),
        orNull(weights),
        at(dContext),
        orNull(dWeights),
        at(dots),
        at(dQuery),
        at(dKeys),
        at(dValues),
        orNull(dVectors),
      );
      settle();
    },
    attendBiasBackward(inputs, plan, rows, weights, dContext, dWeights, dots, dBias) {
      run.attendBiasBackward(
        ...numbersOf(inputs, plan),
        at(rows.maxima),
        at(rows.sums),
        orNull(weights),
        at(dContext),
        orNull(dWeights),
        at(dots),
        at(dBias),
      );
      settle();
    },
    attentionScores(inputs, plan, stage, scores) {
      run.attentionScores(...numbersOf(inputs, plan), stage, at(scores));
      settle();
    },
  };
}

/** ATTENTION_ARGUMENTS of src/kernels/attend/attend.h. */
function numbersOf(inputs: AttentionInputs<Storage, Storage>, plan: AttentionPlan): number[] {
  return [
    at(inputs.query),
    at(inputs.keys),
    at(inputs.values),
    orNull(inputs.vector),
    orNull(inputs.lengths),
    orNull(inputs.mask),
    orNull(inputs.bias),
    orNull(inputs.slopes),
    plan.batch,
    plan.heads,
    plan.keyHeads,
    plan.queries,
    plan.steps,
    plan.capacity,
    plan.size,
    plan.valueSize,
    bit(plan.sideBySide),
    bit(plan.additive),
    plan.scale,
    plan.softcap,
    plan.normalizer,
    plan.shift,
    bit(plan.toEnd),
    plan.left,
    plan.right,
    plan.maskAxes,
    plan.biasAxes,
    plan.seed,
    plan.stream,
    plan.threshold,
    plan.factor,
  ];
}
