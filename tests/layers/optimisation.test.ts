import { describe, expect, test } from "vitest";
import {
  Adam,
  clipGradients,
  DataError,
  DtypeError,
  tensor,
  zeroGradients,
  zeros,
} from "../../src/index.ts";

const exact = { dtype: "float64" } as const;

describe("Adam", () => {
  test("moves by the rate at every step of a constant gradient, whatever its size", () => {
    const x = tensor([1, 1, 1], [3], exact);
    const grad = tensor([5, -1e-3, 0], [3], exact);
    const adam = new Adam({ rate: 0.1, epsilon: 1e-300 });
    for (let step = 1; step <= 20; step++) {
      adam.step([x], [grad]);
      // m / (1 − β₁ᵗ) = g and v / (1 − β₂ᵗ) = g²: the corrections undo that m and v began at 0.
      for (const [i, sign] of [1, -1, 0].entries()) {
        expect(x.data[i]).toBeCloseTo(1 - 0.1 * step * sign, 10);
      }
    }
  });

  test("follows its formula where gradients change, each tensor with moments of its own", () => {
    const [beta1, beta2, epsilon, rate] = [0.8, 0.95, 1e-2, 0.05];
    const params = [zeros([1], exact), zeros([1], exact)];
    const adam = new Adam({ beta1, beta2, epsilon, rate });
    const [x, m, v] = [
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    for (let t = 1; t <= 10; t++) {
      const gs = [Math.sin(t), 3 - t];
      const grads = gs.map((g) => tensor([g], [1], exact));
      adam.step(params, grads);
      for (const [k, g] of gs.entries()) {
        m![k] = beta1 * m![k]! + (1 - beta1) * g;
        v![k] = beta2 * v![k]! + (1 - beta2) * g * g;
        const [mean, square] = [m![k]! / (1 - beta1 ** t), v![k]! / (1 - beta2 ** t)];
        x![k]! -= (rate * mean) / (Math.sqrt(square) + epsilon);
        expect(params[k]!.data[0]).toBeCloseTo(x![k]!, 12);
        expect(grads[k]!.data[0]).toBe(g);
      }
    }
  });
});

describe("a guard that is not finite", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "keeps everything as it is, and the step can be uncounted: %d",
    async (wrong) => {
      const [x, y] = [tensor([1, 2]), tensor([1, 2])];
      const [adam, other] = [new Adam({ rate: 0.1 }), new Adam({ rate: 0.1 })];
      const grad = tensor([3, Number.NaN]);
      adam.step([x], [grad], 0.1, [tensor(wrong)]);
      expect([...x.data]).toEqual([1, 2]);
      adam.uncount(1);
      expect(await adam.state()).toEqual({ steps: 0, moments: [] });
      for (const [optimiser, param] of [
        [adam, x],
        [other, y],
      ] as const) {
        const guards = optimiser === adam ? [tensor([5]), tensor([[-7]])] : [];
        optimiser.step([param], [tensor([0.5, -2])], 0.1, guards);
      }
      adam.step([x], [grad], 0.1, [tensor(1), tensor(wrong)]);
      expect((await adam.state()).steps).toBe(2);
      adam.uncount(1);
      expect(x.data).toEqual(y.data);
      expect(await adam.state()).toEqual(await other.state());
    },
  );

  test("is one number, one of two at most, and of the device and dtype of what is learned", () => {
    const adam = new Adam();
    const [x, grad] = [tensor([1]), tensor([1])];
    const step = (...guards: unknown[]) => {
      return () => adam.step([x], [grad], 0.1, guards as never);
    };
    expect(step(tensor([1, 2]))).toThrow(/guards\[0\] to be one number, got shape \(2\)/);
    expect(step(tensor(1), tensor(1), tensor(1))).toThrow(/at most two guards, got 3/);
    expect(step(1)).toThrow(DataError);
    expect(step(tensor([1], [1], exact))).toThrow(DtypeError);
    expect([...x.data]).toEqual([1]);
    for (const steps of [-1, 0.5, 1]) expect(() => adam.uncount(steps)).toThrow(/from 0 to 0/);
  });
});

describe("Adam.restore", () => {
  test("goes on with the step that would have been", async () => {
    const [x, y] = [tensor([1, 2, 3]), tensor([1, 2, 3])];
    const [adam, other] = [new Adam(), new Adam()];
    expect(await adam.state()).toEqual({ steps: 0, moments: [] });
    for (const g of [0.5, -2]) adam.step([x], [tensor([g, 2 * g, 3])]);
    y.storage.write(x.data);
    other.step([zeros([7])], [zeros([7])]); // which it forgets
    other.restore([y], await adam.state());
    for (const [optimiser, param] of [
      [adam, x],
      [other, y],
    ] as const) {
      optimiser.step([param], [tensor([0.1, 0.2, 0.3])]);
    }
    expect(y.data).toEqual(x.data);
    expect(await other.state()).toEqual(await adam.state());
    other.restore([y], { steps: 0, moments: [] });
    expect(await other.state()).toEqual(await new Adam().state());
  });

  test("refuses what is no state, or one of other parameters", async () => {
    const adam = new Adam();
    const state = { steps: 1, moments: [{ m: new Float32Array(2), v: new Float32Array(3) }] };
    expect(() => adam.restore([zeros([3])], state)).toThrow(/3 numbers as moments\[0\]\.m, got 2/);
    expect(() => adam.restore([], state)).toThrow(/moments of 0 params, got 1/);
    const wrong = [{}, { steps: -1, moments: [] }, { steps: 1, moments: [null] }, null];
    for (const none of wrong) {
      expect(() => adam.restore([zeros([3])], none as never)).toThrow(/Adam\.restore/);
    }
  });
});

describe("clipGradients", () => {
  test("scales all gradients alike, to the limit, and gives the norm before", () => {
    const grads = [tensor([3, 0]), tensor([[4]])];
    expect(clipGradients(grads, 1).data[0]).toBe(5);
    expect(grads.map((grad) => [...grad.data])).toEqual([
      [Math.fround(0.6), 0],
      [Math.fround(0.8)],
    ]);
  });

  test("leaves gradients within the limit as they are", () => {
    const grads = [tensor([3]), tensor([4])];
    expect(clipGradients(grads, 5).data[0]).toBe(5);
    expect(grads.map((grad) => grad.data[0])).toEqual([3, 4]);
  });
});

test("zeroGradients sets every number to 0, NaN as well", () => {
  const grads = [tensor([1, Number.NaN]), tensor([Number.POSITIVE_INFINITY])];
  zeroGradients(grads);
  expect(grads.map((grad) => [...grad.data])).toEqual([[0, 0], [0]]);
});
