import type { Indices, Tensor } from "../core/tensor.ts";

/** Inputs of {@link onnxAttention}, by the names that the operator gives them. */
export interface OnnxAttentionInputs {
  /** (N, H, Tq, D), or (N, Tq, H·D) with `q_num_heads`. */
  readonly Q: Tensor;
  /** (N, G, Tk, D), or (N, Tk, G·D) with `kv_num_heads`; G divides H. */
  readonly K: Tensor;
  /** (N, G, Tk, E), or (N, Tk, G·E). */
  readonly V: Tensor;
  /**
   * Broadcast to (N, H, Tq, P + Tk) from the right. A tensor is added to the scores. Indices are the
   * operator's booleans: where one is 0, the query does not meet the key. Since opset 24 the last axis
   * may be shorter, a single key included: what it lacks is masked.
   */
  readonly attn_mask?: Tensor | Indices | undefined;
  /** (N, G, P, D): keys that come before those of K. */
  readonly past_key?: Tensor | undefined;
  /** (N, G, P, E): values that come before those of V. */
  readonly past_value?: Tensor | undefined;
  /** (N), since opset 24: how many keys of each sequence are no padding. Not together with a past. */
  readonly nonpad_kv_seqlen?: Indices | undefined;
}

/** Attributes of {@link onnxAttention}, by the names that the operator gives them. */
export interface OnnxAttentionAttributes {
  /**
   * 1: query q meets key t only if t ≤ q + offset, where offset is P with a past, the sequence's
   * `nonpad_kv_seqlen` − Tq with that, and otherwise 0. Default 0.
   */
  readonly is_causal?: number | undefined;
  /** H; needed where Q has three axes. */
  readonly q_num_heads?: number | undefined;
  /** G; needed where K and V have three axes. */
  readonly kv_num_heads?: number | undefined;
  /** ≥ 0; default 1/√D. */
  readonly scale?: number | undefined;
  /** c > 0: scores become c · tanh(score / c), before anything is added or masked. Default 0: none. */
  readonly softcap?: number | undefined;
  /**
   * A least precision by its number: 1 float32, 10 float16, 11 float64, 16 bfloat16. The softmax has
   * that of the tensors, whatever is asked: its outputs are rounded to it in any case.
   */
  readonly softmax_precision?: number | undefined;
  /**
   * What `qk_matmul_output` is: 0 the scaled products, 1 what softcap makes of them, both for masked
   * keys too; 2 the scores that enter the softmax, −∞ where masked; 3 the weights. Default 0.
   */
  readonly qk_matmul_output_mode?: number | undefined;
  /** Since opset 25: how many keys before its own place a query meets; −1, the default: all. */
  readonly left_window_size?: number | undefined;
  /** Since opset 25: how many keys behind its own place a query meets; −1, the default: all. */
  readonly right_window_size?: number | undefined;
}

/** The outputs of the operator. */
export type OnnxAttentionOutput = "Y" | "present_key" | "present_value" | "qk_matmul_output";

/** Which operator {@link onnxAttention} is, and what to compute. */
export interface OnnxAttentionOptions {
  /** The opset whose rules hold, 23 or later; rules after 25 are not known. Default 24. */
  readonly opset?: number;
  /** The outputs that are wanted beside Y. Default: the present where there is a past. */
  readonly outputs?: readonly OnnxAttentionOutput[];
}

/** What {@link onnxAttention} gives: Y, and what else was wanted. */
export interface OnnxAttentionOutputs {
  /** (N, H, Tq, E), or (N, Tq, H·E) where Q has three axes. */
  readonly Y: Tensor;
  /** (N, G, P + Tk, D): the keys of the past, then those of K. */
  readonly present_key?: Tensor;
  /** (N, G, P + Tk, E): the values of the past, then those of V. */
  readonly present_value?: Tensor;
  /** (N, H, Tq, P + Tk): see {@link OnnxAttentionAttributes.qk_matmul_output_mode}. */
  readonly qk_matmul_output?: Tensor;
}
