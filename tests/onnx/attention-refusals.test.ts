import { describe, expect, it } from "vitest";
import {
  indices,
  normal,
  onnxAttention,
  openDevice,
  Random,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";

const random = new Random(7);
const some = (...shape: number[]): Tensor => normal(shape, random);
/** N = 2, H = 4, G = 2, Tq = 3, Tk = 5, D = 6, E = 7. */
const good = { Q: some(2, 4, 3, 6), K: some(2, 2, 5, 6), V: some(2, 2, 5, 7) };
const flat = { Q: some(2, 3, 24), K: some(2, 5, 12), V: some(2, 5, 14) };
const heads = { q_num_heads: 4, kv_num_heads: 2 };
const past = { past_key: some(2, 2, 1, 6), past_value: some(2, 2, 1, 7) };
const two = indices([5, 4]);

type Call = readonly [inputs: unknown, attributes?: unknown, options?: unknown];

function call([inputs, attributes, options]: Call): unknown {
  return (onnxAttention as (...words: unknown[]) => unknown)(inputs, attributes, options);
}

const REFUSALS: readonly (readonly [claim: string, call: Call, message: RegExp])[] = [
  ["no inputs", [null], /expected options as an object of Q, K, V/],
  ["an input that the operator does not have", [{ ...good, mask: two }], /got the option "mask"/],
  ["a missing input", [{ Q: good.Q, K: good.K }], /expected V to be a tensor, got undefined/],
  ["numbers for a tensor", [{ ...good, K: [[1]] }], /expected K to be a tensor/],
  ["two axes", [{ Q: some(2, 3), K: some(2, 3), V: some(2, 3) }], /need 3 axes each, or 4 each/],
  ["3 axes and 4", [{ ...good, K: flat.K }, heads], /K has shape \(2, 5, 12\), Q \(2, 4, 3, 6\)/],
  ["no number of heads", [flat], /expected q_num_heads to divide .* got no such attribute/],
  ["5 heads of 24", [flat, { ...heads, q_num_heads: 5 }], /expected q_num_heads to divide/],
  ["half a head", [flat, { ...heads, q_num_heads: 1.5 }], /q_num_heads to be a whole number ≥ 1/],
  ["other heads than there are", [good, { q_num_heads: 2 }], /Q to have q_num_heads = 2 heads/],
  ["no heads", [{ ...good, Q: some(2, 0, 3, 6) }], /expected Q to have heads/],
  ["3 heads of keys for 4", [{ ...good, K: some(2, 3, 5, 6), V: some(2, 3, 5, 7) }], /must divide/],
  ["another batch", [{ ...good, V: some(1, 2, 5, 7) }], /V has N = 1, Q has N = 2/],
  ["another size", [{ ...good, K: some(2, 2, 5, 7) }], /K has D = 7, Q has D = 6/],
  ["fewer values", [{ ...good, V: some(2, 2, 4, 7) }], /V has Tk = 4, K has Tk = 5/],
  ["heads of values alone", [{ ...good, V: some(2, 4, 5, 7) }], /V has G = 4, K has G = 2/],
  ["a past of keys alone", [{ ...good, past_key: past.past_key }], /together, or neither/],
  ["a past of another size", [{ ...good, ...past, past_value: some(2, 2, 1, 6) }], /past_value of/],
  [
    "a past beside padding",
    [{ ...good, ...past, nonpad_kv_seqlen: two }],
    /without nonpad_kv_seqlen/,
  ],
  ["lengths in a tensor", [{ ...good, nonpad_kv_seqlen: tensor([5, 4]) }], /seqlen to be indices/],
  [
    "a length for each of three",
    [{ ...good, nonpad_kv_seqlen: indices([5, 4, 3]) }],
    /shape \(2\)/,
  ],
  ["a length beyond the keys", [{ ...good, nonpad_kv_seqlen: indices([6, 4]) }], /from 0 to 5/],
  [
    "padding in opset 23",
    [{ ...good, nonpad_kv_seqlen: two }, {}, { opset: 23 }],
    /nonpad_kv_seqlen/,
  ],
  [
    "a present beside padding",
    [{ ...good, nonpad_kv_seqlen: two }, {}, { outputs: ["present_key"] }],
    /no present/,
  ],
  ["a nested mask", [{ ...good, attn_mask: [[true]] }], /attn_mask to be indices/],
  ["a mask of five axes", [{ ...good, attn_mask: zeros([1, 2, 4, 3, 5]) }], /one to four axes/],
  ["a mask of no axes", [{ ...good, attn_mask: tensor(0) }], /one to four axes/],
  ["a mask that is too long", [{ ...good, attn_mask: zeros([3, 6]) }], /or fewer on the last axis/],
  ["a mask that does not broadcast", [{ ...good, attn_mask: zeros([2, 5]) }], /\(2, 4, 3, 5\)/],
  [
    "a short mask in opset 23",
    [{ ...good, attn_mask: zeros([4]) }, {}, { opset: 23 }],
    /broadcast/,
  ],
  [
    "a mask that is too short for the lengths",
    [{ ...good, attn_mask: zeros([4]), nonpad_kv_seqlen: two }],
    /attn_mask to reach all 5 keys/,
  ],
  ["an attribute that it does not have", [good, { causal: 1 }], /got the option "causal"/],
  ["attributes that are none", [good, null], /options as an object/],
  ["true for 1", [good, { is_causal: true }], /is_causal to be 0 or 1, got true/],
  ["mode 4", [good, { qk_matmul_output_mode: 4 }], /qk_matmul_output_mode to be 0, 1, 2 or 3/],
  ["a negative scale", [good, { scale: -1 }], /scale to be a finite number ≥ 0/],
  ["NaN as a scale", [good, { scale: Number.NaN }], /scale to be a finite number ≥ 0/],
  ["text as a scale", [good, { scale: "1" }], /scale to be a finite number ≥ 0, got "1"/],
  ["a negative softcap", [good, { softcap: -1 }], /softcap to be a finite number ≥ 0/],
  ["softmax in int8", [good, { softmax_precision: 3 }], /softmax_precision to be 1, 10, 11 or 16/],
  ["windows before opset 25", [good, { left_window_size: 1 }], /the option "left_window_size"/],
  ["a window of -2", [good, { left_window_size: -2 }, { opset: 25 }], /left_window_size to be/],
  ["opset 22", [good, {}, { opset: 22 }], /opset to be a whole number ≥ 23/],
  ["an output that it does not have", [good, {}, { outputs: ["X"] }], /outputs to be an array of/],
];

describe("the operator refuses", () => {
  it.each(REFUSALS)("%s", (_claim, words, message) => {
    expect(() => call(words)).toThrow(message);
    try {
      call(words);
    } catch (error) {
      expect((error as Error).message).toMatch(/^onnxAttention: /);
    }
  });

  it("two dtypes, two devices, and what was disposed", async () => {
    const reference = await openDevice("reference");
    const wasm = await openDevice("wasm");
    const Q = zeros([1, 1, 1, 1], { device: reference });
    const K = zeros([1, 1, 1, 1], { device: reference, dtype: "float64" });
    expect(() => onnxAttention({ Q, K, V: Q })).toThrow(/Q is float32, K is float64/);
    const attn_mask = zeros([1, 1], { device: wasm });
    expect(() => onnxAttention({ Q, K: Q, V: Q, attn_mask })).toThrow(/attn_mask is on wasm/);
    const booleans = indices([[1]], [1, 1], { device: wasm });
    expect(() => onnxAttention({ Q, K: Q, V: Q, attn_mask: booleans })).toThrow(/is on wasm/);
    const gone = zeros([1, 1, 1, 1], { device: reference });
    gone.dispose();
    expect(() => onnxAttention({ Q, K: Q, V: gone })).toThrow(/after dispose/);
  });
});

describe("what the operator gives", () => {
  it("is Y alone without a past, and Y and the present with one", () => {
    expect(Object.keys(onnxAttention(good))).toEqual(["Y"]);
    const outputs = onnxAttention({ ...good, ...past });
    expect(Object.keys(outputs)).toEqual(["Y", "present_key", "present_value"]);
    expect(outputs.Y.shape).toEqual([2, 4, 3, 7]);
    expect(outputs.present_key?.shape).toEqual([2, 2, 6, 6]);
  });

  it("belongs to the caller", () => {
    const wanted = { outputs: ["present_key", "present_value"] } as const;
    for (const [inputs, attributes] of [
      [good, {}],
      [flat, heads],
    ] as const) {
      const { Y, present_key, present_value } = onnxAttention(inputs, attributes, wanted);
      for (const output of [Y, present_key!, present_value!]) {
        output.data.fill(0);
        output.dispose();
      }
      expect(inputs.K.data.some((x) => x !== 0)).toBe(true);
      expect(inputs.V.data.some((x) => x !== 0)).toBe(true);
    }
  });

  it("is the same for heads side by side and apart", () => {
    const apart = onnxAttention(
      flat,
      { ...heads, is_causal: 1 },
      { outputs: ["present_key", "present_value"] },
    );
    const together = onnxAttention(flat, { ...heads, is_causal: 1 });
    expect(apart.Y.shape).toEqual([2, 3, 28]);
    const differences = apart.Y.data.map((y, i) => Math.abs(y - together.Y.data[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  it("is refused by shape, not by accident, when there is a number too few", () => {
    expect(() => onnxAttention({ ...good, K: some(2, 2, 5) })).toThrow(ShapeError);
  });
});
