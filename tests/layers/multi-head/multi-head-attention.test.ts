import { describe, expect, test } from "vitest";
import { openWasmDevice } from "../../../src/devices/wasm/wasm-device.ts";
import * as heed from "../../../src/index.ts";
import {
  indices,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type MultiHeadCall,
  normal,
  Random,
  RotaryPositions,
  StateError,
  type Tensor,
  tensor,
  zeroGradients,
  zeros,
} from "../../../src/index.ts";
import { openDevices } from "../../support/devices.ts";
import { expectNear } from "../../support/near.ts";
import { stepsOf } from "../../support/steps.ts";

const float64 = { dtype: "float64" } as const;
const some = (shape: readonly number[], seed: number, options = {}): Tensor =>
  normal(shape, new Random(seed), options);

/** A bias of all keys changes no weights: its gradient is what rounding leaves of 0. */
const KEY_BIAS = 3;

describe("one step after the other with a cache is the whole causal pass", () => {
  const kinds: Readonly<Record<string, MultiHeadAttentionOptions>> = {
    plain: { size: 6, heads: 2 },
    "grouped, with ALiBi, a window and other head sizes": {
      size: 6,
      heads: 4,
      keyHeads: 2,
      headSize: 3,
      valueHeadSize: 2,
      window: 2,
      alibi: true,
    },
    "with rotary positions": {
      size: 8,
      heads: 2,
      rotary: new RotaryPositions({ size: 4, interleaved: true }),
    },
  };
  for (const [kind, options] of Object.entries(kinds)) {
    for (const { name, device, dtype } of openDevices(kind)) {
      test(`${kind} on ${name}`, () => {
        const layer = new MultiHeadAttention({ ...options, causal: true, device, dtype });
        const x = some([2, 7, options.size], 1, { device, dtype });
        const whole = layer.forward(x);
        const cache = layer.newCache(2);
        for (const [from, to] of [
          [0, 3],
          [3, 4],
          [4, 5],
          [5, 7],
        ] as const) {
          const out = layer.forward(stepsOf(x, from, to), { cache });
          expectNear(out.data, stepsOf(whole, from, to).data, dtype === "float64" ? 1e-13 : 1e-5);
        }
        expect(cache.length).toBe(7);
      });
    }
  }
});

describe("MultiHeadAttention", () => {
  test("of the query alone is that of query, keys and values, and its gradient their sum", () => {
    const layer = new MultiHeadAttention({ size: 4, heads: 2, ...float64 });
    const x = some([2, 3, 4], 1, float64);
    const dOut = some([2, 3, 4], 2, float64);
    const out = layer.forward(x);
    const [dx, ...none] = layer.backward(dOut);
    expect(none).toEqual([]);
    const grads = layer.grads.map(({ data }) => data.slice());
    zeroGradients(layer.grads);
    expectNear(layer.forward(x, x, x).data, out.data, 1e-15);
    const apart = layer.backward(dOut);
    expect(apart).toHaveLength(3);
    expectNear(
      dx.data,
      apart[0].data.map((d, i) => d + apart[1]!.data[i]! + apart[2]!.data[i]!),
      1e-14,
    );
    for (const [i, { data }] of layer.grads.entries()) {
      if (i !== KEY_BIAS) expectNear(data, grads[i]!, 1e-13);
    }
    layer.forward(x, x);
    expect(layer.backward(dOut)).toHaveLength(2);
  });

  test("adds up the gradients of parameters, and may be undone twice", () => {
    const layer = new MultiHeadAttention({ size: 4, heads: 2, ...float64 });
    const out = layer.forward(some([1, 3, 4], 1, float64));
    const [once] = layer.backward(out);
    const grads = layer.grads.map(({ data }) => data.map((d) => 2 * d));
    const [twice] = layer.backward(out);
    expect(twice.data).toEqual(once.data);
    for (const [i, { data }] of layer.grads.entries()) {
      if (i !== KEY_BIAS) expectNear(data, grads[i]!, 1e-14);
    }
  });

  test("meets keys that were projected before as it meets keys", () => {
    const layer = new MultiHeadAttention({ size: 4, heads: 2, keySize: 3, valueSize: 5 });
    const [query, keys, values] = [some([2, 3, 4], 1), some([2, 6, 3], 2), some([2, 6, 5], 3)];
    const lengths = indices([2, 6]);
    const out = layer.forward(query, keys, values, { lengths });
    const projected = layer.projectKeys(keys, values);
    expect(layer.forward(query, { projected, lengths }).data).toEqual(out.data);
    expect(() => layer.backward(out)).toThrow(/projected keys, which has no backward pass/);
  });

  test("keeps what a masked key holds out of everything", () => {
    const masked: MultiHeadCall[] = [
      { mask: indices([1, 1, 0, 1], [4]) },
      { mask: indices([1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1], [3, 4]) },
      { bias: tensor([0, 0, Number.NEGATIVE_INFINITY, 0]) },
    ];
    for (const call of masked) {
      const layer = new MultiHeadAttention({ size: 4, heads: 2, keySize: 3 });
      const [query, keys, dOut] = [some([1, 3, 4], 1), some([1, 4, 3], 2), some([1, 3, 4], 3)];
      const out = layer.forward(query, keys, call);
      const [, dKeys] = layer.backward(dOut);
      const grads = layer.grads.map(({ data }) => data.slice());
      zeroGradients(layer.grads);
      keys.data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NaN], 6);
      expectNear(layer.forward(query, keys, call).data, out.data, 1e-6);
      const again = layer.backward(dOut);
      expectNear(again[1]!.data, dKeys!.data, 2e-6);
      expect(again[1]!.data.slice(6, 9)).toEqual(new Float32Array(3));
      for (const [i, { data }] of layer.grads.entries()) {
        if (i !== KEY_BIAS) expectNear(data, grads[i]!, 2e-6);
        else expect(data.every(Number.isFinite)).toBe(true);
      }
    }
  });

  test("reads nothing behind a length of its own sequence, and gives it no gradient", () => {
    const layer = new MultiHeadAttention({ size: 4, heads: 2 });
    const x = some([2, 3, 4], 1);
    x.data.fill(Number.NaN, 8, 12);
    const out = layer.forward(x, { lengths: indices([2, 3]) });
    const [dx] = layer.backward(some([2, 3, 4], 2));
    expect([...out.data, ...dx.data].every(Number.isFinite)).toBe(true);
    expect(dx.data.slice(8, 12)).toEqual(new Float32Array(4));
    for (const { data } of layer.grads) expect(data.every(Number.isFinite)).toBe(true);
  });

  test("drops weights while training, by a stream that is counted or named", () => {
    const options = { size: 4, heads: 2 };
    const make = () => new MultiHeadAttention({ ...options, dropout: { rate: 0.5, seed: 7 } });
    const layer = make();
    const x = some([1, 6, 4], 1);
    const [first, second] = [layer.forward(x).data, layer.forward(x).data];
    expect(second).not.toEqual(first);
    expect(layer.forward(x, { dropoutStream: 0 }).data).toEqual(first);
    expect(make().forward(x, { dropoutStream: 1 }).data).toEqual(second);
    const plain = new MultiHeadAttention(options).forward(x).data;
    expect(first).not.toEqual(plain);
    expect(layer.forward(x, { training: false }).data).toEqual(plain);
    // What is projected or cached is in use, and has nothing to train.
    expect(layer.forward(x, { projected: layer.projectKeys(x) }).data).toEqual(plain);
    expectNear(layer.forward(x, { cache: layer.newCache(1) }).data, plain, 1e-6);
  });

  test.each<[string, MultiHeadCall]>([
    ["causal", { causal: true }],
    ["window", { window: { left: 1, right: 0 } }],
    ["alibi", { alibi: true }],
    ["softcap", { softcap: 0.3 }],
    ["normalizer", { normalizer: "sparsemax" }],
  ])("takes %s of a call before its own", (_, rule) => {
    const x = some([1, 5, 4], 1);
    const options = { size: 4, heads: 2 };
    const none = {
      causal: false,
      window: 9,
      alibi: false,
      softcap: 0,
      normalizer: "softmax",
    } as const;
    const free = new MultiHeadAttention({ ...options, ...none });
    const ruled = new MultiHeadAttention({ ...options, ...(rule as object) });
    const plain = new MultiHeadAttention(options).forward(x).data;
    const expected = ruled.forward(x).data;
    expect(expected).not.toEqual(plain);
    expect(free.forward(x, rule).data).toEqual(expected);
    expect(ruled.forward(x, none).data).toEqual(plain);
  });

  test("shows weights that were asked for, to keep", () => {
    const layer = new MultiHeadAttention({ size: 4, heads: 2 });
    const x = some([1, 3, 4], 1);
    expect(() => layer.attentionWeights).toThrow(StateError);
    layer.forward(x, { return: { weights: true }, causal: true });
    const weights = layer.attentionWeights;
    expect(weights.shape).toEqual([1, 2, 3, 3]);
    const numbers = weights.data.slice();
    layer.forward(x);
    expect(() => layer.attentionWeights).toThrow(/never came to be/);
    layer.release();
    expect(weights.data).toEqual(numbers);
    expect([...numbers.slice(0, 3)]).toEqual([1, 0, 0]);
  });

  test("shares parameters by name", () => {
    const options = { size: 4, heads: 2, bias: false } as const;
    const parameters = new heed.Parameters(MultiHeadAttention.specs("a.self", options));
    expect(parameters.names).toEqual(["a.self.Wq", "a.self.Wk", "a.self.Wv", "a.self.Wo"]);
    const layer = new MultiHeadAttention({ ...options, parameters, name: "a.self" });
    expect(layer.parameters).toBe(parameters);
    expect(layer.params[3]).toBe(parameters.value("a.self.Wo"));
  });

  test("of no sequences, no queries or no keys is of that shape, or zeros", () => {
    const layer = new MultiHeadAttention({ size: 4, heads: 2 });
    for (const [N, Tq, Tk] of [
      [0, 3, 2],
      [2, 0, 3],
      [2, 3, 0],
    ] as const) {
      const out = layer.forward(zeros([N, Tq, 4]), zeros([N, Tk, 4]));
      expect(out.shape).toEqual([N, Tq, 4]);
      const [dQuery, dKeys] = layer.backward(out);
      expect([dQuery.shape, dKeys?.shape]).toEqual([
        [N, Tq, 4],
        [N, Tk, 4],
      ]);
    }
  });
});

test("forward, backward and decoding give every temporary back", () => {
  const device = openWasmDevice({ simd: "simd128" });
  const options = { size: 8, heads: 4, keyHeads: 2, dropout: { rate: 0.1, seed: 1 }, device };
  const layer = new MultiHeadAttention({ ...options, rotary: new RotaryPositions({ size: 2 }) });
  const [x, keys] = [some([2, 5, 8], 1, { device }), some([2, 3, 8], 2, { device })];
  keys.data.fill(Number.NaN, 8, 16); // a key that is masked
  const lengths = indices([5, 4], [2], { device });
  const bias = zeros([5, 3], { device });
  const step = some([2, 1, 8], 3, { device });
  // The table of rotary positions stays.
  layer.forward(zeros([1, 32, 8], { device })).dispose();
  layer.release();
  const before = device.memoryUse().live;
  for (let i = 0; i < 20; i++) {
    const held = [
      layer.forward(x, {
        lengths,
        dropoutStream: i,
        return: { weights: true },
        normalizer: "entmax15",
      }),
      layer.attentionWeights,
      ...layer.backward(x),
      layer.forward(x, keys, { bias, mask: [true, false, true] }),
      ...layer.backward(x),
      layer.dBias,
    ];
    const cache = layer.newCache(2);
    for (let t = 0; t < 20; t++) held.push(layer.forward(step, { cache, causal: true }));
    // One that is refused half-way leaves nothing either.
    expect(() => layer.forward(x, keys, { lengths: indices([5, 4]) })).toThrow();
    layer.release();
    for (const each of [...held, cache]) each?.dispose();
    expect(device.memoryUse().live).toBe(before);
  }
});
