import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { CopyMixture } from "../layers/copy-mixture.ts";
import { Softmax } from "../layers/softmax.ts";
import type { StepOutput } from "./network.ts";

/**
 * The probabilities (N, Td, W) of all symbols: softmax(logits), and with copying a mixture of that and of
 * what the attention found in the source (See, Liu & Manning 2017, equation 9).
 *
 * @param copies (N, Te): what of the targets each symbol of the source is; null without copying
 * @param width W: symbols of the targets, and those that can be copied besides
 */
export function probabilitiesOf(
  { logits, weights, gate }: StepOutput,
  copies: Indices | null,
  width: number,
  scope: Scope,
): Tensor {
  const written = scope.keep(new Softmax().forward(logits));
  if (copies === null || weights === null || gate === null) return written;
  return scope.keep(new CopyMixture().forward(written, gate, weights, copies, width));
}
