import type { Tensor } from "../../src/core/tensor.ts";
import type { AttentionGradients } from "../../src/layers/attend/backward.ts";

/** All gradients that there are, by the names of what they belong to. */
export function gradientsByName(gradients: AttentionGradients): Record<string, Tensor> {
  const { dQuery, dKeys, dValues, dBias, dPast, dScore } = gradients;
  const named = {
    query: dQuery,
    keys: dKeys,
    values: dValues,
    bias: dBias,
    pastKeys: dPast?.dKeys,
    pastValues: dPast?.dValues,
    W: dScore?.dW,
    Wq: dScore?.dWq,
    Wk: dScore?.dWk,
    b: dScore?.db,
    v: dScore?.dv,
  };
  const found: Record<string, Tensor> = {};
  for (const [name, gradient] of Object.entries(named)) if (gradient) found[name] = gradient;
  return found;
}
