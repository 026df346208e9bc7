/**
 * Cases of ONNX's operator Attention that can be checked in the head, as files hold them. Q of zeros makes
 * every score 0, so that Y is the mean of the values that a query meets.
 */

/** The fields of a case file that differ from an ordinary case's. */
export interface HandMadeCase {
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, CaseArray>>;
  readonly outputs: Readonly<Record<string, CaseArray>>;
}

interface CaseArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | boolean | string)[];
}

const array =
  (dtype: string) =>
  (shape: readonly number[], ...data: readonly (number | boolean | string)[]): CaseArray => ({
    dtype,
    shape,
    data,
  });
const float32 = array("float32");
const float16 = array("float16");
const bfloat16 = array("bfloat16");
const float64 = array("float64");
const bool = array("bool");
const int64 = array("int64");

/** Two queries of zeros, three keys, and the values 3, 6, 12. */
const mean = {
  Q: float32([1, 1, 2, 1], 0, 0),
  K: float32([1, 1, 3, 1], 1, 2, 3),
  V: float32([1, 1, 3, 1], 3, 6, 12),
};
/** One query whose scaled scores are 1 and 3, and the values 4 and 8. */
const scored = {
  Q: float32([1, 1, 1, 1], 2),
  K: float32([1, 1, 2, 1], 1, 3),
  V: float32([1, 1, 2, 1], 4, 8),
};
const half = { scale: 0.5 };
const [e1, e3] = [Math.exp(1), Math.exp(3)];
const [cap1, cap3] = [2 * Math.tanh(0.5), 2 * Math.tanh(1.5)];
const Y = (...data: readonly number[]): { Y: CaseArray } => ({
  Y: float32([1, 1, data.length, 1], ...data),
});

/** By what each claims. */
export const HAND_MADE: Readonly<Record<string, HandMadeCase>> = {
  "without masks, all keys are met": { inputs: mean, outputs: Y(7, 7) },
  "is_causal aligns to the top left without a cache": {
    attributes: { is_causal: 1 },
    inputs: mean,
    outputs: Y(3, 4.5),
  },
  "is_causal counts the keys of the past": {
    attributes: { is_causal: 1 },
    inputs: {
      ...mean,
      past_key: float32([1, 1, 1, 1], 9),
      past_value: float32([1, 1, 1, 1], 0),
    },
    outputs: {
      ...Y(1.5, 3),
      present_key: float32([1, 1, 4, 1], 9, 1, 2, 3),
      present_value: float32([1, 1, 4, 1], 0, 3, 6, 12),
    },
  },
  "is_causal aligns to the end of what is no padding, sequence by sequence": {
    opset: 24,
    attributes: { is_causal: 1 },
    inputs: {
      Q: float32([2, 1, 2, 1], 0, 0, 0, 0),
      K: float32([2, 1, 3, 1], 1, 2, 3, 4, 5, "nan"),
      V: float32([2, 1, 3, 1], 3, 6, 12, 2, 4, "inf"),
      nonpad_kv_seqlen: int64([2], 3, 1),
    },
    // The second sequence has fewer keys than queries: its first query meets none.
    outputs: { Y: float32([2, 1, 2, 1], 4.5, 7, 0, 2) },
  },
  "nonpad_kv_seqlen alone hides padding": {
    opset: 24,
    inputs: { ...mean, nonpad_kv_seqlen: int64([1], 2) },
    outputs: Y(4.5, 4.5),
  },
  "booleans mask, and a row without keys is 0": {
    inputs: { ...mean, attn_mask: bool([2, 3], false, false, false, true, false, true) },
    outputs: Y(0, 7.5),
  },
  "a float mask is added, −∞ masks": {
    inputs: { ...mean, attn_mask: float32([3], 0, Math.log(3), "-inf") },
    outputs: Y(5.25, 5.25),
  },
  "integers are added as floats are": {
    inputs: {
      ...mean,
      attn_mask: { ...float32([2, 3], 0, 0, -200, -200, 0, -200), dtype: "int8" },
    },
    outputs: Y(4.5, 6),
  },
  "a mask of three axes is one per head": {
    inputs: {
      Q: float32([1, 2, 1, 1], 0, 0),
      K: float32([1, 2, 2, 1], 1, 1, 1, 1),
      V: float32([1, 2, 2, 1], 1, 2, 3, 4),
      attn_mask: bool([2, 1, 2], true, false, false, true),
    },
    outputs: { Y: float32([1, 2, 1, 1], 1, 4) },
  },
  "a mask of four axes is one per sequence": {
    inputs: {
      Q: float32([2, 1, 1, 1], 0, 0),
      K: float32([2, 1, 2, 1], 1, 1, 1, 1),
      V: float32([2, 1, 2, 1], 1, 2, 3, 4),
      attn_mask: float32([2, 1, 1, 2], 0, "-inf", "-inf", 0),
    },
    outputs: { Y: float32([2, 1, 1, 1], 1, 4) },
  },
  "a mask that is too short masks the rest": {
    opset: 24,
    inputs: { ...mean, attn_mask: bool([2, 2], true, true, false, true) },
    outputs: Y(4.5, 6),
  },
  "so does a float mask, down to one key": {
    opset: 24,
    inputs: { ...mean, attn_mask: float32([2, 1], 0, 5) },
    outputs: Y(3, 3),
  },
  "in opset 23, a mask of one key is for all keys": {
    opset: 23,
    inputs: { ...mean, attn_mask: bool([2, 1], false, true) },
    outputs: Y(0, 7),
  },
  "mask, causality and padding all hold": {
    opset: 24,
    attributes: { is_causal: 1 },
    inputs: {
      ...mean,
      attn_mask: bool([2, 3], true, true, true, false, true, true),
      nonpad_kv_seqlen: int64([1], 2),
    },
    outputs: Y(3, 6),
  },
  "the scale is 1/√D unless given": {
    inputs: {
      Q: float32([1, 1, 1, 4], 1, 1, 1, 1),
      K: float32([1, 1, 2, 4], 0.5, 0.5, 0.5, 0.5, 1, 2, 2, 1),
      V: scored.V,
    },
    outputs: Y((4 * e1 + 8 * e3) / (e1 + e3)),
  },
  "mode 0 gives scaled products, of masked keys too": {
    attributes: { ...half, softcap: 2, qk_matmul_output_mode: 0 },
    inputs: { ...scored, attn_mask: bool([2], true, false) },
    outputs: { ...Y(4), qk_matmul_output: float32([1, 1, 1, 2], 1, 3) },
  },
  "mode 1 gives them capped, without the mask": {
    attributes: { ...half, softcap: 2, qk_matmul_output_mode: 1 },
    inputs: { ...scored, attn_mask: float32([2], 0, "-inf") },
    outputs: { ...Y(4), qk_matmul_output: float32([1, 1, 1, 2], cap1, cap3) },
  },
  "mode 2 gives what enters the softmax: capped first, then masked": {
    attributes: { ...half, softcap: 2, qk_matmul_output_mode: 2 },
    inputs: { ...scored, attn_mask: float32([2], 10, "-inf") },
    outputs: { ...Y(4), qk_matmul_output: float32([1, 1, 1, 2], cap1 + 10, "-inf") },
  },
  "mode 3 gives the weights": {
    attributes: { ...half, qk_matmul_output_mode: 3 },
    inputs: scored,
    outputs: {
      ...Y((4 * e1 + 8 * e3) / (e1 + e3)),
      qk_matmul_output: float32([1, 1, 1, 2], e1 / (e1 + e3), e3 / (e1 + e3)),
    },
  },
  "heads side by side share keys in turn, and the present has them apart": {
    attributes: { q_num_heads: 4, kv_num_heads: 2 },
    inputs: {
      Q: float32([1, 1, 4], 0, 0, 0, 0),
      K: float32([1, 2, 2], 1, 2, 3, 4),
      V: float32([1, 2, 4], 1, 2, 3, 4, 5, 6, 7, 8),
    },
    outputs: {
      Y: float32([1, 1, 8], 3, 4, 3, 4, 5, 6, 5, 6),
      present_key: float32([1, 2, 2, 1], 1, 3, 2, 4),
      present_value: float32([1, 2, 2, 2], 1, 2, 5, 6, 3, 4, 7, 8),
    },
  },
  "heads side by side follow on a past that has them apart": {
    attributes: { q_num_heads: 2, kv_num_heads: 2, is_causal: 1 },
    inputs: {
      Q: float32([1, 2, 2], 0, 0, 0, 0),
      K: float32([1, 2, 2], 1, 1, 1, 1),
      V: float32([1, 2, 2], 2, 20, 4, 40),
      past_key: float32([1, 2, 1, 1], 1, 1),
      past_value: float32([1, 2, 1, 1], 0, 60),
    },
    outputs: {
      Y: float32([1, 2, 2], 1, 40, 2, 40),
      present_value: float32([1, 2, 3, 1], 0, 2, 4, 60, 20, 40),
    },
  },
  "opset 25 has windows": {
    opset: 25,
    attributes: { left_window_size: 0, right_window_size: 1 },
    inputs: mean,
    outputs: Y(4.5, 9),
  },
  "windows stand at the end of what is no padding, and leave the mask as it is": {
    opset: 25,
    attributes: { left_window_size: 0, right_window_size: 1 },
    inputs: {
      ...mean,
      attn_mask: bool([3], false, true, true),
      nonpad_kv_seqlen: int64([1], 2),
    },
    outputs: Y(6, 6),
  },
  "float16 is rounded to where it comes out": {
    inputs: {
      Q: float16([1, 1, 1, 1], 0),
      K: float16([1, 1, 3, 1], 1, 2, 3),
      V: float16([1, 1, 3, 1], 1, 0, 0),
    },
    outputs: { Y: float16([1, 1, 1, 1], 0.333251953125) },
  },
  "bfloat16 is rounded to where it comes out": {
    inputs: {
      Q: bfloat16([1, 1, 1, 1], 0),
      K: bfloat16([1, 1, 3, 1], 1, 2, 3),
      V: bfloat16([1, 1, 3, 1], 1, 0, 0),
    },
    outputs: { Y: bfloat16([1, 1, 1, 1], 0.333984375) },
  },
  "float64 is computed in float64": {
    attributes: half,
    inputs: {
      Q: float64([1, 1, 1, 1], 2),
      K: float64([1, 1, 2, 1], 1, 3),
      V: float64([1, 1, 2, 1], 4, 8),
    },
    outputs: { Y: float64([1, 1, 1, 1], (4 * e1 + 8 * e3) / (e1 + e3)) },
  },
};

/** A case as the text of its file. */
export function asText({ opset = 24, attributes = {}, inputs, outputs }: HandMadeCase): string {
  const inOrder = (names: readonly string[], held: object): string[] => {
    const last = names.findLastIndex((name) => name in held);
    return names.slice(0, last + 1).map((name) => (name in held ? name : ""));
  };
  const inputOrder = inOrder(INPUTS, inputs);
  const outputOrder = inOrder(OUTPUTS, outputs);
  return JSON.stringify({ opset, attributes, inputOrder, outputOrder, inputs, outputs });
}

const INPUTS = ["Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"];
const OUTPUTS = ["Y", "present_key", "present_value", "qk_matmul_output"];
