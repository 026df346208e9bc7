import { describe, expect, test } from "vitest";
import {
  CopyMixture,
  indices,
  NegativeLogLikelihood,
  normal,
  Random,
  Softmax,
  SoftmaxCrossEntropy,
  tensor,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";
import { expectNear } from "../support/near.ts";

describe.each(openDevices())("on $name", ({ device, dtype }) => {
  const where = { device, dtype };
  const bound = dtype === "float64" ? 1e-13 : 2e-6;

  test("smoothing mixes the loss of the target with the mean of all symbols' losses", () => {
    const logits = normal([3, 5], new Random(2), where);
    const targets = indices([4, -1, 0], [3], where);
    const losses = [0, 1, 2, 3, 4].map((target) => {
      const one = new SoftmaxCrossEntropy();
      return one.forward(logits, indices([target, -1, target], [3], where)).data[0]!;
    });
    const plain = new SoftmaxCrossEntropy().forward(logits, targets).data[0]!;
    const mean = losses.reduce((a, b) => a + b, 0) / 5;
    const layer = new SoftmaxCrossEntropy({ smoothing: 0.2 });
    expectNear(layer.forward(logits, targets).data, [0.8 * plain + 0.2 * mean], 4 * bound);
    // Of a call that says 0, the loss and the gradient of a layer without it, to the bit.
    expect(layer.forward(logits, targets, { smoothing: 0 }).data[0]).toBe(plain);
    const bare = new SoftmaxCrossEntropy();
    bare.forward(logits, targets);
    expect([...layer.backward().data]).toEqual([...bare.backward().data]);
  });

  test("a logit of −∞ makes the loss ∞ where there is smoothing, and leaves the gradient finite", () => {
    const logits = tensor([[0, Number.NEGATIVE_INFINITY, 0]], undefined, where);
    const layer = new SoftmaxCrossEntropy();
    const [target, smoothing] = [indices([0], [1], where), 0.3];
    expectNear(layer.forward(logits, target).data, [Math.LN2], bound);
    expect(layer.forward(logits, target, { smoothing }).data[0]).toBe(Number.POSITIVE_INFINITY);
    expectNear(layer.backward().data, [0.5 - 0.8, -0.1, 0.5 - 0.1], bound);
  });

  test("the loss of probabilities is that of the logits they came from", () => {
    const logits = normal([2, 3, 5], new Random(3), where);
    const targets = indices([0, 4, -1, 2, 2, -1], [2, 3], where);
    for (const smoothing of [0, 0.25]) {
      const [softmax, likelihood] = [new Softmax(), new NegativeLogLikelihood({ smoothing })];
      const whole = new SoftmaxCrossEntropy({ smoothing });
      const loss = likelihood.forward(softmax.forward(logits), targets);
      expectNear(loss.data, whole.forward(logits, targets).data, 4 * bound);
      expect(likelihood.count).toBe(4);
      expectNear(softmax.backward(likelihood.backward()).data, whole.backward().data, 4 * bound);
    }
  });

  test("a target that cannot be reached costs 69.3 nats, and has no gradient", () => {
    const layer = new NegativeLogLikelihood();
    const loss = layer.forward(tensor([[0, 1]], undefined, where), indices([0], [1], where));
    expectNear(loss.data, [100 * Math.LN2], 1e-5);
    expect([...layer.backward().data].every((value) => value === 0)).toBe(true);
  });

  test("a mixture of probabilities that add up to 1 adds up to 1, but for what has no symbol", () => {
    const random = new Random(12);
    const [p, weights] = [new Softmax(), new Softmax()];
    const [high, low] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const gate = tensor([-1.4, 2.2, high, low], [2, 2], where);
    const ids = indices([3, 7, 7, 2, -1, 6], [2, 3], where);
    const y = new CopyMixture().forward(
      p.forward(normal([2, 2, 6], random, where)),
      gate,
      weights.forward(normal([2, 2, 3], random, where)),
      ids,
      8,
    );
    const sums = [0, 1, 2, 3].map((r) => {
      return [...y.data.slice(8 * r, 8 * r + 8)].reduce((a, b) => a + b, 0);
    });
    expectNear(sums.slice(0, 3), [1, 1, 1], 4 * bound);
    // The last row copies alone, and one step of its source is of no symbol.
    expect(sums[3]).toBeLessThan(0.99);
  });
});
