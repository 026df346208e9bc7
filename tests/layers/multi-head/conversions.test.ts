import { describe, expect, test } from "vitest";
import {
  DataError,
  fromKerasAttention,
  fromTorchAttention,
  loadParameters,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type NamedNumbers,
  type Numbers,
  parameterNumbers,
  readSafetensors,
  ShapeError,
  toKerasAttention,
  toTorchAttention,
  writeSafetensors,
} from "../../../src/index.ts";

function named(shapes: Readonly<Record<string, readonly number[]>>, double = false) {
  let next = 0;
  return new Map<string, Numbers>(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((total, each) => total * each, 1);
      // Numbers that rounding would change, and a zero with a sign.
      const numbers = Array.from({ length: size }, () => (next++ === 3 ? -0 : 1 / next));
      const data = double ? Float64Array.from(numbers) : Float32Array.from(numbers);
      return [name, { shape, data }];
    }),
  );
}

const bits = (tensors: NamedNumbers) =>
  [...tensors].map(([name, { shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, [...shape], data.constructor.name, [...bytes]];
  });

const TORCH = {
  packed: {
    "x.in_proj_weight": [12, 4],
    "x.in_proj_bias": [12],
    "x.out_proj.weight": [4, 4],
    "x.out_proj.bias": [4],
  },
  apart: {
    "x.q_proj_weight": [4, 4],
    "x.k_proj_weight": [4, 3],
    "x.v_proj_weight": [4, 5],
    "x.in_proj_bias": [12],
    "x.out_proj.weight": [4, 4],
    "x.out_proj.bias": [4],
  },
  "without biases": { "x.in_proj_weight": [12, 4], "x.out_proj.weight": [4, 4] },
};

const KERAS = {
  plain: {
    "query/kernel": [3, 2, 4],
    "query/bias": [2, 4],
    "key/kernel": [5, 2, 4],
    "key/bias": [2, 4],
    "value/kernel": [6, 2, 3],
    "value/bias": [2, 3],
    "attention_output/kernel": [2, 3, 7],
    "attention_output/bias": [7],
  },
  "grouped, without biases": {
    "query/kernel": [3, 4, 2],
    "key/kernel": [3, 2, 2],
    "value/kernel": [3, 2, 2],
    "attention_output/kernel": [4, 2, 3],
  },
};

describe("a state dict of PyTorch", () => {
  test.each(Object.entries(TORCH))("%s: comes back bit by bit", (_, shapes) => {
    for (const double of [false, true]) {
      const tensors = named(shapes, double);
      const options = { prefix: "x.", name: "a.b" };
      const ours = fromTorchAttention(tensors, options);
      expect([...ours.keys()].every((name) => /^a\.b\.[Wb][qkvo]$/.test(name))).toBe(true);
      expect(bits(toTorchAttention(ours, options))).toEqual(bits(tensors));
    }
  });

  test("passes through a safetensors file and a layer", () => {
    const tensors = named(TORCH.apart);
    const file = readSafetensors(writeSafetensors({ metadata: new Map(), tensors }), "x");
    const layer = new MultiHeadAttention({ size: 4, heads: 2, keySize: 3, valueSize: 5 });
    loadParameters(layer.parameters, fromTorchAttention(file.tensors, { prefix: "x." }));
    const back = toTorchAttention(parameterNumbers(layer.parameters), { prefix: "x." });
    expect(bits(back)).toEqual(bits(tensors));
    expect(layer.params[0]?.data[1]).toBe(tensors.get("x.q_proj_weight")?.data[4]);
  });

  test("keeps what stands under another prefix out of it", () => {
    const tensors = new Map([...named(TORCH.packed), ...named({ "y.in_proj_weight": [1] })]);
    expect(fromTorchAttention(tensors, { prefix: "x." }).size).toBe(8);
    expect(() => fromTorchAttention(tensors)).toThrow(DataError);
  });

  test.each([
    ["bias_k", { ...TORCH.packed, "x.bias_k": [1, 1, 4] }, DataError, /bias_k.*no learned key/],
    ["an unknown name", { ...TORCH.packed, "x.more": [1] }, DataError, /"x\.more" too/],
    ["a missing one", { "x.in_proj_weight": [12, 4] }, DataError, /a tensor x\.out_proj\.weight/],
    ["a wrong shape", { ...TORCH.packed, "x.in_proj_bias": [4] }, ShapeError, /\(12\).*\(4\)/],
    ["wrong rows", { ...TORCH.apart, "x.k_proj_weight": [3, 4] }, ShapeError, /4 rows.*\(3, 4\)/],
    ["wrong axes", { ...TORCH.apart, "x.k_proj_weight": [12] }, ShapeError, /2 axes.*\(12\)/],
    [
      "a bias alone",
      { ...TORCH["without biases"], "x.out_proj.bias": [4] },
      DataError,
      /bias" too/,
    ],
  ] as const)("with %s is refused", (_, shapes, kind, message) => {
    const convert = () => fromTorchAttention(named(shapes), { prefix: "x." });
    expect(convert).toThrow(kind);
    expect(convert).toThrow(message);
  });

  test.each([
    ["grouped heads", { size: 4, heads: 2, keyHeads: 1 }, /Wk to have 4 columns.*\(4, 2\)/],
    ["an output of its own size", { size: 4, heads: 2, outSize: 3 }, /Wo to have 4 columns/],
    ["larger heads", { size: 4, heads: 2, headSize: 3 }, /Wq to have 4 columns/],
    ["larger values", { size: 4, heads: 2, valueHeadSize: 3 }, /Wv to have 4 columns/],
  ] as const)("cannot be made of %s", (_, options: MultiHeadAttentionOptions, message) => {
    const { parameters } = new MultiHeadAttention(options);
    expect(() => toTorchAttention(parameterNumbers(parameters))).toThrow(ShapeError);
    expect(() => toTorchAttention(parameterNumbers(parameters))).toThrow(message);
  });
});

describe("weights of Keras", () => {
  test.each(Object.entries(KERAS))("%s: come back bit by bit", (name, shapes) => {
    const tensors = named(shapes);
    const [heads, keyHeads] = name === "plain" ? [2, 2] : [4, 2];
    const ours = fromKerasAttention(tensors);
    expect(bits(toKerasAttention(ours, { heads, keyHeads }))).toEqual(bits(tensors));
  });

  test("fit a layer of their sizes", () => {
    const sizes = { keySize: 5, valueSize: 6, headSize: 4, valueHeadSize: 3, outSize: 7 };
    const layer = new MultiHeadAttention({ size: 3, heads: 2, ...sizes });
    loadParameters(layer.parameters, fromKerasAttention(named(KERAS.plain)));
    const back = toKerasAttention(parameterNumbers(layer.parameters), { heads: 2 });
    expect(bits(back)).toEqual(bits(named(KERAS.plain)));
  });

  test.each([
    ["heads that differ", { ...KERAS.plain, "attention_output/kernel": [3, 2, 7] }, ShapeError],
    ["a name too many", { ...KERAS.plain, "query_norm/scale": [4] }, DataError],
    ["a bias missing", { ...KERAS.plain, "query/bias": [8] }, ShapeError],
  ] as const)("with %s are refused", (_, shapes, kind) => {
    expect(() => fromKerasAttention(named(shapes))).toThrow(kind);
  });

  test("of heads that the layer has not are refused", () => {
    const { parameters } = new MultiHeadAttention({ size: 4, heads: 2 });
    expect(() => toKerasAttention(parameterNumbers(parameters), { heads: 3 })).toThrow(ShapeError);
    expect(() => toKerasAttention(parameterNumbers(parameters), { heads: 0 })).toThrow(ShapeError);
  });
});

describe("loadParameters", () => {
  const { parameters } = new MultiHeadAttention({ size: 2, heads: 1, bias: false });
  const whole = parameterNumbers(parameters);
  const W = whole.get("layer.Wq")!;

  test.each([
    ["a missing parameter", new Map([["layer.Wq", W]]), DataError, /layer\.Wk, layer\.Wv/],
    ["an unknown name", new Map([...whole, ["layer.bq", W]]), DataError, /"layer\.bq"/],
    ["another shape", new Map([...whole, ["layer.Wq", { ...W, shape: [4] }]]), ShapeError, /\(4\)/],
    ["too few numbers", new Map([["a", { ...W, shape: [5] }]]), ShapeError, /5 numbers.*got 4/],
    ["a list of numbers", new Map([["a", { shape: [1], data: [1] }]]), DataError, /Float32Array/],
    ["an object", { "layer.Wq": W }, DataError, /a Map/],
    ["nothing", new Map([["layer.Wq", null]]), DataError, /undefined/],
  ] as const)("refuses %s and writes nothing", (_, tensors, kind, message) => {
    const before = bits(parameterNumbers(parameters));
    const load = () => loadParameters(parameters, tensors as unknown as NamedNumbers);
    expect(load).toThrow(kind);
    expect(load).toThrow(message);
    expect(bits(parameterNumbers(parameters))).toEqual(before);
  });

  test("writes a part where it may", () => {
    const data = new Float32Array([1, 2, 3, 4]);
    loadParameters(parameters, new Map([["layer.Wk", { shape: [2, 2], data }]]), { partial: true });
    expect(parameters.value("layer.Wk").data).toEqual(data);
    expect(parameters.value("layer.Wq").data).toEqual(W.data);
  });
});
