import type { Tensor } from "../../core/tensor.ts";
import { attend } from "./attend.ts";
import type { AttentionOptions } from "./options.ts";
import type { AttentionResult } from "./result.ts";

/**
 * The whole family of attention:
 *
 *     score[t] = scale · (query[q] · keys[t])      or another score, capped, biased, masked
 *     weights  = softmaxₜ(score)                   or sparsemax, entmax15
 *     context[q] = Σₜ drop(weights)[t] · values[t]
 *
 * "dot" as it stands (Luong et al. 2015, section 3.1), scaled (Vaswani et al. 2017, equation 1),
 * multiplicative, additive (Bahdanau et al. 2015); of one head or many, which may share keys (Shazeer 2019,
 * Ainslie et al. 2023); causal, within windows, with masks, biases, lengths, a past: see
 * {@link AttentionOptions}, any of which go together. Without `return.weights`, and with the softmax, no
 * array of (Tq, Tk) comes to be, in either pass: memory is linear in the lengths (Dao et al. 2022).
 *
 * Shapes: query (N, Tq, D), keys (N, Tk, D), values (N, Tk, E) → context (N, Tq, E). With `heads`, as
 * many lie side by side along the last axis of query and context, and `keyHeads` along that of keys and
 * values. Or of four axes: query (N, H, Tq, D), keys (N, G, Tk, D), values (N, G, Tk, E) → context
 * (N, H, Tq, E).
 *
 * A key that is masked reaches nothing, whatever stands in it; a row without any key has weights, context
 * and gradients 0. `attention(hsDec, hsEnc, hsEnc)` is the notebook's {@link TimeAttention}.
 *
 * @throws ShapeError when shapes do not go together; DtypeError or DeviceError when tensors of two dtypes or
 *   devices are mixed; DataError for an option that does not exist or is out of range; StateError when a
 *   tensor was disposed
 * @example
 * const hsEnc = tensor([[[Math.log(3), 0], [0, 4]]]);
 * const hsDec = tensor([[[1, 0], [0, 0]]]);
 * const result = attention(hsDec, hsEnc, hsEnc, { return: { weights: true } });
 * result.weights?.toArray(); // → [[[0.75, 0.25], [0.5, 0.5]]]
 * result.backward(result.context).dKeys.shape; // → [1, 2, 2]
 * @example
 * const x = normal([2, 5, 12], new Random(1));
 * const heads = { heads: 4, keyHeads: 2, causal: true, score: "scaled-dot" } as const;
 * const keys = normal([2, 5, 6], new Random(2));
 * attention(x, keys, keys, { ...heads, window: 3, alibi: true }).context.shape; // → [2, 5, 12]
 * attention(x, keys, keys, { ...heads, mask: [true, true, true, true, false] }).context.shape; // → [2, 5, 12]
 * attention(x, keys, keys, { ...heads, heads: 5 }); // → throws ShapeError
 */
export function attention(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  options: AttentionOptions = {},
): AttentionResult {
  const places = { forward: "attention", backward: "AttentionResult.backward" };
  return attend(places, query, keys, values, options);
}
