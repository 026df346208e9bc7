import { describe, expect, test } from "vitest";
import {
  Entmax15,
  normal,
  Random,
  ShapeError,
  Sparsemax,
  StateError,
  tensor,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";

/** By bisection of τ and central differences, in NumPy. */
const X = [0.3, -1.2, 0.9, 0.75, -0.1, 1.4];
const DY = [1, -2, 0.5, 3, 0.25, -1];
const KNOWN = [
  {
    name: "Sparsemax",
    make: () => new Sparsemax(),
    y: [0, 0, 0.216666667, 0.066666667, 0, 0.716666667],
    dx: [0, 0, -0.3333333, 2.1666667, 0, -1.8333333],
  },
  {
    name: "Entmax15",
    make: () => new Entmax15(),
    y: [0.036512266, 0, 0.241161364, 0.17312409, 0, 0.54920228],
    dx: [0.0930349, 0, -0.0064405, 1.0347477, 0, -1.121342],
  },
];

for (const { name, dtype, device } of openDevices()) {
  describe.each(KNOWN)(`$name on ${name}`, ({ make, y, dx }) => {
    test("gives the known numbers, in any row of any shape", () => {
      const layer = make();
      const x = tensor([...X, ...X.toReversed()], [1, 2, 6], { device, dtype });
      const out = layer.forward(x);
      expect(out.shape).toEqual([1, 2, 6]);
      const back = layer.backward(
        tensor([...DY, ...DY.toReversed()], [1, 2, 6], { device, dtype }),
      );
      for (const [i, expected] of [...y, ...y.toReversed()].entries()) {
        expect(out.data[i]).toBeCloseTo(expected, 6);
      }
      for (const [i, expected] of [...dx, ...dx.toReversed()].entries()) {
        expect(back.data[i]).toBeCloseTo(expected, 5);
      }
    });

    test("leaves −∞ out, and gives zeros where there is nothing else", () => {
      const low = Number.NEGATIVE_INFINITY;
      const layer = make();
      const out = layer.forward(tensor([9, low, 1, low, low, low], [2, 3], { device, dtype }));
      expect(out.toArray()).toEqual([
        [1, 0, 0],
        [0, 0, 0],
      ]);
      const upstream = tensor([1, Number.NaN, 1, 1, 2, 3], [2, 3], { device, dtype });
      expect(layer.backward(upstream).toArray()).toEqual([
        [0, 0, 0],
        [0, 0, 0],
      ]);
    });

    test("keeps NaN in its row", () => {
      const x = tensor([0, Number.NaN, 9, 1], [2, 2], { device, dtype });
      expect(make().forward(x).toArray()).toEqual([
        [Number.NaN, Number.NaN],
        [1, 0],
      ]);
    });
  });
}

describe.each(KNOWN)("$name", ({ name, make }) => {
  test("of no rows and of no columns is empty", () => {
    for (const shape of [
      [0, 3],
      [3, 0],
    ]) {
      const layer = make();
      const y = layer.forward(tensor([], shape));
      expect(y.shape).toEqual(shape);
      expect(layer.backward(y).shape).toEqual(shape);
    }
  });

  test("refuses misuse with what came", () => {
    const layer = make();
    const dy = tensor([1, 2]);
    expect(() => layer.backward(dy)).toThrow(StateError);
    expect(() => layer.backward(dy)).toThrow(`${name}.forward to have been called before`);
    expect(() => layer.forward(tensor(3))).toThrow(ShapeError);
    expect(() => layer.forward(tensor(3))).toThrow(/at least one axis, got shape \(\)/);
    expect(() => layer.forward([1, 2] as never)).toThrow(
      `${name}.forward: expected x to be a tensor`,
    );
    layer.forward(normal([2, 3], new Random(1)));
    expect(() => layer.backward(dy)).toThrow(/dy of shape \(2, 3\), got shape \(2\)/);
    const other = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      undefined,
      { dtype: "float64" },
    );
    expect(() => layer.backward(other)).toThrow(/y is float32, dy is float64/);
    const y = layer.forward(dy);
    y.dispose();
    expect(() => layer.backward(dy)).toThrow(/dispose it later/);
  });
});
