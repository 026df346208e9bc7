import type { Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { swapAxes } from "../layers/attend/blocks.ts";
import { newTensor } from "../layers/layer.ts";

/** x (N, T, H·D) as (N, H, T, D). */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [N = 0, T = 0, width = 0] = x.shape;
  const size = width / heads;
  const y = newTensor(x, [N, heads, T, size]);
  swapAxes(x.storage, y.storage, familyDevice(x), [N, T, heads, size]);
  return y;
}

/** x (N, H, T, D) as (N, T, H·D): undoes {@link splitHeads}. */
export function mergeHeads(x: Tensor): Tensor {
  const [N = 0, heads = 0, T = 0, size = 0] = x.shape;
  const y = newTensor(x, [N, T, heads * size]);
  swapAxes(x.storage, y.storage, familyDevice(x), [N, heads, T, size]);
  return y;
}
