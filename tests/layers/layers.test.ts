import { describe, expect, test } from "vitest";
import {
  Adam,
  Attention,
  AttentionWeight,
  clipGradients,
  DeviceError,
  Dropout,
  DtypeError,
  Embedding,
  GRU,
  indices,
  Linear,
  LSTM,
  normal,
  openDevice,
  Parameters,
  Random,
  ShapeError,
  Softmax,
  SoftmaxCrossEntropy,
  StateError,
  type Tensor,
  TimeAttention,
  tensor,
  WeightSum,
  zeroGradients,
  zeros,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";

/** The steps `t` of a (N, T, H) tensor, as (N, H). */
function step(sequence: Tensor, t: number): Tensor {
  const [N = 0, T = 0, H = 0] = sequence.shape;
  const rows = Float64Array.from({ length: N * H }, (_, i) => {
    return sequence.data[(Math.floor(i / H) * T + t) * H + (i % H)]!;
  });
  return tensor(rows, [N, H], { device: sequence.device, dtype: sequence.dtype });
}

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(bound);
  }
};

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };
  const bound = dtype === "float64" ? 1e-13 : 2e-6;

  test("TimeAttention equals as many Attention layers in a row", () => {
    const random = new Random(3);
    const hsEnc = normal([3, 9, 17], random, where);
    const hsDec = normal([3, 4, 17], random, where);
    const dout = normal([3, 4, 17], random, where);
    const whole = new TimeAttention();
    const out = whole.forward(hsEnc, hsDec);
    const [dhsEnc, dhsDec] = whole.backward(dout);
    const sum = new Float64Array(hsEnc.size);
    for (let t = 0; t < 4; t++) {
      const one = new Attention();
      close(step(out, t).data, one.forward(hsEnc, step(hsDec, t)).data, bound);
      close(step(whole.attentionWeights, t).data, one.attentionWeight.data, bound);
      const [dhs, dh] = one.backward(step(dout, t));
      close(step(dhsDec, t).data, dh.data, 4 * bound);
      for (let i = 0; i < sum.length; i++) sum[i]! += dhs.data[i]!;
    }
    close(dhsEnc.data, sum, 10 * bound);
  });

  test("Attention equals AttentionWeight, then WeightSum", () => {
    const random = new Random(4);
    const hs = normal([2, 5, 8], random, where);
    const h = normal([2, 8], random, where);
    const dc = normal([2, 8], random, where);
    const fused = new Attention();
    const weight = new AttentionWeight();
    const sum = new WeightSum();
    const c = sum.forward(hs, weight.forward(hs, h));
    close(fused.forward(hs, h).data, c.data, bound);
    const [dhsFused, dhFused] = fused.backward(dc);
    const [dhs0, da] = sum.backward(dc);
    const [dhs1, dh] = weight.backward(da);
    close(dhFused.data, dh.data, 10 * bound);
    close(
      dhsFused.data,
      dhs0.data.map((value, i) => value + dhs1.data[i]!),
      10 * bound,
    );
  });

  test("what a layer returned is not overwritten by a later forward", () => {
    const random = new Random(5);
    const layer = new TimeAttention();
    const [hsEnc, hsDec] = [normal([2, 5, 8], random, where), normal([2, 3, 8], random, where)];
    const out = layer.forward(hsEnc, hsDec);
    const weights = layer.attentionWeights;
    const before = [...out.data, ...weights.data];
    layer.forward(normal([2, 5, 8], random, where), normal([2, 3, 8], random, where));
    expect([...out.data, ...weights.data]).toEqual(before);
  });

  test("masked padding may hold NaN and infinities without effect", () => {
    const random = new Random(6);
    const clean = normal([2, 5, 4], random, where);
    const dirty = tensor(clean.data.slice(), clean.shape, where);
    dirty.data.fill(Number.NaN, 12, 20); // sequence 0 from step 3 on
    dirty.data[13] = Number.POSITIVE_INFINITY;
    const lengths = indices([3, 5], [2], where);
    const hsDec = normal([2, 3, 4], random, where);
    const results = [clean, dirty].map((xs) => {
      const attention = new TimeAttention();
      const out = attention.forward(xs, hsDec, lengths);
      const lstm = new LSTM(4, 6, { ...where, seed: 1 });
      const hs = lstm.forward(xs, { lengths });
      const [dxs] = lstm.backward(hs);
      const gru = new GRU(4, 6, { ...where, seed: 1 });
      const states = gru.forward(xs, { lengths, reverse: true });
      const [dxsGru] = gru.backward(states);
      const gradients = attention.backward(out);
      const recurrent = [hs, dxs, lstm.state.c, ...lstm.grads, states, dxsGru, ...gru.grads];
      return [out, ...gradients, ...recurrent].map(({ data }) => [...data]);
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[1]!.flat().every(Number.isFinite)).toBe(true);
  });

  test("sizes of 0 give empty or zero results, never garbage", () => {
    const layer = new TimeAttention();
    const none = layer.forward(zeros([2, 0, 3], where), zeros([2, 4, 3], where));
    expect(none.toArray()).toEqual(zeros([2, 4, 3]).toArray());
    const [dhsEnc, dhsDec] = layer.backward(none);
    expect([dhsEnc.shape, dhsDec.shape]).toEqual([
      [2, 0, 3],
      [2, 4, 3],
    ]);
    expect(layer.forward(zeros([0, 5, 3], where), zeros([0, 4, 3], where)).shape).toEqual([
      0, 4, 3,
    ]);
    const flat = layer.forward(zeros([1, 2, 0], where), zeros([1, 1, 0], where));
    expect(flat.shape).toEqual([1, 1, 0]);
    expect(layer.attentionWeights.toArray()).toEqual([[[0.5, 0.5]]]);
    const lstm = new LSTM(3, 2, where);
    expect(lstm.forward(zeros([2, 0, 3], where)).shape).toEqual([2, 0, 2]);
    expect(lstm.state.h.toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(new Softmax().forward(zeros([3, 0], where)).shape).toEqual([3, 0]);
  });

  test("gradients add up until they are zeroed", () => {
    const layer = new Linear(3, 2, { ...where, seed: 1 });
    const x = normal([4, 3], new Random(1), where);
    layer.backward(layer.forward(x));
    const once = layer.grads.map(({ data }) => [...data]);
    layer.backward(layer.forward(x));
    for (const [i, { data }] of layer.grads.entries()) {
      close(
        data,
        once[i]!.map((value) => 2 * value),
        bound * 10,
      );
    }
    zeroGradients(layer.grads);
    expect(layer.grads.every(({ data }) => data.every((value) => value === 0))).toBe(true);
  });

  test("the loss ignores what it is told to, and is 0 where nothing counts", () => {
    const layer = new SoftmaxCrossEntropy({ ignoredIndex: 0 });
    const logits = normal([2, 3, 5], new Random(1), where);
    const loss = layer.forward(logits, indices([0, 2, 0, 4, 0, 0], [2, 3], where));
    expect(layer.count).toBe(2);
    expect(loss.shape).toEqual([]);
    const gradient = layer.backward();
    expect([...gradient.data.slice(0, 5)]).toEqual([0, 0, 0, 0, 0]);
    expect(layer.forward(logits, indices([0, 0, 0, 0, 0, 0], [2, 3], where)).toArray()).toBe(0);
    expect(layer.backward().data.every((value) => value === 0)).toBe(true);
  });

  test("dropout keeps the same numbers on every device, and its gradient the same ones", () => {
    const layer = new Dropout(0.5, 7);
    const ones = tensor(new Float32Array(12).fill(1), [12], where);
    const kept = [...layer.forward(ones, 3).data];
    expect(kept.every((value) => value === 0 || value === 2)).toBe(true);
    expect([...layer.backward(ones).data]).toEqual(kept);
    const reference = new Dropout(0.5, 7).forward(
      tensor(new Float64Array(12).fill(1), [12], { dtype: "float64" }),
      3,
    );
    expect(kept).toEqual([...reference.data]);
    expect([...layer.forward(ones, 4).data]).not.toEqual(kept);
  });

  test("Adam finds the minimum of a parabola", () => {
    const x = tensor([3, -2], [2], where);
    const adam = new Adam({ rate: 0.1 });
    for (let i = 0; i < 300; i++) adam.step([x], [tensor(x.data.slice(), [2], where)]);
    close(x.data, [0, 0], 1e-3);
  });

  test("clipping scales down to the limit and leaves small gradients alone", () => {
    const grads = [tensor([3], [1], where), tensor([4], [1], where)];
    expect(clipGradients(grads, 10).toArray()).toBe(5);
    expect(grads[0]!.toArray()).toEqual([3]);
    expect(clipGradients(grads, 1).toArray()).toBe(5);
    close(grads[1]!.data, [0.8], 1e-6);
  });

  test("an Embedding adds the gradients of a symbol that occurs twice", () => {
    const layer = new Embedding(3, 2, where);
    layer.forward(indices([1, 1, 2], [3], where));
    layer.backward(tensor([1, 2, 3, 4, 5, 6], [3, 2], where));
    expect(layer.grads[0]!.toArray()).toEqual([
      [0, 0],
      [4, 6],
      [5, 6],
    ]);
  });
});

describe("refusals", () => {
  const hsEnc = zeros([2, 5, 128]);

  test("a wrong hidden size is named with both sizes", () => {
    expect(() => new TimeAttention().forward(hsEnc, zeros([2, 3, 64]))).toThrow(
      new ShapeError({
        where: "TimeAttention.forward",
        received: "hsDec has H = 64, hsEnc has H = 128",
        expected: "both need the same hidden size",
        form: "statement",
      }),
    );
    expect(() => new TimeAttention().forward(hsEnc, zeros([2, 3, 64]))).toThrow(
      "TimeAttention.forward: hsDec has H = 64, hsEnc has H = 128; both need the same hidden size",
    );
  });

  test("a wrong number of axes, batch or number of weights is a ShapeError", () => {
    expect(() => new Attention().forward(zeros([5, 4]), zeros([2, 4]))).toThrow(ShapeError);
    expect(() => new Attention().forward(hsEnc, zeros([3, 128]))).toThrow(/N = 3.*N = 2/);
    expect(() => new WeightSum().forward(hsEnc, zeros([2, 4]))).toThrow(/T = 4.*T = 5/);
    expect(() => new Softmax().forward(tensor(1))).toThrow(ShapeError);
    expect(() => new LSTM(3, 4).forward(zeros([1, 2, 5]))).toThrow(ShapeError);
    expect(() => new Linear(3, 4).forward(zeros([2, 5]))).toThrow(ShapeError);
    expect(() => new Embedding(4, 2).forward(indices([4]))).toThrow(/from 0 to 3/);
    const lengths = indices([6, 1]);
    expect(() => new TimeAttention().forward(hsEnc, hsEnc, lengths)).toThrow(/from 0 to 5/);
    expect(() => new SoftmaxCrossEntropy().forward(zeros([2, 3]), indices([0, 3]))).toThrow(
      ShapeError,
    );
  });

  test("backward before forward is a StateError that says so", () => {
    const y = zeros([2, 3]);
    for (const layer of [new Softmax(), new WeightSum(), new AttentionWeight(), new Attention()]) {
      expect(() => layer.backward(y)).toThrow(StateError);
      expect(() => layer.backward(y)).toThrow(/forward to have been called before/);
    }
    expect(() => new TimeAttention().backward(y)).toThrow(StateError);
    expect(() => new TimeAttention().attentionWeights).toThrow(StateError);
    expect(() => new LSTM(2, 2).backward(y)).toThrow(StateError);
  });

  test("two dtypes or two devices in one call are named", async () => {
    const reference = await openDevice("reference");
    const float32 = zeros([2, 5, 8], { device: reference });
    const float64 = zeros([2, 3, 8], { dtype: "float64", device: reference });
    expect(() => new TimeAttention().forward(float32, float64)).toThrow(DtypeError);
    expect(() => new TimeAttention().forward(float32, float64)).toThrow(
      /hsEnc is float32, hsDec is float64/,
    );
    const wasm = zeros([2, 3, 8], { device: await openDevice("wasm") });
    expect(() => new TimeAttention().forward(float32, wasm)).toThrow(DeviceError);
    expect(() => new TimeAttention().forward(float32, wasm)).toThrow(
      /hsEnc is on reference, hsDec is on wasm/,
    );
    expect(() => zeros([1], { dtype: "float64", device: wasm.device })).toThrow(DtypeError);
  });

  test("a disposed input is a StateError, in forward and in backward", () => {
    const layer = new TimeAttention();
    const [enc, dec] = [zeros([1, 2, 3]), zeros([1, 1, 3])];
    const out = layer.forward(enc, dec);
    enc.dispose();
    expect(() => layer.backward(out)).toThrow(StateError);
    expect(() => layer.forward(enc, dec)).toThrow(StateError);
  });

  test("parameters begin with zeros where there is no seed", () => {
    const specs = [{ name: "a.W", shape: [2, 3], deviation: 1 }];
    const [unseeded, seeded] = [new Parameters(specs, { seed: null }), new Parameters(specs)];
    expect(unseeded.value("a.W").data).toEqual(new Float32Array(6));
    expect(seeded.value("a.W").data).not.toEqual(new Float32Array(6));
  });

  test("unknown parameter names are refused with those there are", () => {
    const parameters = new Parameters([{ name: "a.W", shape: [2], deviation: 1 }]);
    expect(() => parameters.value("b.W")).toThrow(/a\.W/);
  });
});
