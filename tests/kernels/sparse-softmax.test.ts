import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import { openDevices } from "../support/devices.ts";
import { gradientComplaints, normals64 } from "../support/gradient-check.ts";

const OPS = ["sparsemax", "entmax"] as const;
const LOW = Number.NEGATIVE_INFINITY;

function sharesOf(op: (typeof OPS)[number], x: Float64Array, columns: number): Float64Array {
  const y = new Float64Array(x.length).fill(Number.NaN);
  definitions[`${op}Forward`](x, y, x.length / columns, columns);
  return y;
}

describe.each(OPS)("%s", (op) => {
  it.each([1, 3, 5, 17])("has the gradient of its forward pass at %i columns", (columns) => {
    const complaints = gradientComplaints({
      inputs: { x: normals64(new Random(columns), 4 * columns) },
      forward: ({ x }) => [sharesOf(op, x!, columns)],
      backward: ({ x }, [dy]) => {
        const dx = new Float64Array(x!.length).fill(Number.NaN);
        definitions[`${op}Backward`](sharesOf(op, x!, columns), dy!, dx, 4, columns);
        return { x: dx };
      },
    });
    expect(complaints).toEqual([]);
  });

  it("is what its paper's condition says: a threshold with the shares above it", () => {
    const x = normals64(new Random(3), 40);
    const y = sharesOf(op, x, 40);
    const half = op === "entmax" ? 0.5 : 1;
    const roots = y.map((share) => (op === "entmax" ? Math.sqrt(share) : share));
    const thresholds = x.map((score, j) => half * score - roots[j]!).filter((_, j) => y[j]! > 0);
    const threshold = thresholds[0]!;
    for (const other of thresholds) expect(other).toBeCloseTo(threshold, 12);
    for (const [j, share] of y.entries()) {
      if (share === 0) expect(half * x[j]!).toBeLessThanOrEqual(threshold + 1e-12);
    }
  });
});

describe("entmax lies between softmax and sparsemax", () => {
  it("in how many have a share", () => {
    const x = normals64(new Random(5), 64);
    const support = (y: Float64Array) => y.filter((share) => share > 0).length;
    const [sparse, middle] = [sharesOf("sparsemax", x, 64), sharesOf("entmax", x, 64)];
    expect(support(sparse)).toBeGreaterThan(1);
    expect(support(sparse)).toBeLessThan(support(middle));
    expect(support(middle)).toBeLessThan(64);
  });
});

const score = fc.oneof(
  fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround),
  fc.constantFrom(LOW, 0, 1, -1e30, 1e30),
);

for (const { name, dtype, device } of openDevices()) {
  describe(name, () => {
    it.each(OPS)("%s of any row is a distribution that respects order", (op) => {
      const property = (numbers: number[], by: number) => {
        const columns = numbers.length;
        const [x, y, moved] = [0, 1, 2].map(() => device.allocate(dtype, columns)) as [
          ReturnType<typeof device.allocate>,
          ReturnType<typeof device.allocate>,
          ReturnType<typeof device.allocate>,
        ];
        x.write(numbers);
        device.kernels[`${op}Forward`](x, y, 1, columns);
        const shares = [...y.view()];
        const masked = numbers.every((value) => value === LOW);
        const total = shares.reduce((sum, share) => sum + share, 0);
        expect(total).toBeCloseTo(masked ? 0 : 1, 5);
        for (const [i, share] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(0);
          if (numbers[i] === LOW) expect(share).toBe(0);
          for (const [j, other] of shares.entries()) {
            if (numbers[i]! >= numbers[j]!) expect(share).toBeGreaterThanOrEqual(other);
          }
        }
        // Only differences count: scores of a few digits can be moved without losing any.
        const coarse = numbers.map((value) => Math.round(value * 8) / 8);
        x.write(coarse);
        moved.write(coarse.map((value) => value + by));
        device.kernels[`${op}Forward`](x, x, 1, columns);
        device.kernels[`${op}Forward`](moved, moved, 1, columns);
        expect([...moved.view()]).toEqual([...x.view()]);
        for (const storage of [x, y, moved]) storage.release();
      };
      const rows = fc.array(score, { minLength: 1, maxLength: 70 });
      fc.assert(fc.property(rows, fc.integer({ min: -64, max: 64 }), property), {
        numRuns: 100,
        seed: 20_260_502,
      });
    });
  });
}

describe("a Gaussian", () => {
  it("has the gradient of its forward pass", () => {
    const [rows, steps, deviation] = [4, 9, 1.7];
    const random = new Random(4);
    const bell = (centres: Float64Array) => {
      const y = new Float64Array(rows * steps).fill(Number.NaN);
      definitions.gaussianForward(centres, y, rows, steps, deviation);
      return y;
    };
    const complaints = gradientComplaints({
      inputs: { centres: Float64Array.from({ length: rows }, () => random.uniform(-1, steps)) },
      forward: ({ centres }) => [bell(centres!)],
      backward: ({ centres }, [dy]) => {
        const d = new Float64Array(rows).fill(Number.NaN);
        definitions.gaussianBackward(centres!, bell(centres!), dy!, d, rows, steps, deviation);
        return { centres: d };
      },
    });
    expect(complaints).toEqual([]);
  });
});

describe("the minimum", () => {
  it("has the gradient of its forward pass where its inputs differ", () => {
    const length = 33;
    const random = new Random(6);
    const complaints = gradientComplaints({
      inputs: { a: normals64(random, length), b: normals64(random, length) },
      forward: ({ a, b }) => {
        const y = new Float64Array(length).fill(Number.NaN);
        definitions.minimumForward(a!, b!, y, length);
        return [y];
      },
      backward: ({ a, b }, [dy]) => {
        const [da, db] = [new Float64Array(length), new Float64Array(length)];
        definitions.minimumBackward(a!, b!, dy!, da, db, length);
        return { a: da, b: db };
      },
    });
    expect(complaints).toEqual([]);
  });
});
