import type { Scope } from "../core/scope.ts";
import type { Shape } from "../core/shapes.ts";
import type { Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { newTensor } from "../layers/layer.ts";

/** Tensors (…, Aᵢ) side by side along the last axis: (…, ΣAᵢ). One alone is given back as it is. */
export function join(parts: readonly Tensor[], scope: Scope): Tensor {
  const [first] = parts as [Tensor];
  if (parts.length === 1) return first;
  const sizes = parts.map(lastSize);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const joined = scope.keep(newTensor(first, [...first.shape.slice(0, -1), total]));
  const { kernels } = familyDevice(first);
  let offset = 0;
  for (const [i, part] of parts.entries()) {
    const size = sizes[i]!;
    const rows = rowsOf(part, size);
    kernels.copyBlocks(part.storage, 0, size, joined.storage, offset, total, rows, size, false);
    offset += size;
  }
  return joined;
}

/** Was `join` of parts of those sizes: the parts again. One alone is given back as it is. */
export function split(joined: Tensor, sizes: readonly number[], scope: Scope): Tensor[] {
  if (sizes.length === 1) return [joined];
  const total = lastSize(joined);
  const { kernels } = familyDevice(joined);
  let offset = 0;
  return sizes.map((size) => {
    const part = scope.keep(newTensor(joined, [...joined.shape.slice(0, -1), size]));
    const rows = rowsOf(joined, total);
    kernels.copyBlocks(joined.storage, offset, total, part.storage, 0, size, rows, size, false);
    offset += size;
    return part;
  });
}

/** Tensors (N, 1, A), one for each step, as one of (N, T, A). */
export function stackSteps(steps: readonly Tensor[], scope: Scope): Tensor {
  const [first] = steps as [Tensor];
  if (steps.length === 1) return first;
  const [N = 0, , size = 0] = first.shape;
  const stacked = scope.keep(newTensor(first, [N, steps.length, size]));
  const { kernels } = familyDevice(first);
  const stride = steps.length * size;
  for (const [t, step] of steps.entries()) {
    kernels.copyBlocks(step.storage, 0, size, stacked.storage, t * size, stride, N, size, false);
  }
  return stacked;
}

/** Step t of (N, T, A), as (N, 1, A). */
export function stepOf(stacked: Tensor, t: number, scope: Scope): Tensor {
  const [N = 0, T = 0, size = 0] = stacked.shape;
  if (T === 1) return stacked;
  const step = scope.keep(newTensor(stacked, [N, 1, size]));
  const { kernels } = familyDevice(stacked);
  const stride = T * size;
  kernels.copyBlocks(stacked.storage, t * size, stride, step.storage, 0, size, N, size, false);
  return step;
}

/** Zeros, of the dtype and on the device of `like`. */
export function zerosLike(like: Tensor, shape: Shape, scope: Scope): Tensor {
  const zeros = scope.keep(newTensor(like, shape));
  familyDevice(like).kernels.fill(zeros.storage, 0, zeros.size);
  return zeros;
}

/** The mean over heads of weights (N, heads, T, Te): (N, T, Te). */
export function meanOfHeads(weights: Tensor, scope: Scope): Tensor {
  const [N = 0, heads = 1, T = 0, Te = 0] = weights.shape;
  const mean = scope.keep(newTensor(weights, [N, T, Te]));
  const { kernels } = familyDevice(weights);
  const size = T * Te;
  for (let head = 0; head < heads; head++) {
    const from = [weights.storage, head * size, heads * size] as const;
    kernels.copyBlocks(...from, mean.storage, 0, size, N, size, head > 0);
  }
  kernels.scale(mean.storage, 1 / heads, mean.storage, mean.size);
  return mean;
}

/** Was the mean over `heads` heads: the gradient of each head's weights, (N, heads, T, Te). */
export function spreadOverHeads(dMean: Tensor, heads: number, scope: Scope): Tensor {
  const [N = 0, T = 0, Te = 0] = dMean.shape;
  const share = scope.keep(newTensor(dMean, dMean.shape));
  const spread = scope.keep(newTensor(dMean, [N, heads, T, Te]));
  const { kernels } = familyDevice(dMean);
  kernels.scale(dMean.storage, 1 / heads, share.storage, dMean.size);
  const size = T * Te;
  for (let head = 0; head < heads; head++) {
    const to = [spread.storage, head * size, heads * size] as const;
    kernels.copyBlocks(share.storage, 0, size, ...to, N, size, false);
  }
  return spread;
}

/** sum += more, in the memory of the first. */
export function addInto(sum: Tensor, more: Tensor): void {
  familyDevice(sum).kernels.add(sum.storage, more.storage, sum.storage, sum.size);
}

/** a + b, either of which may be absent, in memory of its own or that of the one that is there. */
export function sumOf(a: Tensor | null, b: Tensor | null, scope: Scope): Tensor | null {
  if (a === null || b === null) return a ?? b;
  const sum = scope.keep(newTensor(a, a.shape));
  familyDevice(a).kernels.add(a.storage, b.storage, sum.storage, sum.size);
  return sum;
}

function lastSize(tensor: Tensor): number {
  return tensor.shape.at(-1) ?? 0;
}

function rowsOf(tensor: Tensor, size: number): number {
  return size === 0 ? 0 : tensor.size / size;
}
