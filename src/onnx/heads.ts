import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { newTensor } from "../layers/layer.ts";

/** x (N, T, H·D) as (N, H, T, D). */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [N = 0, T = 0, width = 0] = x.shape;
  const size = width / heads;
  const y = newTensor(x, [N, heads, T, size]);
  const { kernels } = deviceOf(x);
  for (let n = 0; n < N; n++) {
    for (let head = 0; head < heads; head++) {
      const [from, to] = [n * T * width + head * size, (n * heads + head) * T * size];
      for (let t = 0; t < T; t++)
        kernels.copy(
          x.storage.slice(from + t * width, size),
          y.storage.slice(to + t * size, size),
          size,
        );
    }
  }
  return y;
}

/** x (N, H, T, D) as (N, T, H·D): undoes {@link splitHeads}. */
export function mergeHeads(x: Tensor): Tensor {
  const [N = 0, heads = 0, T = 0, size = 0] = x.shape;
  const width = heads * size;
  const y = newTensor(x, [N, T, width]);
  const { kernels } = deviceOf(x);
  for (let n = 0; n < N; n++) {
    for (let head = 0; head < heads; head++) {
      const [from, to] = [(n * heads + head) * T * size, n * T * width + head * size];
      for (let t = 0; t < T; t++)
        kernels.copy(
          x.storage.slice(from + t * size, size),
          y.storage.slice(to + t * width, size),
          size,
        );
    }
  }
  return y;
}

/** The same numbers in memory of their own. */
export function copied(x: Tensor): Tensor {
  const y = newTensor(x, x.shape);
  deviceOf(x).kernels.copy(x.storage, y.storage, x.size);
  return y;
}
