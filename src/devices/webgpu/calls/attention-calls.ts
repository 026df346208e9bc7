import type { Storage } from "../../../core/storage.ts";
import { PLAIN_PLAN } from "../../../kernels/attend/contract.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu } from "../gpu.ts";
import { attendForward } from "../shaders.generated.ts";
import { type AttendParameters, parametersOf, tilesOf, unitsOf } from "./attend-parameters.ts";

type Op = "attentionWeightForward" | "weightSumForward" | "attentionForward";

/** The parameters of a plain plan; what a call does not have, stands for nothing. */
function plain(
  arrays: { query: Storage; keys: Storage; values: Storage; lengths: Storage | null },
  batch: number,
  queries: number,
  steps: number,
  size: number,
  valueSize = size,
): AttendParameters {
  const plan = { ...PLAIN_PLAN, batch, queries, steps, capacity: steps, size, valueSize };
  const none = { vector: null, mask: null, bias: null, slopes: null };
  return parametersOf({ ...arrays, ...none }, plan);
}

/** The notebook's attention on a GPU: the general one, with a plan that asks for nothing. */
export function attentionCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  return {
    attentionWeightForward(query, keys, lengths, weights, batch, queries, steps, size) {
      const arrays = { query, keys, values: keys, lengths };
      const given = { ...plain(arrays, batch, queries, steps, size, 0), weights: at(weights) };
      const { groups, ...units } = unitsOf(batch, tilesOf(queries), 1);
      gpu.run(attendForward, "attendForward", groups, { ...given, ...units });
    },
    weightSumForward(values, weights, lengths, context, batch, queries, steps, size) {
      const arrays = { query: context, keys: values, values, lengths };
      const given = { ...plain(arrays, batch, queries, steps, size), weights: at(weights) };
      const { groups, ...units } = unitsOf(batch, tilesOf(queries), tilesOf(size));
      const outputs = { context: at(context), ...units };
      gpu.run(attendForward, "weightSum", groups, { ...given, ...outputs });
    },
    attentionForward(query, keys, values, lengths, weights, context, batch, queries, steps, size) {
      const arrays = { query, keys, values, lengths };
      const given = { ...plain(arrays, batch, queries, steps, size), weights: at(weights) };
      const { groups, ...units } = unitsOf(batch, tilesOf(queries), Math.max(1, tilesOf(size)));
      const outputs = { context: at(context), ...units };
      gpu.run(attendForward, "attendForward", groups, { ...given, ...outputs });
    },
  };
}
