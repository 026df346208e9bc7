import type { Storage } from "../../../core/storage.ts";
import { type AttentionKernels, NORMALIZERS, STAGES } from "../../../kernels/attend/contract.ts";
import { at, type Gpu, orNull, rows } from "../gpu.ts";
import { attendForward } from "../shaders.generated.ts";
import { parametersOf, tilesOf, unitsOf } from "./attend-parameters.ts";

/** The general attention on a GPU. */
export function attendCalls(
  gpu: Gpu,
): Pick<AttentionKernels<Storage, Storage>, "attendForward" | "attentionScores"> {
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
        gpu.run(attendForward, "attendForward", groups, { ...given, ...units });
        return;
      }
      const ofScores = unitsOf(all, tiles, tilesOf(steps));
      const masked = { ...given, stage: STAGES.masked };
      const { groups, ...units } = ofScores;
      gpu.run(attendForward, "attentionScores", groups, { ...masked, ...units });
      const count = all * queries;
      gpu.run(attendForward, "sparseWeights", rows(count), { ...given, units: count });
      const { groups: ofSums, ...parts } = perColumns;
      gpu.run(attendForward, "weightSum", ofSums, { ...given, ...parts });
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
