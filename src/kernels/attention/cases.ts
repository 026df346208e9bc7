import { BACKWARD, FORWARD, type KernelCase, type Tolerance } from "../case.ts";
import {
  attentionBackwardCase,
  attentionForwardCase,
  attentionWeightBackwardCase,
  attentionWeightForwardCase,
  weightSumBackwardCase,
  weightSumForwardCase,
} from "./case-builders.ts";
import type { AttentionOptions } from "./case-numbers.ts";
import { attentionSweep } from "./case-sweep.ts";

const LARGE_BACKWARD: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "nearly one-hot weights: the gradient is a difference of nearly equal terms",
};

function forwardCases(options: AttentionOptions): KernelCase[] {
  return [
    attentionWeightForwardCase(options),
    // Given its weights, a weighted sum has nothing to do with the size of logits.
    weightSumForwardCase({ ...options, tolerance: FORWARD }),
    attentionForwardCase(options),
    attentionForwardCase({ ...options, shared: "values" }),
    ...(options.queries === options.steps
      ? [attentionForwardCase({ ...options, shared: "both" })]
      : []),
  ];
}

function backwardCases(options: AttentionOptions): KernelCase[] {
  return [
    attentionWeightBackwardCase(options),
    attentionWeightBackwardCase({ ...options, shared: "gradients" }),
    weightSumBackwardCase({ ...options, tolerance: BACKWARD }),
    attentionBackwardCase(options),
    attentionBackwardCase({ ...options, shared: "gradients" }),
    attentionBackwardCase({ ...options, shared: "both" }),
  ];
}

export function attentionCases(): KernelCase[] {
  return attentionSweep({
    forward: forwardCases,
    backward: backwardCases,
    largeBackward: LARGE_BACKWARD,
  });
}
