import { checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError, ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shapes.ts";
import type { Tensor } from "../core/tensor.ts";
import {
  agree,
  checkIndices,
  checkRange,
  checkTensor,
  expectShape,
  sameDevice,
  together,
} from "../layers/checks.ts";
import type { OnnxAttentionAttributes, OnnxAttentionInputs } from "./attention-types.ts";

/** The operator's inputs; the last one since opset 24. */
export const INPUTS = ["Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"];
const ATTRIBUTES = [
  "is_causal",
  "q_num_heads",
  "kv_num_heads",
  "scale",
  "softcap",
  "softmax_precision",
  "qk_matmul_output_mode",
];
const WINDOWS = ["left_window_size", "right_window_size"];

/** Sizes of a call, in the letters of {@link OnnxAttentionInputs}. */
export interface Sizes {
  /** N */
  readonly batch: number;
  /** H */
  readonly heads: number;
  /** G */
  readonly keyHeads: number;
  /** Tq */
  readonly queries: number;
  /** P */
  readonly past: number;
  /** P + Tk */
  readonly steps: number;
  /** D */
  readonly size: number;
}

/** Attributes with their defaults. */
export interface Attributes {
  readonly causal: boolean;
  readonly scale: number | undefined;
  readonly softcap: number;
  readonly mode: number;
  /** −1: no limit. */
  readonly left: number;
  readonly right: number;
}

/** Reads the attributes; refuses values that the operator does not have. */
export function readAttributes(
  where: string,
  attributes: OnnxAttentionAttributes,
  opset: number,
): Attributes {
  checkOptions(where, attributes, opset >= 25 ? [...ATTRIBUTES, ...WINDOWS] : ATTRIBUTES);
  const { scale, softcap = 0, softmax_precision: precision } = attributes;
  const { is_causal: causal = 0, qk_matmul_output_mode: mode = 0 } = attributes;
  const { left_window_size: left = -1, right_window_size: right = -1 } = attributes;
  const notNegative = (value: number): boolean => value >= 0 && Number.isFinite(value);
  checkNumber(where, "is_causal", causal, "0 or 1", (value) => value === 0 || value === 1);
  checkNumber(where, "qk_matmul_output_mode", mode, "0, 1, 2 or 3", (value) =>
    [0, 1, 2, 3].includes(value),
  );
  checkNumber(where, "softcap", softcap, "a finite number ≥ 0", notNegative);
  if (scale !== undefined) checkNumber(where, "scale", scale, "a finite number ≥ 0", notNegative);
  if (precision !== undefined) {
    const range = "1, 10, 11 or 16 (float32, float16, float64, bfloat16)";
    checkNumber(where, "softmax_precision", precision, range, (value) =>
      [1, 10, 11, 16].includes(value),
    );
  }
  for (const [name, size] of Object.entries({ left, right })) {
    const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= -1;
    checkNumber(where, `${name}_window_size`, size, "a whole number ≥ -1", whole);
  }
  return { causal: causal === 1, scale, softcap, mode, left, right };
}

/** Refuses tensors that do not go together, and gives their sizes; the mask is checked on its own. */
export function readSizes(
  where: string,
  inputs: OnnxAttentionInputs,
  attributes: OnnxAttentionAttributes,
  opset: number,
): Sizes {
  checkOptions(where, inputs, opset >= 24 ? INPUTS : INPUTS.slice(0, -1));
  const { Q, K, V, past_key, past_value } = inputs;
  const tensors = { Q, K, V, ...(past_key && { past_key }), ...(past_value && { past_value }) };
  for (const [name, value] of Object.entries(tensors)) checkTensor(where, name, value);
  together(where, tensors);
  const rank = Q.shape.length;
  for (const [name, { shape }] of Object.entries({ Q, K, V })) {
    if ((rank === 3 || rank === 4) && shape.length === rank) continue;
    const expected = "Q, K and V need 3 axes each, or 4 each";
    const received = `${name} has shape ${formatShape(shape)}, Q ${formatShape(Q.shape)}`;
    throw new ShapeError({ where, expected, received, form: "statement" });
  }
  const { q_num_heads, kv_num_heads } = attributes;
  const query = headed(where, "Q", Q, "q_num_heads", q_num_heads);
  const key = headed(where, "K", K, "kv_num_heads", kv_num_heads);
  const value = headed(where, "V", V, "kv_num_heads", kv_num_heads);
  agree(where, "N", "K", key.batch, "Q", query.batch);
  agree(where, "N", "V", value.batch, "Q", query.batch);
  agree(where, "D", "K", key.size, "Q", query.size);
  agree(where, "Tk", "V", value.steps, "K", key.steps);
  agree(where, "G", "V", value.heads, "K", key.heads);
  if (query.heads % key.heads !== 0) {
    throw new ShapeError({
      where,
      expected: "the heads of K and V must divide those of Q",
      received: `Q has ${query.heads} heads, K has ${key.heads}`,
      form: "statement",
    });
  }
  const past = pastSteps(where, inputs, key, value.size);
  const { batch, heads, steps: queries, size } = query;
  const sizes = { batch, heads, keyHeads: key.heads, queries, past, steps: past + key.steps, size };
  checkNonpad(where, inputs, sizes);
  return sizes;
}

interface Headed {
  readonly batch: number;
  readonly heads: number;
  readonly steps: number;
  readonly size: number;
}

function headed(
  where: string,
  name: string,
  { shape }: Tensor,
  attribute: string,
  given: number | undefined,
): Headed {
  if (given !== undefined && !(Number.isSafeInteger(given) && given >= 1)) {
    const expected = `${attribute} to be a whole number ≥ 1`;
    throw new DataError({ where, expected, received: describe(given) });
  }
  if (shape.length === 4) {
    const [batch = 0, heads = 0, steps = 0, size = 0] = shape;
    if (heads === 0 || (given !== undefined && given !== heads)) {
      throw new ShapeError({
        where,
        expected: `${name} to have ${given === undefined ? "heads" : `${attribute} = ${given} heads`} on its second axis`,
        received: `shape ${formatShape(shape)}`,
      });
    }
    return { batch, heads, steps, size };
  }
  const [batch = 0, steps = 0, width = 0] = shape;
  if (given === undefined || width % given !== 0) {
    throw new ShapeError({
      where,
      expected: `${attribute} to divide the last axis of ${name}, which has shape ${formatShape(shape)}`,
      received: given === undefined ? "no such attribute" : String(given),
    });
  }
  return { batch, heads: given, steps, size: width / given };
}

function pastSteps(
  where: string,
  { past_key, past_value, nonpad_kv_seqlen }: OnnxAttentionInputs,
  key: Headed,
  valueSize: number,
): number {
  if (past_key === undefined && past_value === undefined) return 0;
  if (past_key === undefined || past_value === undefined || nonpad_kv_seqlen !== undefined) {
    const has = nonpad_kv_seqlen === undefined ? "one of the two" : "nonpad_kv_seqlen beside them";
    const expected = "past_key and past_value together, or neither, and without nonpad_kv_seqlen";
    throw new DataError({ where, expected, received: has });
  }
  const { batch, heads, size } = key;
  const steps = past_key.shape[2] ?? 0;
  expectShape(where, "past_key", past_key, [batch, heads, steps, size]);
  expectShape(where, "past_value", past_value, [batch, heads, steps, valueSize]);
  return steps;
}

function checkNonpad(where: string, { Q, nonpad_kv_seqlen }: OnnxAttentionInputs, sizes: Sizes) {
  if (nonpad_kv_seqlen === undefined) return;
  const name = "nonpad_kv_seqlen";
  checkIndices(where, name, nonpad_kv_seqlen);
  sameDevice(where, name, nonpad_kv_seqlen, "Q", Q);
  const { shape } = nonpad_kv_seqlen;
  if (shape.length !== 1 || shape[0] !== sizes.batch) {
    const expected = `${name} of shape (${sizes.batch}), one number per sequence`;
    throw new ShapeError({ where, expected, received: `shape ${formatShape(shape)}` });
  }
  checkRange(where, name, nonpad_kv_seqlen, 0, sizes.steps);
}
