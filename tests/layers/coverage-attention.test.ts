import { describe, expect, test } from "vitest";
import {
  CoverageAttention,
  DataError,
  DtypeError,
  indices,
  normal,
  Random,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";
import { complaintsOf, float64, type Subject } from "../support/layer-gradients.ts";
import { expectClose } from "../support/near.ts";

/** By PyTorch's autograd in float64, for inputs and upstream gradients sin(start + i). */
const KNOWN = {
  context: [
    -0.266910874, -0.395546639, -0.30430747, -0.399445034, -0.238620229, -0.375272533, 0.374290278,
    0.823343748, 0.400086225, 0.924319215, 0.361082009, 0.715446966,
  ],
  loss: [0, 0.972853296, 0.978349813, 0, 0.926066499, 0.96752614],
  dQuery: [
    -0.039514775, 0.036375608, 0.110008361, -0.12566948, -0.03012507, 0.030873001, 0.082238808,
    -0.064098195, 0.027429272, 0.009754833, 0.170235026, -0.173314956,
  ],
  dKeys: [
    0.083096243, 0.002768496, -0.085400445, -0.30539498, -0.008923889, 0.312822276, -0.119930789,
    -0.002623554, 0.122114356, 0.402557722, -0.007926845, -0.395960259, 0.238881618, 0.025992226,
    -0.260514783, 0.038645018, 0.007617404, -0.044984935, -0.023409785, 0.014738107, 0.011143352, 0,
    0, 0,
  ],
  dValues: [
    0.01000983, 0.014687748, -0.118535065, -0.078729427, 0.013703036, 0.021372569, -0.072882485,
    -0.047317563, 0.020597019, 0.03140935, -0.224711503, -0.239717163, 0.042882042, 0.0823625, 0, 0,
  ],
  grads: [
    [-0.082250182, 0.038514789, 0.015864731, 0.051754033, 0.099393683, 0.017410858],
    [0.077935406, 0.068012679, 0.122901462, 0.063763974],
    [-0.077569168, -0.031917598],
    [-0.309650678, -0.083531769],
    [0.06936659, 0.056267971],
  ],
};

for (const { name, device, dtype } of openDevices()) {
  const where = { device, dtype };
  const digits = dtype === "float64" ? 8 : 4;
  const wave = (shape: number[], start: number, by = 1): Tensor => {
    const length = shape.reduce((a, b) => a * b, 1);
    return tensor(
      Float64Array.from({ length }, (_, i) => by * Math.sin(start + i)),
      shape,
      where,
    );
  };

  describe(name, () => {
    test("gives the numbers and gradients of PyTorch, with padding that holds NaN", () => {
      const layer = new CoverageAttention(2, 3, 2, where);
      for (const [i, parameter] of layer.params.entries()) {
        parameter.storage.write(wave([...parameter.shape], 4 + i, i === 4 ? 2 : 1).data);
      }
      const [query, keys, values] = [wave([2, 3, 2], 1), wave([2, 4, 3], 2), wave([2, 4, 2], 3)];
      keys.data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NaN], 21);
      values.data.set([Number.NEGATIVE_INFINITY, Number.NaN], 14);
      const lengths = indices([4, 3], [2], where);
      const context = layer.forward(query, keys, values, { lengths });
      expectClose(context.data, KNOWN.context, digits);
      expectClose(layer.coverageLoss.data, KNOWN.loss, digits);
      expect(layer.attentionWeights.data[15]).toBe(0);
      const [dQuery, dKeys, dValues] = layer.backward(wave([2, 3, 2], 9), {
        dWeights: wave([2, 3, 4], 10),
        dCoverageLoss: wave([2, 3], 11),
      });
      expectClose(dQuery.data, KNOWN.dQuery, digits);
      expectClose(dKeys.data, KNOWN.dKeys, digits);
      expectClose(dValues.data, KNOWN.dValues, digits);
      for (const [i, { data }] of layer.grads.entries()) expectClose(data, KNOWN.grads[i]!, digits);
    });

    test("decoding one query at a time gives what forward gives", () => {
      const random = new Random(2);
      const layer = new CoverageAttention(3, 5, 7, { ...where, seed: 3 });
      layer.params[2]?.storage.write(normal([7], random).data);
      const [query, keys] = [normal([3, 6, 3], random, where), normal([3, 9, 5], random, where)];
      const lengths = indices([9, 4, 0], [3], where);
      const context = layer.forward(query, keys, keys, { lengths });
      const decoding = layer.decode(keys, keys, { lengths });
      for (let t = 0; t < 6; t++) {
        const rows = (x: Tensor, size: number, steps = 6): number[] =>
          [0, 1, 2].flatMap((n) => [
            ...x.data.subarray((n * steps + t) * size, (n * steps + t + 1) * size),
          ]);
        const step = decoding.step(tensor(rows(query, 3), [3, 3], where));
        expectClose(step.data, rows(context, 5), 6);
        expectClose(decoding.attentionWeight.data, rows(layer.attentionWeights, 9), 6);
      }
      expectClose(decoding.coverage.data, layer.coverage.data, 5);
      const covered = [...decoding.coverage.data];
      const sums = [0, 9, 18].map((i) => covered.slice(i, i + 9).reduce((a, b) => a + b));
      expectClose(sums, [6, 6, 0], 5);
    });

    test("of no queries, no keys, no sequences and no size is empty or 0", () => {
      for (const [N, Tq, Tk, size] of [
        [0, 2, 3, 4],
        [2, 0, 3, 4],
        [2, 3, 0, 4],
        [2, 3, 2, 0],
      ] as const) {
        const layer = new CoverageAttention(3, 5, size, where);
        const context = layer.forward(zeros([N, Tq, 3], where), zeros([N, Tk, 5], where));
        expect(context.shape).toEqual([N, Tq, 5]);
        expect(context.data.every((x) => x === 0)).toBe(true);
        const gradients = layer.backward(context, { dCoverageLoss: 1 });
        expect(gradients.map(({ shape }) => shape)).toEqual([
          [N, Tq, 3],
          [N, Tk, 5],
          [N, Tk, 5],
        ]);
        for (const { data } of gradients) expect(data.every((x) => x === 0)).toBe(true);
      }
    });

    test("keeps NaN in its sequence, from the query on that meets it", () => {
      const layer = new CoverageAttention(2, 2, 3, where);
      const random = new Random(8);
      const [query, keys] = [normal([2, 3, 2], random, where), normal([2, 4, 2], random, where)];
      query.data[2] = Number.NaN;
      const { data } = layer.forward(query, keys);
      expect([...data].map(Number.isNaN)).toEqual(
        [false, true, true, false, false, false].flatMap((nan) => [nan, nan]),
      );
    });
  });
}

function subject(withLengths: boolean, more: "nothing" | "everything"): Subject {
  const layer = new CoverageAttention(3, 2, 4, float64);
  return {
    layer,
    shapes: { query: [3, 4, 3], keys: [3, 5, 2], values: [3, 5, 2] },
    forward: ({ query, keys, values }) => {
      const { device } = query!;
      const call = withLengths ? { lengths: indices([5, 2, 0], [3], { device }) } : {};
      const context = layer.forward(query!, keys!, values!, call);
      return more === "nothing" ? [context] : [context, layer.attentionWeights, layer.coverageLoss];
    },
    backward: ([dContext, dWeights, dCoverageLoss]) => {
      const [query, keys, values] = layer.backward(dContext!, { dWeights, dCoverageLoss });
      return { query, keys, values };
    },
  };
}

describe("every gradient is that of central differences", () => {
  test.each([
    [false, "nothing"],
    [false, "everything"],
    [true, "nothing"],
    [true, "everything"],
  ] as const)("lengths: %s, besides context: %s", (withLengths, more) => {
    expect(complaintsOf(subject(withLengths, more))).toEqual([]);
  });

  test("and that of the loss as one number", () => {
    const layer = new CoverageAttention(3, 2, 4, { seed: 1, ...float64 });
    const random = new Random(2);
    const inputs = [
      normal([2, 3, 3], random, float64),
      normal([2, 4, 2], random, float64),
    ] as const;
    const none = zeros([2, 3, 2], float64);
    layer.forward(...inputs);
    const all = tensor([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [2, 3], float64);
    const once = layer.backward(none, { dCoverageLoss: 0.5 });
    const again = layer.backward(none, { dCoverageLoss: all });
    expect(again.map((x) => x.toArray())).toEqual(once.map((x) => x.toArray()));
    expect(once[0].data.some((x) => x !== 0)).toBe(true);
  });
});

describe("misuse is refused with what came", () => {
  const made = () => {
    const layer = new CoverageAttention(3, 2, 4);
    const [query, keys] = [zeros([2, 3, 3]), zeros([2, 5, 2])];
    return { layer, query, keys };
  };
  const loose = (value: unknown) => value as never;

  test("in the constructor", () => {
    expect(() => new CoverageAttention(-1, 2, 3)).toThrow(/querySize.*-1/);
    expect(() => new CoverageAttention(1, 2, loose("3"))).toThrow(ShapeError);
    expect(() => new CoverageAttention(1, 2, 3, loose({ sed: 1 }))).toThrow(/"sed"/);
  });

  test("in forward", () => {
    const { layer, query, keys } = made();
    expect(() => layer.forward(keys, keys)).toThrow(/query has Dq = 2, Wq has Dq = 3/);
    expect(() => layer.forward(query, query)).toThrow(/keys has Dk = 3, Wk has Dk = 2/);
    expect(() => layer.forward(query, zeros([1, 5, 2]))).toThrow(/query has N = 2, keys has N = 1/);
    expect(() => layer.forward(query, keys, zeros([2, 4, 2]))).toThrow(
      /values of shape \(2, 5, 2\)/,
    );
    expect(() => layer.forward(query, keys, keys, loose({ length: 1 }))).toThrow(/"length"/);
    const lengths = indices([5, 6]);
    expect(() => layer.forward(query, keys, keys, { lengths })).toThrow(/from 0 to 5, got 6/);
    expect(() => layer.forward(query, zeros([2, 5, 2], float64))).toThrow(DtypeError);
    expect(() => layer.forward(loose([1]), keys)).toThrow(/query to be a tensor/);
  });

  test("in backward", () => {
    const { layer, query, keys } = made();
    const dContext = zeros([2, 3, 2]);
    expect(() => layer.backward(dContext)).toThrow(StateError);
    expect(() => layer.coverageLoss).toThrow(/CoverageAttention\.coverageLoss: .*forward/);
    layer.forward(query, keys);
    expect(() => layer.backward(keys)).toThrow(
      /dContext of shape \(2, 3, 2\), got shape \(2, 5, 2\)/,
    );
    const refused = (more: unknown) => () => layer.backward(dContext, loose(more));
    expect(refused({ dWeights: dContext })).toThrow(/dWeights of shape \(2, 3, 5\)/);
    expect(refused({ dCoverageLoss: Number.NaN })).toThrow(DataError);
    expect(refused({ dCoverageLoss: dContext })).toThrow(/dCoverageLoss of shape \(2, 3\)/);
    expect(refused({ dCoverage: 1 })).toThrow(/"dCoverage"/);
    layer.forward(query, keys);
    keys.dispose();
    expect(() => layer.backward(dContext)).toThrow(/use of keys .* dispose it later/);
    layer.release();
    expect(() => layer.backward(dContext)).toThrow(/forward to have been called/);
  });

  test("in decoding", () => {
    const { layer, keys } = made();
    expect(() => layer.decode(zeros([2, 3, 3]))).toThrow(/CoverageAttention\.decode: .*Dk = 3/);
    const decoding = layer.decode(keys);
    expect(() => decoding.attentionWeight).toThrow(StateError);
    expect(() => decoding.step(zeros([2, 2]))).toThrow(/query has Dq = 2/);
    expect(() => decoding.step(zeros([1, 3]))).toThrow(/query has N = 1, keys has N = 2/);
    decoding.dispose();
    expect(() => decoding.step(zeros([2, 3]))).toThrow(/use after dispose/);
    const other = layer.decode(keys);
    keys.dispose();
    expect(() => other.step(zeros([2, 3]))).toThrow(/values to be held/);
  });
});
