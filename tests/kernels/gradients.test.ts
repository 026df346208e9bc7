import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import { type Arrays, gradientComplaints, normals64 } from "../support/gradient-check.ts";

const IGNORED = -1;

describe("matmul is its own backward pass", () => {
  const flags = [false, true];
  const layouts = flags.flatMap((a) => flags.map((b) => ({ a, b })));

  it.each(layouts)("transposed a: $a, b: $b: da, db and dbias are right", ({ a: ta, b: tb }) => {
    const [rows, columns, inner] = [3, 4, 5];
    const random = new Random(9);
    const inputs: Arrays = {
      a: normals64(random, rows * inner),
      b: normals64(random, inner * columns),
      bias: normals64(random, columns),
    };
    const complaints = gradientComplaints({
      inputs,
      forward: ({ a, b, bias }) => {
        const c = new Float64Array(rows * columns).fill(Number.NaN);
        definitions.matmul(a!, b!, bias!, c, rows, columns, inner, ta, tb, false);
        return [c];
      },
      backward: ({ a, b }, [dc]) => {
        const [da, db] = [new Float64Array(a!.length), new Float64Array(b!.length)];
        const dbias = new Float64Array(columns);
        // Was c = op(a) · op(b), so d op(a) = dc · op(b)ᵀ and d op(b) = op(a)ᵀ · dc.
        if (ta) definitions.matmul(b!, dc!, null, da, inner, rows, columns, tb, true, false);
        else definitions.matmul(dc!, b!, null, da, rows, inner, columns, false, !tb, false);
        if (tb) definitions.matmul(dc!, a!, null, db, columns, inner, rows, true, ta, false);
        else definitions.matmul(a!, dc!, null, db, inner, columns, rows, !ta, false, false);
        definitions.sumRows(dc!, dbias, rows, columns, true);
        return { a: da, b: db, bias: dbias };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("embedding", () => {
  it("has the gradient of its forward pass, symbols that occur twice included", () => {
    const [symbols, size] = [5, 3];
    const ids = Int32Array.of(1, 4, 1, 0, 4, 4);
    const complaints = gradientComplaints({
      inputs: { table: normals64(new Random(2), symbols * size) },
      forward: ({ table }) => {
        const y = new Float64Array(ids.length * size).fill(Number.NaN);
        definitions.embeddingForward(table!, ids, y, ids.length, size);
        return [y];
      },
      backward: ({ table }, [dy]) => {
        const dTable = new Float64Array(table!.length);
        definitions.embeddingBackward(ids, dy!, dTable, ids.length, size);
        return { table: dTable };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("softmax cross-entropy", () => {
  const shapes = [
    { columns: 1, targets: [0, 0] },
    { columns: 4, targets: [3, 0, 2] },
    { columns: 17, targets: [16, IGNORED, 5, 5] },
    { columns: 3, targets: [IGNORED, IGNORED] },
  ].flatMap((shape) => [0, 0.1, 0.7].map((smoothing) => ({ ...shape, smoothing })));

  it.each(shapes)(
    "of $columns columns, targets $targets, smoothing $smoothing: the gradient is right",
    (shape) => {
      const { columns, smoothing } = shape;
      const targets = Int32Array.from(shape.targets);
      const rows = targets.length;
      const factor = 0.7;
      const forward = (logits: Float64Array) => {
        const [probabilities, losses] = [new Float64Array(logits.length), new Float64Array(rows)];
        definitions.softmaxCrossEntropyForward(
          logits,
          targets,
          IGNORED,
          smoothing,
          probabilities,
          losses,
          rows,
          columns,
        );
        return { probabilities, losses };
      };
      const complaints = gradientComplaints({
        inputs: { logits: normals64(new Random(columns), rows * columns) },
        // The loss that the contract differentiates: all rows' losses times one factor.
        forward: ({ logits }) => [[factor * forward(logits!).losses.reduce((a, b) => a + b, 0)]],
        backward: ({ logits }, [upstream]) => {
          const dLogits = new Float64Array(logits!.length).fill(Number.NaN);
          const { probabilities } = forward(logits!);
          const scale = factor * upstream![0]!;
          definitions.softmaxCrossEntropyBackward(
            probabilities,
            targets,
            IGNORED,
            smoothing,
            scale,
            dLogits,
            rows,
            columns,
          );
          return { logits: dLogits };
        },
      });
      expect(complaints).toEqual([]);
    },
  );
});

describe("dropout", () => {
  it("is the gradient of itself, of the same seed and stream", () => {
    const length = 33;
    const run = (x: Float64Array) => {
      const y = new Float64Array(length).fill(Number.NaN);
      definitions.dropout(x, y, 42, 3, 2 ** 30, 4 / 3, length);
      return y;
    };
    const complaints = gradientComplaints({
      inputs: { x: normals64(new Random(1), length) },
      forward: ({ x }) => [run(x!)],
      backward: (_, [dy]) => ({ x: run(dy!) }),
    });
    expect(complaints).toEqual([]);
  });
});

describe("the gradient check itself", () => {
  const square = (derivative: (x: number) => number) =>
    gradientComplaints({
      inputs: { x: Float64Array.of(1, -2, 3) },
      forward: ({ x }) => [x!.map((value) => value * value)],
      backward: ({ x }, [dy]) => ({ x: x!.map((value, i) => derivative(value) * dy![i]!) }),
    });

  it("accepts the right gradient", () => {
    expect(square((x) => 2 * x)).toEqual([]);
  });

  it("complains of one that is off by 3e-6", () => {
    expect(square((x) => 2 * x * (1 + 3e-6)).join()).toMatch(/^x: relative L2 error 0\.00000/);
  });

  it("complains of NaN, of a missing gradient and of one too many", () => {
    expect(square(() => Number.NaN)).toHaveLength(1);
    const f = { inputs: { x: Float64Array.of(1) }, forward: () => [[1]] };
    expect(gradientComplaints({ ...f, backward: () => ({ y: [1] }) })).toEqual([
      "y: a gradient of something that is no input",
      "x: 1 gradients expected, got none",
    ]);
  });
});
