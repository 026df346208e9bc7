import type { Storage } from "../../../core/storage.ts";
import { type AttentionPlan, PLAIN_PLAN, STAGES } from "../../../kernels/attend/contract.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, bit, type Gpu, orNull, rows } from "../gpu.ts";
import { attendBackward, attendForward, attention } from "../shaders.generated.ts";
import {
  type AttendParameters,
  backwardOf,
  parametersOf,
  tilesOf,
  unitsOf,
} from "./attend-parameters.ts";

type Op =
  | "attentionWeightForward"
  | "attentionWeightBackward"
  | "weightSumForward"
  | "weightSumBackward"
  | "attentionForward"
  | "attentionBackward";

function planOf(
  batch: number,
  queries: number,
  steps: number,
  size: number,
  valueSize = size,
): AttentionPlan {
  return { ...PLAIN_PLAN, batch, queries, steps, capacity: steps, size, valueSize };
}

/** The parameters of a plain plan; what a call does not have, stands for nothing. */
function plain(
  arrays: { query: Storage; keys: Storage; values: Storage; lengths: Storage | null },
  plan: AttentionPlan,
): AttendParameters {
  return parametersOf({ ...arrays, vector: null, mask: null, bias: null, slopes: null }, plan);
}

/** The notebook's attention on a GPU: the general one, with a plan that asks for nothing. */
export function attentionCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  const forward = gpu.rounding(attendForward);
  /** context = weights · values, by `shader` */
  const sumWeights = (
    shader: typeof attendForward,
    given: AttendParameters,
    batch: number,
  ): void => {
    const { queries, value_size } = given;
    const { groups, ...units } = unitsOf(batch, tilesOf(queries), tilesOf(value_size));
    gpu.run(shader, "weightSum", groups, { ...given, ...units });
  };
  /** dValues (+)= weightsᵀ · dContext */
  const sumWeightsBackward = (given: AttendParameters, batch: number): void => {
    const { steps, value_size } = given;
    const { groups, ...units } = unitsOf(batch, tilesOf(steps), tilesOf(value_size));
    gpu.run(attendBackward, "attendKeysBackward", groups, { ...given, values: 0, ...units });
  };
  return {
    attentionWeightForward(query, keys, lengths, weights, batch, queries, steps, size) {
      const arrays = { query, keys, values: keys, lengths };
      const given = {
        ...plain(arrays, planOf(batch, queries, steps, size, 0)),
        weights: at(weights),
      };
      const { groups, ...units } = unitsOf(batch, tilesOf(queries), 1);
      gpu.run(forward, "attendForward", groups, { ...given, ...units });
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
      gpu.run(attention, "attentionScoresBackward", rows(batch * queries), {
        weights: at(weights),
        d_weights: at(dWeights),
        d_scores: at(dScores),
        lengths: orNull(lengths),
        queries,
        steps,
        rows: batch * queries,
      });
      // dQuery = dScores · keys and dKeys = dScoresᵀ · query are sums of weights too.
      const arrays = { query, keys, values: keys, lengths };
      const given = { ...plain(arrays, planOf(batch, queries, steps, size)), weights: at(dScores) };
      sumWeights(attendForward, { ...given, context: at(dQuery) }, batch);
      const upstream = { d_context: at(query), d_values: at(dKeys), accumulate: bit(accumulate) };
      sumWeightsBackward({ ...given, ...upstream }, batch);
    },
    weightSumForward(values, weights, lengths, context, batch, queries, steps, size) {
      const arrays = { query: context, keys: values, values, lengths };
      const given = plain(arrays, planOf(batch, queries, steps, size));
      sumWeights(forward, { ...given, weights: at(weights), context: at(context) }, batch);
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
      // dWeights = dContext · valuesᵀ is what scores are, but for 0 behind a length.
      const arrays = { query: dContext, keys: values, values, lengths };
      const given = plain(arrays, planOf(batch, queries, steps, size));
      const { groups, ...units } = unitsOf(batch, tilesOf(queries), tilesOf(steps));
      const scores = { weights: at(dWeights), stage: STAGES.masked, denied: 0 };
      gpu.run(attendForward, "attentionScores", groups, { ...given, ...scores, ...units });
      const upstream = { weights: at(weights), d_context: at(dContext), d_values: at(dValues) };
      sumWeightsBackward({ ...given, ...upstream, accumulate: bit(accumulate) }, batch);
    },
    attentionForward(query, keys, values, lengths, weights, context, batch, queries, steps, size) {
      const arrays = { query, keys, values, lengths };
      const given = { ...plain(arrays, planOf(batch, queries, steps, size)), weights: at(weights) };
      const { groups, ...units } = unitsOf(batch, tilesOf(queries), Math.max(1, tilesOf(size)));
      const outputs = { context: at(context), ...units };
      gpu.run(forward, "attendForward", groups, { ...given, ...outputs });
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
      const plan = planOf(batch, queries, steps, size);
      const dots = gpu.scratch(batch * queries);
      backwardOf(gpu, plan, {
        ...plain({ query, keys, values, lengths }, plan),
        context: at(context),
        weights: at(weights),
        d_context: at(dContext),
        dots: at(dots),
        d_query: at(dQuery),
        d_keys: at(dKeys),
        d_values: at(dValues),
        accumulate: bit(accumulate),
      });
      dots.release();
    },
  };
}
