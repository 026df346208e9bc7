import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { normalDistribution } from "../../src/kernels/activations/normal-distribution.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import { type Arrays, gradientComplaints, normals64 } from "../support/gradient-check.ts";

const empty = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);

describe("the standard normal distribution", () => {
  it("has the values of 40-digit arithmetic, in its tails too", () => {
    const known: [x: number, value: number][] = [
      [-10, 7.619853024160525e-24],
      [-5, 2.866515718791939e-7],
      [-2, 0.02275013194817921],
      [-1, 0.15865525393145705],
      [-0.5, 0.3085375387259869],
      [0, 0.5],
      [0.75, 0.7733726476231318],
      [3, 0.9986501019683699],
      [6, 0.9999999990134123],
    ];
    for (const [x, value] of known) {
      expect(Math.abs(normalDistribution(x) / value - 1)).toBeLessThan(6e-15);
    }
    expect(normalDistribution(Number.POSITIVE_INFINITY)).toBe(1);
    expect(normalDistribution(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(normalDistribution(Number.NaN)).toBeNaN();
  });
});

describe("activations have the gradients of their forward passes", () => {
  const { tanhForward, sigmoidForward, reluForward, geluForward } = definitions;
  const { tanhBackward, sigmoidBackward, reluBackward, geluBackward } = definitions;
  const ops = [
    { name: "tanh", forward: tanhForward, backward: tanhBackward, ofX: false },
    { name: "sigmoid", forward: sigmoidForward, backward: sigmoidBackward, ofX: false },
    { name: "relu", forward: reluForward, backward: reluBackward, ofX: false },
    { name: "gelu", forward: geluForward, backward: geluBackward, ofX: true },
  ] as const;

  it.each(ops)("$name", ({ forward, backward, ofX }) => {
    const length = 65;
    const run = (x: Float64Array): Float64Array => {
      const y = empty(length);
      forward(x, y, length);
      return y;
    };
    const complaints = gradientComplaints({
      inputs: { x: normals64(new Random(1), length, 2) },
      forward: ({ x }) => [run(x!)],
      backward: ({ x }, [dy]) => {
        const dx = empty(length);
        backward(ofX ? x! : run(x!), dy!, dx, length);
        return { x: dx };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("layer normalisation", () => {
  it.each([1, 2, 3, 17])("of %i columns has the gradient of its forward pass", (columns) => {
    const rows = 4;
    const epsilon = 0.1;
    const random = new Random(columns);
    const forward = ({ x, gain, bias }: Arrays) => {
      const [y, means, inverses] = [empty(rows * columns), empty(rows), empty(rows)];
      definitions.layerNormForward(x!, gain!, bias!, y, means, inverses, rows, columns, epsilon);
      return { y, means, inverses };
    };
    const complaints = gradientComplaints({
      inputs: {
        x: normals64(random, rows * columns),
        gain: normals64(random, columns),
        bias: normals64(random, columns),
      },
      forward: (inputs) => [forward(inputs).y],
      backward: (inputs, [dy]) => {
        const { means, inverses } = forward(inputs);
        const dx = empty(rows * columns);
        const [dGain, dBias] = [new Float64Array(columns), new Float64Array(columns)];
        definitions.layerNormBackward(
          inputs["x"]!,
          inputs["gain"]!,
          means,
          inverses,
          dy!,
          dx,
          dGain,
          dBias,
          rows,
          columns,
        );
        return { x: dx, gain: dGain, bias: dBias };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("addRepeated", () => {
  it("has dy and its sum over the repeats as gradients", () => {
    const [repeats, length] = [3, 5];
    const random = new Random(3);
    const complaints = gradientComplaints({
      inputs: { x: normals64(random, repeats * length), b: normals64(random, length) },
      forward: ({ x, b }) => {
        const y = empty(repeats * length);
        definitions.addRepeated(x!, b!, y, repeats, length);
        return [y];
      },
      backward: (_, [dy]) => {
        const db = new Float64Array(length);
        definitions.sumRows(dy!, db, repeats, length, false);
        return { x: dy!, b: db };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("copyBlocks", () => {
  it.each([false, true])("accumulate %s: copying back with += is its gradient", (accumulate) => {
    const complaints = gradientComplaints({
      inputs: { x: normals64(new Random(4), 23), y: normals64(new Random(5), 29) },
      forward: ({ x, y }) => {
        const out = y!.slice();
        definitions.copyBlocks(x!, 1, 6, out, 2, 9, 3, 4, accumulate);
        return [out];
      },
      backward: (_, [dout]) => {
        const [dx, dy] = [new Float64Array(23), dout!.slice()];
        definitions.copyBlocks(dout!, 2, 9, dx, 1, 6, 3, 4, true);
        // What was overwritten has no effect.
        if (!accumulate) definitions.copyBlocks(new Float64Array(4), 0, 0, dy, 2, 9, 3, 4, false);
        return { x: dx, y: dy };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("rotate", () => {
  const kinds = [false, true].flatMap((interleaved) =>
    [false, true].map((inverse) => ({ interleaved, inverse })),
  );

  it.each(kinds)(
    "interleaved $interleaved, inverse $inverse: its inverse is its gradient",
    (kind) => {
      const { interleaved, inverse } = kind;
      const shape = [2, 3, 2, 7, 4] as const;
      const angles = normals64(new Random(6), 10 * 2);
      const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)];
      const positions = Int32Array.of(7, 0, 9);
      const run = (x: Float64Array, back: boolean): Float64Array => {
        const y = empty(x.length);
        definitions.rotate(x, cosines, sines, positions, y, ...shape, 0, interleaved, back);
        return y;
      };
      const x = normals64(new Random(7), 2 * 3 * 2 * 7);
      const complaints = gradientComplaints({
        inputs: { x },
        forward: (inputs) => [run(inputs["x"]!, inverse)],
        backward: (_, [dy]) => ({ x: run(dy!, !inverse) }),
      });
      expect(complaints).toEqual([]);
      const there = run(x, inverse);
      const back = run(there, !inverse);
      expect(Math.max(...back.map((value, i) => Math.abs(value - x[i]!)))).toBeLessThan(1e-15 * 8);
      expect(there.every((value, i) => i % 7 < 4 || value === x[i])).toBe(true);
    },
  );
});
