import { ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shapes.ts";
import { Indices, Tensor } from "../core/tensor.ts";
import { indices } from "../devices/create.ts";
import { familyDevice } from "../devices/family.ts";
import { checkIndices, sameDevice, together } from "../layers/checks.ts";
import { newTensor } from "../layers/layer.ts";
import type { Attributes, Sizes } from "./attention-plan.ts";
import type { OnnxAttentionInputs } from "./attention-types.ts";

/** What `attention` takes in place of the operator's `attn_mask`. */
export interface Masks {
  readonly mask?: Indices;
  readonly bias?: Tensor;
}

/**
 * The operator's mask as `attention` takes it. Opset 24 lengthens a last axis that is too short, one of
 * a single key included, by keys that are masked; opset 23 broadcasts the latter and refuses others.
 */
export function readMask(
  where: string,
  { Q, attn_mask, nonpad_kv_seqlen }: OnnxAttentionInputs,
  { batch, heads, queries, steps }: Sizes,
  opset: number,
): Masks {
  if (attn_mask === undefined) return {};
  const floats = attn_mask instanceof Tensor;
  if (floats) together(where, { Q, attn_mask });
  else checkIndices(where, "attn_mask", attn_mask);
  sameDevice(where, "attn_mask", attn_mask, "Q", Q);
  const { shape } = attn_mask;
  const full = [batch, heads, queries, steps];
  const last = shape.length - 1;
  const shorter = opset >= 24 && last >= 0 && shape[last]! < steps;
  const fits = shape.every((size, axis) => {
    const needed = full[full.length - shape.length + axis];
    return size === needed || (axis === last ? shorter || (size === 1 && opset < 24) : size === 1);
  });
  if (!fits || last < 0 || last >= full.length) {
    const keys = opset >= 24 ? ", or fewer on the last axis" : "";
    throw new ShapeError({
      where,
      expected: `attn_mask to have one to four axes that broadcast to ${formatShape(full)}${keys}`,
      received: `shape ${formatShape(shape)}`,
    });
  }
  if (!shorter) return floats ? { bias: attn_mask } : { mask: attn_mask };
  const longest = Math.max(0, ...(nonpad_kv_seqlen?.data ?? []));
  if (shape[last]! < longest) {
    throw new ShapeError({
      where,
      expected: `attn_mask to reach all ${longest} keys that nonpad_kv_seqlen counts`,
      received: `shape ${formatShape(shape)}`,
    });
  }
  return lengthened(attn_mask, steps);
}

function lengthened(mask: Tensor | Indices, steps: number): Masks {
  const shape = [...mask.shape.slice(0, -1), steps];
  const columns = mask.shape.at(-1)!;
  const size = sizeOf(shape);
  const { device } = mask;
  if (mask instanceof Indices) {
    const longer = new Int32Array(size);
    for (let i = 0, row = 0; row < size; row += steps) {
      for (let t = 0; t < columns; t++) longer[row + t] = mask.data[i++]!;
    }
    return { mask: indices(longer, shape, { device }) };
  }
  const bias = newTensor(mask, shape);
  const { kernels } = familyDevice(mask);
  const [from, to] = [mask.storage, bias.storage];
  kernels.fill(to, Number.NEGATIVE_INFINITY, size);
  kernels.copyBlocks(from, 0, columns, to, 0, steps, size / steps, columns, false);
  return { bias };
}

/**
 * Adds to the masks what a window leaves of keys where queries stand at the end of each sequence: without
 * `causal`, `attention` has no such windows.
 */
export function withWindow(
  { mask, bias }: Masks,
  nonpad: Indices,
  { batch, queries, steps }: Sizes,
  { left, right }: Attributes,
): Masks {
  const axes = [1, 1, 1, 1, ...(mask?.shape ?? [])].slice(-4) as [number, number, number, number];
  const [maskN, maskHeads, maskQ, maskT] = axes;
  const shape = [batch, maskHeads, queries, steps];
  const met = new Int32Array(sizeOf(shape));
  let i = 0;
  for (let n = 0; n < batch; n++) {
    for (let h = 0; h < maskHeads; h++) {
      for (let q = 0; q < queries; q++) {
        // Axes of one are for all: their last place is their first.
        const row =
          ((Math.min(n, maskN - 1) * maskHeads + h) * maskQ + Math.min(q, maskQ - 1)) * maskT;
        const place = nonpad.data[n]! - queries + q;
        for (let t = 0; t < steps; t++) {
          const near = (left < 0 || t >= place - left) && (right < 0 || t <= place + right);
          const allowed = mask === undefined || mask.data[row + Math.min(t, maskT - 1)] !== 0;
          met[i++] = Number(near && allowed);
        }
      }
    }
  }
  return { mask: indices(met, shape, { device: nonpad.device }), ...(bias && { bias }) };
}
