import type { Storage } from "../../../core/storage.ts";
import {
  type AttentionInputs,
  type AttentionPlan,
  AXES,
} from "../../../kernels/attend/contract.ts";
import { at, bit, type Gpu, type Groups, orNull, rows } from "../gpu.ts";
import type { Shader } from "../shader.ts";
import { attendBackward, type attendForward } from "../shaders.generated.ts";

/** The parameters of src/kernels/wgsl/attend.wgsl. */
export type AttendParameters = Readonly<
  Record<typeof attendForward extends Shader<infer Field> ? Field : never, number>
>;

/** TILE of src/kernels/wgsl/attend.wgsl. */
const TILE = 64;
/** More steps than there are anywhere, of which sums stay whole numbers of 32 bits. */
const FAR = 2 ** 29;

export function tilesOf(count: number): number {
  return Math.ceil(count / TILE);
}

/** What a call reads, and its plan. Outputs, and what else there is, are for the caller to fill in: 0 is none. */
export function parametersOf(
  inputs: AttentionInputs<Storage, Storage>,
  plan: AttentionPlan,
): AttendParameters {
  const { query, keys, values, vector, lengths, mask, bias, slopes } = inputs;
  const { batch, heads, keyHeads, queries, steps, capacity, size, valueSize, sideBySide } = plan;
  const [maskN, maskH, maskQ, maskT] = stridesOf(plan, plan.maskAxes);
  const [biasN, biasH, biasQ, biasT] = stridesOf(plan, plan.biasAxes);
  const { threshold } = plan;
  return {
    query: at(query),
    keys: at(keys),
    values: at(values),
    vector: orNull(vector),
    lengths: orNull(lengths),
    mask: orNull(mask),
    bias: orNull(bias),
    slopes: orNull(slopes),
    batch,
    heads,
    key_heads: keyHeads,
    queries,
    steps,
    capacity,
    size,
    value_size: valueSize,
    query_n: heads * queries,
    query_h: sideBySide ? 1 : queries,
    query_q: sideBySide ? heads : 1,
    key_n: keyHeads * capacity,
    key_g: sideBySide ? 1 : capacity,
    key_t: sideBySide ? keyHeads : 1,
    additive: bit(plan.additive),
    scale: plan.scale,
    softcap: plan.softcap,
    normalizer: plan.normalizer,
    shift: Math.max(-FAR, Math.min(plan.shift, FAR)),
    to_end: bit(plan.toEnd),
    left: Math.min(plan.left, FAR),
    right: Math.min(plan.right, FAR),
    mask_n: maskN,
    mask_h: maskH,
    mask_q: maskQ,
    mask_t: maskT,
    bias_n: biasN,
    bias_h: biasH,
    bias_q: biasQ,
    bias_t: biasT,
    seed: plan.seed,
    stream: plan.stream,
    drops: threshold <= 0 ? 0 : threshold > 2 ** 32 - 1 ? 2 : 1,
    least: threshold > 2 ** 32 - 1 ? 0 : Math.ceil(threshold),
    factor: plan.factor,
    context: 0,
    maxima: 0,
    sums: 0,
    weights: 0,
    log_sum_exp: 0,
    d_context: 0,
    d_weights: 0,
    dots: 0,
    d_query: 0,
    d_keys: 0,
    d_values: 0,
    d_vectors: 0,
    d_bias: 0,
    accumulate: 0,
    stage: 0,
    denied: Number.NEGATIVE_INFINITY,
    units: 0,
    tiles: 0,
    chunks: 0,
  };
}

/** Elements from one to the next along batch, heads, queries and steps, of an array of those axes. */
function stridesOf(
  { heads, queries, steps }: AttentionPlan,
  axes: number,
): [number, number, number, number] {
  let stride = 1;
  const along = (axis: number, size: number): number => {
    if ((axes & axis) === 0) return 0;
    const here = stride;
    stride *= size;
    return here;
  };
  const t = along(AXES.steps, steps);
  const q = along(AXES.queries, queries);
  const h = along(AXES.heads, heads);
  return [along(AXES.batch, 1), h, q, t];
}

/** The workgroups of `heads` heads of `tiles` tiles of rows, `chunks` for each, and what tells them of it. */
export function unitsOf(
  heads: number,
  tiles: number,
  chunks: number,
): { groups: Groups; units: number; tiles: number; chunks: number } {
  const units = heads * tiles * chunks;
  return { groups: rows(units), units, tiles, chunks };
}

/** The backward pass of a plan: dots first, which both gradients need. */
export function backwardOf(gpu: Gpu, plan: AttentionPlan, given: AttendParameters): void {
  const { batch, heads, keyHeads, queries, capacity, size, valueSize } = plan;
  const tiles = tilesOf(queries);
  const { groups: ofDots, ...dots } = unitsOf(batch * heads, tiles, 1);
  gpu.run(attendBackward, "attendDots", ofDots, { ...given, ...dots });
  const { groups: ofQuery, ...query } = unitsOf(batch * heads, tiles, tilesOf(size));
  gpu.run(attendBackward, "attendQueryBackward", ofQuery, { ...given, ...query });
  const columns = tilesOf(Math.max(size, valueSize));
  const { groups: ofKeys, ...keys } = unitsOf(batch * keyHeads, tilesOf(capacity), columns);
  gpu.run(attendBackward, "attendKeysBackward", ofKeys, { ...given, ...keys });
}
