/** What plain JavaScript may pass to the layers of heads: one error of heed's own each, before anything is done. */
import { describe, expect, test } from "vitest";
import * as heed from "../../../src/index.ts";

const { DataError, DeviceError, DtypeError, ShapeError, StateError, indices, zeros } = heed;

type Loose = Readonly<Record<string, (...given: unknown[]) => unknown>>;
const classes = heed as unknown as Readonly<Record<string, new (...given: unknown[]) => Loose>>;
const make = (name: string, ...given: unknown[]): Loose => new classes[name]!(...given);
const heads = (options: object = {}): Loose =>
  make("MultiHeadAttention", { size: 4, heads: 2, ...options });
const encoder = (options: object = {}): Loose =>
  make("TransformerEncoderBlock", { size: 4, heads: 2, ...options });
const decoder = (options: object = {}): Loose =>
  make("TransformerDecoderBlock", { size: 4, heads: 2, ...options });
const x = zeros([2, 3, 4]);
const step = zeros([2, 1, 4]);
const elsewhere = { device: await heed.openDevice("reference") };

/** A layer after a forward pass. */
function started(layer: Loose, ...given: unknown[]): Loose {
  layer["forward"]!(...given);
  return layer;
}

const refusals: readonly (readonly [string, typeof DataError, RegExp, () => unknown])[] = [
  ["nothing", DataError, /options as an object/, () => make("MultiHeadAttention")],
  ["no size", ShapeError, /size.*undefined/, () => make("MultiHeadAttention", { heads: 2 })],
  ["no heads", ShapeError, /heads.*undefined/, () => make("MultiHeadAttention", { size: 4 })],
  ["zero heads", ShapeError, /heads to be at least 1/, () => heads({ heads: 0 })],
  [
    "heads that do not divide",
    ShapeError,
    /size = 4, heads = 3.*headSize/,
    () => heads({ heads: 3 }),
  ],
  ["keyHeads that do not", ShapeError, /keyHeads = 3/, () => heads({ keyHeads: 3 })],
  ["zero keyHeads", ShapeError, /keyHeads to be at least 1/, () => heads({ keyHeads: 0 })],
  ["half a head size", ShapeError, /headSize.*1\.5/, () => heads({ headSize: 1.5 })],
  ["a size as text", ShapeError, /valueSize.*"3"/, () => heads({ valueSize: "3" })],
  ["an option", DataError, /"numHeads"/, () => heads({ numHeads: 2 })],
  ["a bias of scores", DataError, /goes to forward/, () => heads({ bias: zeros([3, 3]) })],
  ["a scale", DataError, /scale.*NaN/, () => heads({ scale: Number.NaN })],
  ["a rate", DataError, /rate.*got 1$/, () => heads({ dropout: { rate: 1, seed: 0 } })],
  ["a dropout's seed", DataError, /seed.*-1/, () => heads({ dropout: { rate: 0.1, seed: -1 } })],
  ["a rotary option", DataError, /new RotaryPositions/, () => heads({ rotary: true })],
  [
    "rotary positions of another size",
    ShapeError,
    /size 2, that of one head, got size 4/,
    () => heads({ rotary: new heed.RotaryPositions({ size: 4 }) }),
  ],
  ["a causal rule", DataError, /causal.*"yes"/, () => heads({ causal: "yes" })],
  ["a window", DataError, /window.*-1/, () => heads({ window: -1 })],
  ["a softcap", DataError, /softcap.*-1/, () => heads({ softcap: -1 })],
  ["a normalizer", DataError, /normalizer.*"max"/, () => heads({ normalizer: "max" })],
  ["a device", DeviceError, /"wasm"/, () => heads({ device: "wasm" })],
  ["an array", ShapeError, /query.*array/, () => heads()["forward"]!([[[1]]])],
  [
    "two axes",
    ShapeError,
    /query.*\(N, T, D\).*\(2, 4\)/,
    () => heads()["forward"]!(zeros([2, 4])),
  ],
  [
    "another size",
    ShapeError,
    /4 numbers.*\(2, 3, 5\)/,
    () => heads()["forward"]!(zeros([2, 3, 5])),
  ],
  ["keys as an array", DataError, /array/, () => heads()["forward"]!(x, [[[1]]])],
  [
    "values alone",
    ShapeError,
    /keys, as there are values/,
    () => heads()["forward"]!(x, undefined, x),
  ],
  ["another batch", ShapeError, /N = 1/, () => heads()["forward"]!(x, zeros([1, 3, 4]))],
  ["other steps", ShapeError, /T = 2/, () => heads()["forward"]!(x, x, zeros([2, 2, 4]))],
  [
    "a query that cannot be keys",
    ShapeError,
    /keys to have 3 numbers/,
    () => heads({ keySize: 3 })["forward"]!(x),
  ],
  [
    "keys that cannot be values",
    ShapeError,
    /keys, as values, to have 3 numbers/,
    () => heads({ valueSize: 3 })["forward"]!(x, x),
  ],
  ["a call's option", DataError, /"train"/, () => heads()["forward"]!(x, { train: true })],
  ["training", DataError, /training.*got 1/, () => heads()["forward"]!(x, { training: 1 })],
  [
    "a block: training",
    DataError,
    /training.*got 1/,
    () => encoder()["forward"]!(x, { training: 1 }),
  ],
  ["a dropout as a number", DataError, /rate, seed, got 0\.1/, () => heads({ dropout: 0.1 })],
  [
    "a call's null",
    ShapeError,
    /keys to be a tensor, got null/,
    () => heads()["forward"]!(x, null, x),
  ],
  [
    "weights of a call",
    DataError,
    /return\.weights.*"yes"/,
    () => heads()["forward"]!(x, { return: { weights: "yes" } }),
  ],
  ["a stream", DataError, /stream.*1\.5/, () => heads()["forward"]!(x, { dropoutStream: 1.5 })],
  [
    "a mask's shape",
    ShapeError,
    /mask.*\(2, 2, 3, 3\)/,
    () => heads()["forward"]!(x, { mask: indices([1, 1]) }),
  ],
  [
    "lengths",
    ShapeError,
    /from 0 to 3.*4/,
    () => heads()["forward"]!(x, { lengths: indices([3, 4]) }),
  ],
  [
    "lengths as an array",
    ShapeError,
    /lengths.*indices/,
    () => heads()["forward"]!(x, { lengths: [3, 3] }),
  ],
  ["a cache", DataError, /KeyValueCache/, () => heads()["forward"]!(x, { cache: {} })],
  [
    "a cache of other heads",
    ShapeError,
    /for the cache/,
    () => heads()["forward"]!(x, { cache: heads({ headSize: 3 })["newCache"]!(2) }),
  ],
  [
    "projected nothing",
    DataError,
    /projected.*null/,
    () => heads()["forward"]!(x, { projected: null }),
  ],
  [
    "projected arrays",
    ShapeError,
    /keys.*tensor/,
    () => heads()["forward"]!(x, { projected: { keys: [1] } }),
  ],
  [
    "projected and keys",
    DataError,
    /either projected or keys/,
    () => heads()["forward"]!(x, x, { projected: { keys: x, values: x } }),
  ],
  [
    "projected and a cache",
    DataError,
    /either projected or a cache/,
    () =>
      heads()["forward"]!(x, { projected: { keys: x, values: x }, cache: heads()["newCache"]!(2) }),
  ],
  [
    "another dtype",
    DtypeError,
    /query is float64/,
    () => heads()["forward"]!(zeros([2, 3, 4], { dtype: "float64" })),
  ],
  [
    "another device",
    DeviceError,
    /query is on reference/,
    () => heads()["forward"]!(zeros([2, 3, 4], elsewhere)),
  ],
  ["backward too early", StateError, /before/, () => heads()["backward"]!(x)],
  ["dOut", ShapeError, /dOut of shape \(2, 3, 4\)/, () => started(heads(), x)["backward"]!(step)],
  ["dOut as array", ShapeError, /tensor/, () => started(heads(), x)["backward"]!([1])],
  [
    "dWeights",
    ShapeError,
    /dWeights of shape \(2, 2, 3, 3\)/,
    () => started(heads(), x)["backward"]!(x, { dWeights: x }),
  ],
  [
    "a gradient's name",
    DataError,
    /"dweights"/,
    () => started(heads(), x)["backward"]!(x, { dweights: x }),
  ],
  ["newCache", ShapeError, /batch.*-1/, () => heads()["newCache"]!(-1)],

  ["a block: nothing", DataError, /an object/, () => make("TransformerEncoderBlock")],
  ["a block: null", DataError, /null/, () => make("TransformerDecoderBlock", null)],
  ["a block: a norm", DataError, /norm.*"first"/, () => encoder({ norm: "first" })],
  [
    "a block: an activation",
    DataError,
    /activation.*"swish"/,
    () => encoder({ activation: "swish" }),
  ],
  ["a block: hidden", ShapeError, /hidden.*-1/, () => encoder({ hidden: -1 })],
  ["a block: epsilon", DataError, /epsilon.*got 0/, () => encoder({ epsilon: 0 })],
  ["a block: memorySize", DataError, /"memorySize"/, () => encoder({ memorySize: 3 })],
  ["a block: size", ShapeError, /size.*undefined/, () => encoder({ size: undefined })],
  ["a block: heads", ShapeError, /heads = 3/, () => decoder({ heads: 3 })],
  ["a block: x", ShapeError, /x to have 4 numbers/, () => encoder()["forward"]!(zeros([2, 3, 5]))],
  ["a block: an array", ShapeError, /x to be a tensor/, () => encoder()["forward"]!([1])],
  [
    "a block: dtypes",
    DtypeError,
    /x is float64/,
    () => encoder()["forward"]!(zeros([2, 3, 4], { dtype: "float64" })),
  ],
  [
    "a block: a call",
    DataError,
    /"memoryLengths"/,
    () => encoder()["forward"]!(x, { memoryLengths: 1 }),
  ],
  ["a block: dy", ShapeError, /dy of shape/, () => started(encoder(), x)["backward"]!(step)],
  [
    "a block: dCrossWeights",
    DataError,
    /"dCrossWeights"/,
    () => started(encoder(), x)["backward"]!(x, { dCrossWeights: x }),
  ],
  ["a decoder: no memory", ShapeError, /memory to be a tensor/, () => decoder()["forward"]!(x)],
  [
    "a decoder: a cache in the call",
    DataError,
    /"cache"/,
    () => decoder()["forward"]!(x, x, { cache: 1 }),
  ],
  [
    "a decoder: a batch",
    ShapeError,
    /memory has N = 1/,
    () => decoder()["forward"]!(x, zeros([1, 2, 4])),
  ],
  [
    "a decoder: memory's size",
    ShapeError,
    /memory to have 3/,
    () => decoder({ memorySize: 3 })["forward"]!(x, x),
  ],
  [
    "a decoder: memoryLengths",
    ShapeError,
    /from 0 to 3/,
    () => decoder()["forward"]!(x, x, { memoryLengths: indices([9, 1]) }),
  ],
  [
    "a decoder: another batch's cache",
    ShapeError,
    /for the cache/,
    () => decoder()["forward"]!(step, decoder()["newCache"]!(zeros([1, 2, 4]))),
  ],
  [
    "a decoder: a full cache",
    ShapeError,
    /larger capacity/,
    () => decoder()["forward"]!(x, decoder()["newCache"]!(x, { capacity: 2 })),
  ],
  ["a decoder: newCache", DataError, /"length"/, () => decoder()["newCache"]!(x, { length: 2 })],
];

describe("plain JavaScript is refused where it goes wrong", () => {
  test.each(refusals)("%s", (_, kind, message, misuse) => {
    expect(misuse).toThrow(kind);
    expect(misuse).toThrow(message);
  });
});

describe("a tensor disposed too early is named, with the call", () => {
  test.each(["query", "keys", "mask", "lengths", "bias"] as const)("%s", (which) => {
    const given = {
      query: zeros([2, 3, 4]),
      keys: zeros([2, 2, 4]),
      mask: indices([1, 0]),
      lengths: indices([2, 1]),
      bias: zeros([2]),
    };
    const { query, keys, ...call } = given;
    const layer = new heed.MultiHeadAttention({ size: 4, heads: 2 });
    const out = layer.forward(query, keys, call);
    given[which].dispose();
    expect(() => layer.backward(out)).toThrow(StateError);
    expect(() => layer.backward(out)).toThrow(
      new RegExp(`^MultiHeadAttention\\.backward: .*use of ${which} \\(.*dispose it later`),
    );
    expect(layer.grads.every(({ data }) => data.every((d) => d === 0))).toBe(true);
    expect(() => layer.forward(query, keys, call)).toThrow(StateError);
  });

  test.each(["x", "memory", "bias", "memoryLengths"] as const)("%s of a block", (which) => {
    const given = {
      x: zeros([2, 3, 4]),
      memory: zeros([2, 2, 4]),
      bias: zeros([3]),
      memoryLengths: indices([2, 1]),
    };
    const { x, memory, ...call } = given;
    const block = new heed.TransformerDecoderBlock({ size: 4, heads: 2 });
    const y = block.forward(x, memory, call);
    given[which].dispose();
    expect(() => block.backward(y)).toThrow(StateError);
    expect(() => block.backward(y)).toThrow(
      new RegExp(`^TransformerDecoderBlock\\.backward: .*use of ${which} \\(`),
    );
    expect(block.grads.every(({ data }) => data.every((d) => d === 0))).toBe(true);
  });
});

describe("what would reach behind a kernel's arrays is refused", () => {
  test.each([
    ["self", [zeros([2, 3, 4])]],
    ["cross", [zeros([2, 3, 4]), zeros([2, 3, 4])]],
  ] as const)("lengths that were written to after the forward pass: %s", (_, inputs) => {
    const lengths = indices([3, 2]);
    const layer = new heed.MultiHeadAttention({ size: 4, heads: 2 });
    const out = layer.forward(inputs[0], inputs[1], { lengths });
    lengths.data[0] = 1e6;
    expect(() => layer.backward(out)).toThrow(/MultiHeadAttention\.backward.*from 0 to 3/);
  });

  test("a step that a block refuses is not in its cache", () => {
    const block = new heed.TransformerDecoderBlock({ size: 4, heads: 2 });
    const cache = block.newCache(zeros([2, 3, 4]));
    block.forward(zeros([2, 1, 4]), cache);
    const memoryMask = indices([1, 1]);
    expect(() => block.forward(zeros([2, 1, 4]), cache, { memoryMask })).toThrow(ShapeError);
    expect(cache.length).toBe(1);
  });
});
