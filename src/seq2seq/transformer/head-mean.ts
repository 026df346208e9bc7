import type { Tensor } from "../../core/tensor.ts";
import { familyDevice } from "../../devices/family.ts";
import { newTensor } from "../../layers/layer.ts";

/** mean[n, t, :] = Σₕ weights[n, h, t, :] / heads of weights (N, heads, T, Te) → (N, T, Te). */
export function headMean(weights: Tensor): Tensor {
  const [N, heads, T, Te] = weights.shape as [number, number, number, number];
  const mean = newTensor(weights, [N, T, Te]);
  const { kernels } = familyDevice(weights);
  const [from, to, size] = [weights.storage, mean.storage, T * Te];
  for (let h = 0; h < heads; h++) {
    kernels.copyBlocks(from, h * size, heads * size, to, 0, size, N, size, h > 0);
  }
  kernels.scale(to, 1 / heads, to, mean.size);
  return mean;
}
