import type { Storage } from "../../../core/storage.ts";
import {
  type AttentionKernels,
  AXES,
  NORMALIZERS,
  STAGES,
} from "../../../kernels/attend/contract.ts";
import { at, type Gpu, orNull, rows } from "../gpu.ts";
import { attendBackward, attendForward } from "../shaders.generated.ts";
import { backwardOf, parametersOf, tilesOf, unitsOf } from "./attend-parameters.ts";

/** The general attention on a GPU. */
export function attendCalls(gpu: Gpu): AttentionKernels<Storage, Storage> {
  const forward = gpu.rounding(attendForward);
  return {
    attendForward(inputs, plan, context, { maxima, sums }, weights, logSumExp) {
      const { heads, queries, steps, valueSize } = plan;
      const given = {
        ...parametersOf(inputs, plan),
        context: at(context),
        maxima: at(maxima),
        sums: at(sums),
        weights: orNull(weights),
        log_sum_exp: orNull(logSumExp),
      };
      const all = plan.batch * heads;
      const tiles = tilesOf(queries);
      const perColumns = unitsOf(all, tiles, Math.max(1, tilesOf(valueSize)));
      if (plan.normalizer === NORMALIZERS.softmax) {
        const { groups, ...units } = perColumns;
        gpu.run(forward, "attendForward", groups, { ...given, ...units });
        return;
      }
      const ofScores = unitsOf(all, tiles, tilesOf(steps));
      const masked = { ...given, stage: STAGES.masked };
      const { groups, ...units } = ofScores;
      gpu.run(forward, "attentionScores", groups, { ...masked, ...units });
      const count = all * queries;
      gpu.run(forward, "sparseWeights", rows(count), { ...given, units: count });
      const { groups: ofSums, ...parts } = perColumns;
      gpu.run(forward, "weightSum", ofSums, { ...given, ...parts });
    },
    attendBackward(
      inputs,
      plan,
      context,
      { maxima, sums },
      weights,
      dContext,
      dWeights,
      dots,
      dQuery,
      dKeys,
      dValues,
      dVectors,
    ) {
      backwardOf(gpu, plan, {
        ...parametersOf(inputs, plan),
        context: at(context),
        maxima: at(maxima),
        sums: at(sums),
        weights: orNull(weights),
        d_context: at(dContext),
        d_weights: orNull(dWeights),
        dots: at(dots),
        d_query: at(dQuery),
        d_keys: at(dKeys),
        d_values: at(dValues),
        d_vectors: orNull(dVectors),
      });
    },
    attendBiasBackward(inputs, plan, { maxima, sums }, weights, dContext, dWeights, dots, dBias) {
      const { batch, heads, queries, steps, biasAxes } = plan;
      const along = (axis: number, count: number): number => (biasAxes & axis ? count : 1);
      const { groups, ...units } = unitsOf(
        along(AXES.batch, batch) * along(AXES.heads, heads),
        along(AXES.queries, tilesOf(queries)),
        along(AXES.steps, tilesOf(steps)),
      );
      gpu.run(attendBackward, "attendBiasBackward", groups, {
        ...parametersOf(inputs, plan),
        maxima: at(maxima),
        sums: at(sums),
        weights: orNull(weights),
        d_context: at(dContext),
        d_weights: orNull(dWeights),
        dots: at(dots),
        d_bias: at(dBias),
        ...units,
      });
    },
    attentionScores(inputs, plan, stage, scores) {
      const { groups, ...units } = unitsOf(
        plan.batch * plan.heads,
        tilesOf(plan.queries),
        tilesOf(plan.steps),
      );
      const given = { ...parametersOf(inputs, plan), weights: at(scores), stage };
      gpu.run(attendForward, "attentionScores", groups, { ...given, ...units });
    },
  };
}
