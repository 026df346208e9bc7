import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkLengths } from "./checks.ts";
import { newTensor } from "./layer.ts";
import type { MultiHeadCall } from "./multi-head/call.ts";

/** x (N, T, D) with zeros where it has no steps, so that nothing meets what stands there; or x itself. */
export function withoutPadding(
  where: string,
  x: Tensor,
  { lengths, cache }: Pick<MultiHeadCall, "lengths" | "cache">,
  owned: Scope,
): Tensor {
  // With a cache, lengths count the steps that are in there.
  if (lengths === undefined || cache !== undefined) return x;
  const masked = owned.keep(newTensor(x, x.shape));
  maskSteps(where, x, lengths, masked);
  return masked;
}

/**
 * y = x where x (N, T, D) has steps, else 0. y may be x.
 *
 * @throws ShapeError when lengths are not that, which the caller may have written to since they were checked
 */
export function maskSteps(where: string, x: Tensor, lengths: Indices, y: Tensor): void {
  const [N, T, D] = x.shape as [number, number, number];
  checkLengths(where, lengths, x, N, T);
  deviceOf(x).kernels.maskSteps(x.storage, lengths.storage, y.storage, N, T, D);
}
