import type { Storage } from "../core/storage.ts";
import type {
  AttentionInputs,
  AttentionKernels,
  AttentionPlan,
} from "../kernels/attend/contract.ts";
import { at, bit, type Export, orNull } from "./addresses.ts";

type AttendOp = "attendForward" | "attendBackward";

/** The general attention, as `kernelCalls`. */
export function attendCalls(
  run: Readonly<Record<AttendOp, Export>>,
  settle: () => void,
): Pick<AttentionKernels<Storage, Storage>, AttendOp> {
  return {
    attendForward(inputs, plan, context, rows, weights, logSumExp) {
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
  };
}

/** ATTENTION_ARGUMENTS of src/kernels/attend/attend.h. */
export function numbersOf(
  inputs: AttentionInputs<Storage, Storage>,
  plan: AttentionPlan,
): number[] {
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
