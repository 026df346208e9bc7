/** Numbers named PyTorch's were computed with PyTorch 2.15 in float64. */
import { describe, expect, test } from "vitest";
import {
  FeedForward,
  Gelu,
  indices,
  LayerNorm,
  LearnedPositions,
  normal,
  Parameters,
  Random,
  Relu,
  RotaryPositions,
  Sigmoid,
  SinusoidalPositions,
  Tanh,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";

/** Within `bound` of the larger of 1 and the number. */
function close(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    expect(difference / Math.max(1, Math.abs(expected[i]!))).toBeLessThanOrEqual(bound);
  }
}

/** The numbers of one step of one head of (N, heads, T, D). */
function vector(x: Tensor, n: number, head: number, t: number): number[] {
  const [, heads = 0, T = 0, D = 0] = x.shape;
  const start = ((n * heads + head) * T + t) * D;
  return [...x.data.slice(start, start + D)];
}

const dot = (a: number[], b: number[]): number =>
  a.reduce((total, value, i) => total + value * b[i]!, 0);

/** (N, heads, T, D) as (N, T, heads · D). */
function headsAside(x: Tensor): Tensor {
  const [N = 0, heads = 0, T = 0, D = 0] = x.shape;
  const numbers: number[] = [];
  for (let n = 0; n < N; n++) {
    for (let t = 0; t < T; t++) {
      for (let head = 0; head < heads; head++) numbers.push(...vector(x, n, head, t));
    }
  }
  return tensor(numbers, [N, T, heads * D], { device: x.device, dtype: x.dtype });
}

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };
  const bound = dtype === "float64" ? 1e-11 : 3e-6;

  test("LayerNorm has PyTorch's numbers", () => {
    const layer = new LayerNorm(5, where);
    const [gain, bias] = layer.params as [Tensor, Tensor];
    expect(gain.toArray()).toEqual([1, 1, 1, 1, 1]);
    gain.storage.write([1.5, -0.5, 2, 1, 0.25]);
    bias.storage.write([0.1, -0.2, 0.3, 0, 1]);
    const x = tensor([0.5, -1.25, 2, 3.5, -0.75, 4, 4.5, 3.25, 5, -2], [2, 5], where);
    const dy = tensor([1, -2, 0.5, 0.25, 3, -1, 0.75, 2, -0.5, 1], [2, 5], where);
    close(
      layer.forward(x).data,
      [
        -0.1562030088, 0.383573520044, 1.666416046932, 1.537218052799, 0.779380742422,
        0.719674982225, -0.504919435698, 0.536066659895, 0.806561087976, 0.513112513966,
      ],
      bound,
    );
    close(
      layer.backward(dy).data,
      [
        0.321810974726, -0.078318417593, 0.136106149984, -0.191933679647, -0.18766502747,
        -0.696540597798, -0.234311936983, 1.437998274308, -0.263888817616, -0.243256921912,
      ],
      bound,
    );
    const [dGain, dBias] = layer.grads as [Tensor, Tensor];
    close(
      dGain.data,
      [-0.583918660683, 2.791673233723, 0.577670671628, -0.018976030788, -4.594981035067],
      bound,
    );
    close(dBias.data, [0, -1.25, 2.5, -0.25, 4], bound);
  });

  test("Gelu has PyTorch's numbers", () => {
    const layer = new Gelu();
    const x = [-5, -3, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 3, 5];
    const y = [
      -1.4332578593401e-6, -0.0040496940948903, -0.15865525393146, -0.15426876936299,
      -0.00049960105778609, 0, 0.00050039894221391, 0.34573123063701, 0.84134474606854,
      2.9959503059051, 4.9999985667421,
    ];
    const slopes = [
      -7.1469460018035e-6, -0.011945647204184, -0.083315470587686, 0.13250487534384,
      0.49920211570516, 0.5, 0.50079788429484, 0.86749512465616, 1.0833154705877, 1.0119456472042,
      1.000007146946,
    ];
    const result = layer.forward(tensor(x, [11], where)).data;
    close(result, y, bound);
    // Small as it is, it has its digits.
    expect(Math.abs(result[0]! / y[0]! - 1)).toBeLessThan(1e-6);
    close(
      layer.backward(
        tensor(
          x.map(() => 1),
          [11],
          where,
        ),
      ).data,
      slopes,
      bound,
    );
  });

  test("FeedForward has PyTorch's numbers", () => {
    const expected = {
      relu: {
        y: [0.771428571429, 0.042857142857, -0.685714285714, 0.65119047619, -0.053571428571],
        dx: [-1.047619047619, -0.666666666667, -0.285714285714, -0.690476190476, -0.952380952381],
        db1: [1.428571428571, 0, 0.142857142857, -0.857142857143],
      },
      gelu: {
        y: [0.57493485748, 0.075457430463, -0.424019996553, 0.38675410687, -0.056936348895],
        dx: [-0.988958243853, -0.668972497398, -0.348986750943, -0.337736824659, -0.517496076681],
        db1: [1.067468414936, 0.327270943594, -0.081745039506, -0.471635352424],
      },
    };
    for (const activation of ["relu", "gelu"] as const) {
      const layer = new FeedForward(3, 4, { ...where, activation });
      const [W1, b1, W2, b2] = layer.params as [Tensor, Tensor, Tensor, Tensor];
      // PyTorch's W lies as (output, input).
      W1.storage.write(
        Array.from({ length: 12 }, (_, k) => ((k % 4) * 3 + Math.floor(k / 4) - 5) / 6),
      );
      W2.storage.write(
        Array.from({ length: 12 }, (_, k) => (5 - ((k % 3) * 4 + Math.floor(k / 3))) / 7),
      );
      b1.storage.write([0.1, -0.2, 0.3, -0.4]);
      b2.storage.write([0.5, 0, -0.5]);
      const y = layer.forward(tensor([1, -2, 0.5, 0.25, 1.5, -1], [2, 3], where));
      const dx = layer.backward(tensor([1, 2, -1, 0.5, -1, 1.5], [2, 3], where));
      close(y.data.slice(0, 5), expected[activation].y, bound);
      close(dx.data.slice(0, 5), expected[activation].dx, bound);
      close(layer.grads[1]!.data, expected[activation].db1, bound);
      close(layer.grads[3]!.data, [1.5, 1, 0.5], bound);
    }
  });

  test("NaN reaches what depends on it and nothing else", () => {
    const x = normal([3, 5], new Random(1), where);
    x.data[7] = Number.NaN;
    for (const layer of [new Tanh(), new Sigmoid(), new Relu(), new Gelu()]) {
      const y = layer.forward(x);
      const dx = layer.backward(normal([3, 5], new Random(2), where));
      for (const { data } of [y, dx]) {
        expect([...data].flatMap((value, i) => (Number.isNaN(value) ? [i] : []))).toEqual([7]);
      }
    }
    const rows = new LayerNorm(5, where).forward(x).data;
    expect([...rows].map(Number.isNaN)).toEqual(Array.from(rows, (_, i) => i > 4 && i < 10));
  });

  test("sinusoidal positions are those of the formula, far out too, and start at the offset", () => {
    const D = 6;
    const layer = new SinusoidalPositions(D);
    const wave = (p: number, d: number): number => {
      const angle = p / 10000 ** ((2 * Math.floor(d / 2)) / D);
      return d % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    };
    for (const offset of [0, 3, 100_000, 100_070, 60, 2 ** 31 - 6]) {
      const x = normal([2, 5, D], new Random(1), where);
      const y = layer.forward(x, { offset }).data;
      const expected = x.data.map(
        (value, i) => value + wave(offset + (Math.floor(i / D) % 5), i % D),
      );
      close(y, expected, bound);
    }
  });

  test("positions are added one step at a time as all at once", () => {
    const x = normal([1, 70, 4], new Random(1), where);
    const learned = new LearnedPositions(70, 4, where);
    for (const layer of [new SinusoidalPositions(4), learned, new RotaryPositions({ size: 4 })]) {
      const whole = layer.forward(x).data;
      for (let t = 0; t < 70; t++) {
        const step = layer.forward(x.view(4 * t, [1, 1, 4]), { offset: t }).data;
        expect([...step]).toEqual([...whole.slice(4 * t, 4 * t + 4)]);
      }
    }
  });

  test("learned positions are rows of their table", () => {
    const layer = new LearnedPositions(5, 2, where);
    layer.params[0]!.storage.write([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const y = layer.forward(zeros([2, 2, 2], where), { offset: 3 });
    expect([...y.data]).toEqual([6, 7, 8, 9, 6, 7, 8, 9]);
    layer.backward(y);
    layer.backward(y);
    expect([...layer.grads[0]!.data]).toEqual([0, 0, 0, 0, 0, 0, 24, 28, 32, 36]);
  });

  test("a rotary dot product depends on the distance alone, and lengths stay", () => {
    const D = 8;
    for (const interleaved of [false, true]) {
      const layer = new RotaryPositions({ size: D, interleaved });
      const random = new Random(3);
      const [q, k] = [normal([1, 1, 1, D], random, where), normal([1, 1, 1, D], random, where)];
      const score = (queryAt: number, keyAt: number): number => {
        const [query, key] = [
          layer.turn(q, { offset: queryAt }),
          layer.turn(k, { offset: keyAt }),
        ].map((x) => vector(x, 0, 0, 0)) as [number[], number[]];
        return dot(query, key);
      };
      close([score(19, 12), score(507, 500)], [score(7, 0), score(7, 0)], 20 * bound);
      expect(Math.abs(score(7, 0) - score(8, 0))).toBeGreaterThan(0.01);
      const turned = vector(layer.turn(q, { offset: 77 }), 0, 0, 0);
      close([dot(turned, turned)], [dot([...q.data], [...q.data])], 20 * bound);
    }
  });

  test("rotary positions are the same in every layout, by offset or one by one, and turn back", () => {
    const layer = new RotaryPositions({ size: 6, rotated: 4 });
    const x = normal([2, 3, 5, 6], new Random(4), where);
    const y = layer.forward(x, { offset: 9 });
    const aside = layer.turn(headsAside(x), { offset: 9 });
    expect([...aside.data]).toEqual([...headsAside(y).data]);
    const four = headsAside(x).reshape([2, 5, 3, 6]);
    expect([...layer.turn(four, { offset: 9, layout: "NTHD" }).data]).toEqual([...aside.data]);
    const positions = indices([9, 10, 11, 12, 13], [5], { device: x.device });
    expect([...layer.turn(x, { positions }).data]).toEqual([...y.data]);
    close(layer.backward(y).data, x.data, bound);
    close(layer.turnBack(y, { positions }).data, x.data, bound);
    // The angles of the paper: pair i turns by p / base^(2i/rotated).
    const [a, b] = [x.data[1]!, x.data[3]!];
    const angle = 9 / 10000 ** (2 / 4);
    close([y.data[1]!], [a * Math.cos(angle) - b * Math.sin(angle)], bound);
  });

  test("rotary positions far out are those of the formula", () => {
    const layer = new RotaryPositions({ size: 2 });
    const x = tensor([1, 0, 1, 0], [1, 2, 2], where);
    for (const offset of [10, 1e6, 1e6 + 1, 2 ** 31 - 3, 0]) {
      const angles = [offset, offset + 1].flatMap((p) => [Math.cos(p), Math.sin(p)]);
      close(layer.forward(x, { offset }).data, angles, bound);
      close(layer.backward(layer.forward(x, { offset })).data, x.data, bound);
    }
  });

  test("sizes of 0 give empty results", () => {
    const long = zeros([0, 2 ** 30, 4], where);
    expect(new SinusoidalPositions(4).forward(long).shape).toEqual(long.shape);
    expect(new RotaryPositions({ size: 4 }).forward(long).shape).toEqual(long.shape);
    expect(new Gelu().forward(zeros([0, 3], where)).shape).toEqual([0, 3]);
    const norm = new LayerNorm(0, where);
    expect(norm.backward(norm.forward(zeros([2, 0], where))).shape).toEqual([2, 0]);
    const ffn = new FeedForward(3, 0, where);
    expect(ffn.backward(ffn.forward(zeros([2, 3], where))).toArray()).toEqual(
      zeros([2, 3]).toArray(),
    );
    expect(new SinusoidalPositions(4).forward(zeros([2, 0, 4], where)).shape).toEqual([2, 0, 4]);
    expect(new LearnedPositions(0, 4, where).forward(zeros([2, 0, 4], where)).shape).toEqual([
      2, 0, 4,
    ]);
    const rotary = new RotaryPositions({ size: 4 });
    expect(rotary.forward(zeros([2, 0, 8], where)).shape).toEqual([2, 0, 8]);
    expect(rotary.forward(zeros([2, 3, 0], where)).shape).toEqual([2, 3, 0]);
    expect(new RotaryPositions({ size: 0 }).forward(zeros([1, 2, 0], where)).shape).toEqual([
      1, 2, 0,
    ]);
  });
});

test("FeedForward drops while training only, by the numbered stream", () => {
  const layer = new FeedForward(4, 32, { dropout: 0.5, seed: 3 });
  const x = normal([5, 4], new Random(1));
  const run = (stream?: number | null): number[] => [...layer.forward(x, stream).data];
  expect(run(null)).toEqual(run(null));
  expect(run(2)).toEqual(run(2));
  expect(run(2)).not.toEqual(run(3));
  expect(run(2)).not.toEqual(run(null));
  expect(run()).not.toEqual(run());
  expect(new FeedForward(4, 32, { seed: 3 }).forward(x).toArray()).toEqual(
    layer.forward(x, null).toArray(),
  );
});

test("layers take their parameters from shared ones, which begin where their specs say", () => {
  const specs = [
    ...LayerNorm.specs("norm", 4),
    ...FeedForward.specs("ffn", 4, 8),
    ...LearnedPositions.specs("places", 5, 4),
    { name: "around", shape: [4000], deviation: 0.5, start: 3 },
  ];
  const parameters = new Parameters(specs, { seed: 1 });
  expect(parameters.names.slice(0, 7)).toEqual([
    ...["norm.gain", "norm.bias", "ffn.linear1.W", "ffn.linear1.b", "ffn.linear2.W"],
    ...["ffn.linear2.b", "places.table"],
  ]);
  expect(parameters.value("norm.gain").toArray()).toEqual([1, 1, 1, 1]);
  expect(parameters.value("norm.bias").toArray()).toEqual([0, 0, 0, 0]);
  const around = parameters.value("around").data;
  expect([...around].reduce((total, value) => total + value, 0) / 4000).toBeCloseTo(3, 1);
  const ffn = new FeedForward(4, 8, { parameters, name: "ffn" });
  const norm = new LayerNorm(4, { parameters, name: "norm" });
  norm.backward(norm.forward(ffn.forward(normal([3, 4], new Random(2)))));
  expect(parameters.grad("norm.bias").data.some((value) => value !== 0)).toBe(true);
  // Numbers that are to be written over are not drawn, and begin with zeros.
  const bare = new Parameters(specs, { seed: null });
  expect(bare.value("norm.gain").toArray()).toEqual([0, 0, 0, 0]);
});
