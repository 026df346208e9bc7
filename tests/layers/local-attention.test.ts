import { describe, expect, test } from "vitest";
import {
  DataError,
  DtypeError,
  indices,
  LocalAttention,
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

/** By PyTorch's autograd in float64, of the dense formula, for inputs and upstream gradients sin(start + i). */
const KNOWN = {
  centres: [5.702636168, 3.697248802, 1.148929421, 3.09779399, 2.636911787, 0.626978778],
  weights: [
    0, 0, 0, 0, 0.088314194, 0.199516419, 0.352392455, 0, 0, 0.031867699, 0.312157746, 0.182249928,
    0.11839177, 0, 0.198954178, 0.135818557, 0.206688799, 0.032600534, 0, 0, 0, 0, 0, 0.308570936,
    0.434215648, 0, 0, 0, 0, 0.097315752, 0.086017776, 0.489715552, 0, 0, 0, 0.311008062,
    0.163730572, 0.173735391, 0, 0, 0, 0,
  ],
  context: [
    0.224673422, 0.048800471, 0.017078805, -0.118802451, 0.047063758, -0.001764939, -0.109274528,
    -0.395947552, -0.327854621, -0.355393224, -0.129106195, -0.085623826,
  ],
  dQuery: [
    -0.210505235, 0.017197628, -0.412094482, -0.037141333, 0.830468788, 0.10974526, -0.795994977,
    0.247661982, 0.561347863, -0.138627674, 0.400342849, -0.214742914,
  ],
  dKeys: [
    -0.049023685, 0.153371058, 0.214757158, -0.017032988, 0.053287863, 0.074616099, 0.098036379,
    -0.248001323, -0.366027752, -0.016011059, 0.018414604, 0.035909965, -0.102150091, 0.148852866,
    0.263001184, 0.08880469, -0.124832352, -0.223699104, -0.002623245, -0.001092716, 0.001442451,
    -0.007034038, 0.044061227, 0.054646803, 0.092413547, -0.215582193, -0.325372658, 0.052446406,
    -0.018596803, -0.072542197, -0.137825915, 0.190117769, 0.343268053, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ],
  dValues: [
    0.083593987, 0.197085472, 0.057066481, 0.134542862, 0.054976434, 0.187648101, -0.298457019,
    -0.135201064, -0.145852231, -0.145835161, -0.036166206, -0.172066961, 0.145227445, -0.191708935,
    0.046613021, 0.283933333, -0.069019639, 0.076394159, 0.144001628, 0.005174051, -0.188446148,
    -0.492782259, 0, 0, 0, 0, 0, 0,
  ],
  grads: [
    [1.157943721, 0.473159787, 0.646250474, 0.33588651],
    [0.856899239, 0.555939203],
    [-0.612155936, -0.677964514, -0.120455645, -0.751314894, -0.904575885, -0.226173979],
  ],
};

for (const { name, device, dtype } of openDevices()) {
  const where = { device, dtype };
  const digits = dtype === "float64" ? 8 : 4;
  const wave = (shape: readonly number[], start: number, by = 1): Tensor => {
    const length = shape.reduce((a, b) => a * b, 1);
    const numbers = Float64Array.from({ length }, (_, i) => by * Math.sin(start + i));
    return tensor(numbers, shape, where);
  };

  describe(name, () => {
    test("gives the numbers and gradients of PyTorch, with padding that holds NaN", () => {
      const layer = new LocalAttention(2, 3, 2, { score: "general", ...where });
      for (const [i, parameter] of layer.params.entries()) {
        parameter.storage.write(wave(parameter.shape, 4 + i, i === 1 ? 2 : 1).data);
      }
      const [query, keys, values] = [wave([2, 3, 2], 1), wave([2, 7, 3], 2), wave([2, 7, 2], 3)];
      keys.data.fill(Number.NaN, 33).fill(Number.POSITIVE_INFINITY, 40);
      values.data.fill(Number.NEGATIVE_INFINITY, 22).fill(Number.NaN, 25);
      const lengths = indices([7, 4], [2], where);
      const context = layer.forward(query, keys, values, { lengths });
      expectClose(layer.centres.data, KNOWN.centres, digits);
      expectClose(context.data, KNOWN.context, digits);
      expectClose(layer.attentionWeights.data, KNOWN.weights, digits);
      const dWeights = wave([2, 3, 7], 10);
      // Outside of its window, a query has no weight whose gradient would count: where windows can be seen, NaN neither.
      if (device.hostVisible) dWeights.data[0] = Number.NaN;
      const [dQuery, dKeys, dValues] = layer.backward(wave([2, 3, 2], 9), { dWeights });
      expectClose(dQuery.data, KNOWN.dQuery, digits);
      expectClose(dKeys.data, KNOWN.dKeys, digits);
      expectClose(dValues.data, KNOWN.dValues, digits);
      for (const [i, { data }] of layer.grads.entries()) expectClose(data, KNOWN.grads[i]!, digits);
    });

    test("monotonic windows lie around the query's own position, and end with the sequence", () => {
      const layer = new LocalAttention(1, 1, 1, { alignment: "monotonic", ...where });
      expect(layer.params).toEqual([]);
      const [query, keys] = [
        zeros([2, 5, 1], where),
        tensor(
          [
            [[1], [2], [3], [4]],
            [[1], [2], [9], [9]],
          ],
          undefined,
          where,
        ),
      ];
      const lengths = indices([4, 2], [2], where);
      expectClose(
        layer.forward(query, keys, keys, { lengths }).data,
        [1.5, 2, 3, 3.5, 4, 1.5, 1.5, 2, 0, 0],
        6,
      );
      expect([...layer.centres.data.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
      expect([...layer.attentionWeights.data.subarray(36)]).toEqual([0, 0, 0, 0]);
      const late = layer.forward(zeros([2, 1, 1], where), keys, keys, { lengths, offset: 3 });
      expectClose(late.data, [3.5, 0], 6);
    });

    test("a NaN reaches the queries whose windows it is in, and no others", () => {
      const layer = new LocalAttention(2, 2, 1, { alignment: "monotonic", ...where });
      const random = new Random(5);
      const [query, keys, values] = [1, 2, 3].map(() => normal([1, 6, 2], random, where)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      values.data[4] = Number.NaN;
      const hit = [...layer.forward(query, keys, values).data].map(Number.isNaN);
      const steps = (from: number, to: number) =>
        [0, 1, 2, 3, 4, 5].map((t) => t >= from && t <= to);
      expect(hit).toEqual(steps(1, 3).flatMap((nan) => [nan, false]));
      keys.data[0] = Number.NaN;
      const both = [...layer.forward(query, keys, values).data].map(Number.isNaN);
      expect(both.filter((_, i) => i % 2 === 1)).toEqual(steps(0, 1));
    });

    test("a NaN in a query or in a parameter is not hidden by a window", () => {
      const layer = new LocalAttention(2, 2, 1, { seed: 2, ...where });
      const random = new Random(5);
      const [query, keys] = [normal([1, 3, 2], random, where), normal([1, 9, 2], random, where)];
      query.data[2] = Number.NaN;
      const { data } = layer.forward(query, keys);
      expect([...data].map(Number.isNaN)).toEqual([false, false, true, true, false, false]);
      layer.params[0]!.data[0] = Number.NaN;
      expect([...layer.forward(query, keys).data].every(Number.isNaN)).toBe(true);
    });

    test("of no queries, no keys and no sequences is empty or 0", () => {
      for (const [N, Tq, Tk] of [
        [0, 2, 3],
        [2, 0, 3],
        [2, 3, 0],
      ] as const) {
        const layer = new LocalAttention(2, 2, 3, where);
        const context = layer.forward(zeros([N, Tq, 2], where), zeros([N, Tk, 2], where));
        expect(layer.attentionWeights.shape).toEqual([N, Tq, Tk]);
        const all = [context, ...layer.backward(context)];
        const keys = [N, Tk, 2];
        expect(all.map(({ shape }) => shape)).toEqual([[N, Tq, 2], [N, Tq, 2], keys, keys]);
        for (const { data } of all) expect(data.every((x) => x === 0)).toBe(true);
      }
    });

    test("a window wider than the sequence is all of it", () => {
      const layer = new LocalAttention(3, 3, 1_000_000_000, { alignment: "monotonic", ...where });
      const random = new Random(7);
      const [query, keys] = [normal([2, 4, 3], random, where), normal([2, 5, 3], random, where)];
      layer.forward(query, keys);
      const sums = Array.from({ length: 8 }, (_, row) =>
        [...layer.attentionWeights.data.subarray(row * 5, row * 5 + 5)].reduce((a, b) => a + b),
      );
      expectClose(sums, [1, 1, 1, 1, 1, 1, 1, 1], 6);
    });
  });
}

function subject(
  score: "dot" | "general",
  alignment: "predictive" | "monotonic",
  withLengths: boolean,
): Subject {
  const layer = new LocalAttention(3, 3, 2, { score, alignment, ...float64 });
  return {
    layer,
    shapes: { query: [3, 4, 3], keys: [3, 9, 3], values: [3, 9, 2] },
    forward: ({ query, keys, values }) => {
      const { device } = query!;
      const call = withLengths ? { lengths: indices([9, 3, 0], [3], { device }) } : {};
      return [layer.forward(query!, keys!, values!, call), layer.attentionWeights];
    },
    backward: ([dContext, dWeights]) => {
      const [query, keys, values] = layer.backward(dContext!, { dWeights });
      return { query, keys, values };
    },
  };
}

describe("every gradient is that of central differences", () => {
  const forms = (["dot", "general"] as const).flatMap((score) =>
    (["predictive", "monotonic"] as const).flatMap((alignment) =>
      [false, true].map((withLengths) => [score, alignment, withLengths] as const),
    ),
  );
  test.each(forms)("%s, %s, lengths: %s", (...form) => {
    expect(complaintsOf(subject(...form))).toEqual([]);
  });
});

describe("misuse is refused with what came", () => {
  const loose = (value: unknown) => value as never;
  const made = () => {
    const layer = new LocalAttention(2, 2, 1);
    return { layer, query: zeros([2, 3, 2]), keys: zeros([2, 5, 2]) };
  };

  test("in the constructor", () => {
    expect(() => new LocalAttention(2, 3, 1)).toThrow(/keys has D = 3/);
    expect(() => new LocalAttention(2, 3, 1, { score: "general" })).not.toThrow();
    expect(() => new LocalAttention(2, -3, 1)).toThrow(ShapeError);
    for (const window of [0, 1.5, Number.NaN, -1, "2", undefined]) {
      expect(() => new LocalAttention(2, 2, loose(window))).toThrow(DataError);
    }
    expect(() => new LocalAttention(2, 2, 1, loose({ score: "concat" }))).toThrow(/"concat"/);
    expect(() => new LocalAttention(2, 2, 1, loose({ alignment: "p" }))).toThrow(
      /"monotonic", got "p"/,
    );
    expect(() => new LocalAttention(2, 2, 1, loose({ sigma: 1 }))).toThrow(/"sigma"/);
    expect(() => new LocalAttention(2, 2, 1, loose(null))).toThrow(/null/);
  });

  test("in forward", () => {
    const { layer, query, keys } = made();
    expect(() => layer.forward(zeros([2, 3, 3]), keys)).toThrow(/query of shape \(2, 3, 2\)/);
    expect(() => layer.forward(query, zeros([2, 5, 1]))).toThrow(/keys of shape \(2, 5, 2\)/);
    expect(() => layer.forward(query, zeros([1, 5, 2]))).toThrow(/keys has N = 1, query has N = 2/);
    expect(() => layer.forward(query, keys, zeros([2, 4, 2]))).toThrow(
      /values of shape \(2, 5, 2\)/,
    );
    expect(() => layer.forward(query, zeros([2, 5, 2], float64))).toThrow(DtypeError);
    const call = (given: unknown) => () => layer.forward(query, keys, keys, loose(given));
    expect(call({ lengths: indices([5, 6]) })).toThrow(/from 0 to 5, got 6/);
    expect(call({ length: 1 })).toThrow(/"length"/);
    expect(call({ offset: 1 })).toThrow(/monotonic/);
    const monotonic = new LocalAttention(2, 2, 1, { alignment: "monotonic" });
    expect(() => monotonic.forward(query, keys, keys, { offset: -1 })).toThrow(/offset.*-1/);
    expect(() => layer.forward(loose(3), keys)).toThrow(/query to be a tensor/);
  });

  test("in backward", () => {
    const { layer, query, keys } = made();
    expect(() => layer.backward(query)).toThrow(StateError);
    expect(() => layer.centres).toThrow(/LocalAttention\.centres/);
    expect(() => layer.attentionWeights).toThrow(StateError);
    layer.forward(query, keys);
    expect(() => layer.backward(keys)).toThrow(/dContext of shape \(2, 3, 2\)/);
    expect(() => layer.backward(query, { dWeights: query })).toThrow(
      /dWeights of shape \(2, 3, 5\)/,
    );
    expect(() => layer.backward(query, loose({ dCentres: query }))).toThrow(/"dCentres"/);
    keys.dispose();
    expect(() => layer.backward(query)).toThrow(/use of keys .* dispose it later/);
    layer.release();
    expect(() => layer.backward(query)).toThrow(/forward to have been called/);
  });
});
