import { checkArray, checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { attention } from "../layers/attend/attention.ts";
import { copied } from "../layers/attend/blocks.ts";
import { readMask, withWindow } from "./attention-mask.ts";
import { INPUTS, readAttributes, readSizes } from "./attention-plan.ts";
import type {
  OnnxAttentionAttributes,
  OnnxAttentionInputs,
  OnnxAttentionOptions,
  OnnxAttentionOutput,
  OnnxAttentionOutputs,
} from "./attention-types.ts";
import { mergeHeads, splitHeads } from "./heads.ts";

const OUTPUTS = ["Y", "present_key", "present_value", "qk_matmul_output"];
const PRESENT: readonly OnnxAttentionOutput[] = ["present_key", "present_value"];
/** What `qk_matmul_output_mode` counts; the weights are 3. */
const SCORES = ["raw", "capped", "masked"] as const;

/**
 * ONNX's operator Attention, opsets 23 to 25 (https://onnx.ai/onnx/operators/onnx__Attention.html), by
 * the names of its specification, as {@link attention} computes it:
 *
 *     score = softcap · tanh(scale · (Q · K) / softcap)   or scale · (Q · K)
 *     Y     = softmax(score + attn_mask, −∞ where masked) · V
 *
 * where K and V follow on past_key and past_value. A query that may meet no key has Y and weights 0.
 * float16 and bfloat16 are to be widened to float32 before; the result, rounded once, is at least as
 * exact as that of an implementation which rounds after every step.
 *
 * @param inputs Q, K, V, and the optional ones
 * @param attributes as numbers, by name; see {@link OnnxAttentionAttributes}
 * @param options the opset, 24 unless given, and the outputs that are wanted beside Y
 * @throws ShapeError when shapes do not go together, or a mask does not reach
 * @throws DataError for values and names that the operator does not have in this opset
 * @throws DtypeError or DeviceError when inputs are of two dtypes, or on two devices
 * @example
 * const Q = tensor([[[[2, 0], [0, 2]]]]);
 * const V = tensor([[[[1], [3]]]]);
 * onnxAttention({ Q, K: Q, V }, { is_causal: 1, scale: 0 }).Y.toArray(); // → [[[[1], [2]]]]
 * const outputs = ["qk_matmul_output"] as const;
 * const { qk_matmul_output } = onnxAttention({ Q, K: Q, V }, { scale: 0.5 }, { outputs });
 * qk_matmul_output?.toArray(); // → [[[[2, 0], [0, 2]]]]
 */
export function onnxAttention(
  inputs: OnnxAttentionInputs,
  attributes: OnnxAttentionAttributes = {},
  options: OnnxAttentionOptions = {},
): OnnxAttentionOutputs {
  const where = "onnxAttention";
  checkOptions(where, inputs, INPUTS);
  const { opset, wanted } = readOptions(where, inputs, options);
  const read = readAttributes(where, attributes, opset);
  const { causal, scale, softcap, mode, left, right } = read;
  const sizes = readSizes(where, inputs, attributes, opset);
  const { heads, keyHeads, size } = sizes;
  const { Q, K, V, past_key, past_value, nonpad_kv_seqlen } = inputs;
  const past =
    past_key !== undefined && past_value !== undefined
      ? { keys: past_key, values: past_value }
      : undefined;
  const masks = readMask(where, inputs, sizes, opset);
  const hasWindow = left >= 0 || right >= 0;
  const hidden = hasWindow && !causal && nonpad_kv_seqlen !== undefined;

  // Past and present have the heads on an axis of their own, whatever Q has.
  const sideBySide = Q.shape.length === 3;
  const split = sideBySide && (past !== undefined || PRESENT.some((name) => wanted.has(name)));
  const [query, keys, values] = split
    ? [splitHeads(Q, heads), splitHeads(K, keyHeads), splitHeads(V, keyHeads)]
    : [Q, K, V];
  const result = attention(query, keys, values, {
    score: { kind: "dot", scale: scale ?? 1 / Math.sqrt(Math.max(1, size)) },
    ...(sideBySide && !split && { heads, keyHeads }),
    ...(hidden ? withWindow(masks, nonpad_kv_seqlen, sizes, read) : masks),
    ...(hasWindow && !hidden && { window: { left: side(left), right: side(right) } }),
    ...(nonpad_kv_seqlen && { lengths: nonpad_kv_seqlen }),
    ...(causal && { causal: nonpad_kv_seqlen === undefined ? true : "bottom-right" }),
    ...(softcap > 0 && { softcap }),
    ...(past && { past }),
    ...(wanted.has("qk_matmul_output") && { return: traceOf(mode) }),
  });
  // There is no backward pass to keep anything for.
  result.forget();
  const { context, present = split ? { keys, values } : undefined } = result;
  const products = mode === 3 ? result.weights : result.scores;
  const outputs = {
    Y: split ? mergeHeads(context) : context,
    ...(wanted.has("present_key") && { present_key: present?.keys ?? copied(K) }),
    ...(wanted.has("present_value") && { present_value: present?.values ?? copied(V) }),
    ...(products && { qk_matmul_output: products }),
  };
  const given = [Q, K, V, past_key, past_value, ...Object.values(outputs)];
  for (const made of [query, keys, values, context, present?.keys, present?.values]) {
    if (made !== undefined && !given.includes(made)) made.dispose();
  }
  return outputs;
}

/** −1 is no limit, which is none. */
function side(size: number): number | undefined {
  return size < 0 ? undefined : size;
}

/** What `attention` is to give beside the context. */
function traceOf(mode: number): { weights: true } | { scores: (typeof SCORES)[number] } {
  const scores = SCORES[mode];
  return scores === undefined ? { weights: true } : { scores };
}

function readOptions(
  where: string,
  { past_key, nonpad_kv_seqlen }: OnnxAttentionInputs,
  options: OnnxAttentionOptions,
): { readonly opset: number; readonly wanted: ReadonlySet<OnnxAttentionOutput> } {
  checkOptions(where, options, ["opset", "outputs"]);
  const { opset = 24 } = options;
  if (!Number.isSafeInteger(opset) || opset < 23) {
    const expected = "opset to be a whole number ≥ 23, which brought the operator";
    throw new DataError({ where, expected, received: describe(opset) });
  }
  const usual = past_key === undefined ? [] : PRESENT;
  const { outputs = usual } = options;
  const known = (item: unknown): boolean => OUTPUTS.some((name) => name === item);
  checkArray(where, "outputs", outputs, `names among ${OUTPUTS.join(", ")}`, known);
  if (nonpad_kv_seqlen !== undefined && options.outputs?.some((name) => PRESENT.includes(name))) {
    throw new DataError({
      where,
      expected: "no present to be wanted beside nonpad_kv_seqlen, whose cache lies outside",
      received: outputs.join(", "),
    });
  }
  return { opset, wanted: new Set(outputs) };
}
