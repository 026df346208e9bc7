import { describe, expect, it } from "vitest";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import {
  type AttentionOptions,
  attention,
  DataError,
  indices,
  normal,
  Random,
  StateError,
  type Tensor,
  TimeAttention,
  tensor,
} from "../../../src/index.ts";

const on = { device: new ReferenceDevice(), dtype: "float64" } as const;
const draw = (seed: number, ...shape: number[]): Tensor => normal(shape, new Random(seed), on);
const close = (actual: Tensor, expected: ArrayLike<number>): void => {
  expect(actual.size).toBe(expected.length);
  for (const [i, x] of Array.from(actual.data).entries()) expect(x).toBeCloseTo(expected[i]!, 12);
};

describe("the notebook's TimeAttention", () => {
  const [hsEnc, hsDec, dout] = [draw(1, 3, 5, 4), draw(2, 3, 2, 4), draw(3, 3, 2, 4)];

  it.each([undefined, [5, 2, 0]])("is attention(hsDec, hsEnc, hsEnc), with lengths %j", (given) => {
    const lengths = given && indices(given, [3], on);
    const layer = new TimeAttention();
    const out = layer.forward(hsEnc, hsDec, lengths);
    const options = { lengths, return: { weights: true } };
    const result = attention(hsDec, hsEnc, hsEnc, options);
    close(result.context, out.data);
    close(result.weights!, layer.attentionWeights.data);
    expect(result.weights!.shape).toEqual(layer.attentionWeights.shape);
    const { dQuery, dKeys, dValues } = result.backward(dout);
    const [dhsEnc, dhsDec] = layer.backward(dout);
    close(dQuery, dhsDec.data);
    close(
      dhsEnc,
      dKeys.data.map((d, i) => d + dValues.data[i]!),
    );
  });
});

describe("numbers that others publish", () => {
  const q = tensor([1, 0, 0, 1], [1, 2, 2], on);
  const k = tensor([0, 1, 1, 0], [1, 2, 2], on);
  const v = tensor([1, 2, 3, 4], [1, 2, 2], on);
  const e = Math.E;
  const [small, large] = [1 / (1 + e), e / (1 + e)];

  it("dot: one score of 1, one of 0", () => {
    const { context, weights, scores, logSumExp } = attention(q, k, v, {
      return: { weights: true, scores: "raw", logSumExp: true },
    });
    close(weights!, [small, large, large, small]);
    close(context, [1 + 2 * large, 2 + 2 * large, 1 + 2 * small, 2 + 2 * small]);
    close(scores!, [0, 1, 1, 0]);
    close(logSumExp!, [Math.log(1 + e), Math.log(1 + e)]);
  });

  it("additive: two tanh 1 against one tanh 2", () => {
    const [most, least] = [Math.exp(2 * Math.tanh(1)), Math.exp(Math.tanh(2))];
    const { weights } = attention(q, k, v, {
      score: { kind: "additive" },
      return: { weights: true },
    });
    const first = most / (most + least);
    close(weights!, [first, 1 - first, 1 - first, first]);
    expect(first).toBeCloseTo(0.63626, 5);
  });

  it("sparsemax drops what is more than 1 below", () => {
    const keys = tensor([0, 2, 1, 1.5, 9, 0], [1, 3, 2], on);
    const { weights } = attention(q, keys, keys, {
      normalizer: "sparsemax",
      return: { weights: true },
    });
    close(weights!, [0, 0, 1, 0.75, 0.25, 0]);
  });

  it("ALiBi's slopes for 8 heads go from 1/2 to 1/256", () => {
    const x = tensor(new Float64Array(8 * 2), [1, 8, 2, 1], on);
    const { scores } = attention(x, x, x, { alibi: true, return: { scores: "masked" } });
    expect(scores!.shape).toEqual([1, 8, 2, 2]);
    const falls = Array.from({ length: 8 }, (_, h) => scores!.data[h * 4 + 1]!);
    close(
      tensor(falls, [8], on),
      [1, 2, 3, 4, 5, 6, 7, 8].map((h) => -(2 ** -h)),
    );
  });
});

describe("a result", () => {
  const [x, y, d] = [draw(4, 2, 3, 4), draw(5, 2, 5, 4), draw(6, 2, 3, 4)];
  const numbers = ({
    dQuery,
    dKeys,
    dValues,
  }: ReturnType<ReturnType<typeof attention>["backward"]>) =>
    [dQuery, dKeys, dValues].map(({ data }) => Array.from(data));

  it("can be undone any number of times, to new tensors each", () => {
    const result = attention(x, y, y);
    const [first, second] = [result.backward(d), result.backward(d)];
    expect(numbers(second)).toEqual(numbers(first));
    expect(second.dQuery).not.toBe(first.dQuery);
  });

  it("of the same tensor three times over has three gradients", () => {
    const result = attention(y, y, y);
    const apart = attention(y, draw(5, 2, 5, 4), draw(5, 2, 5, 4));
    const upstream = draw(7, 2, 5, 4);
    expect(numbers(result.backward(upstream))).toEqual(numbers(apart.backward(upstream)));
  });

  it.each(["softmax", "sparsemax", "entmax15"] as const)(
    "of %s can be undone when its context and weights are gone",
    (normalizer) => {
      const dropout = { rate: 0.5, seed: 3 };
      const options: AttentionOptions = { normalizer, dropout, return: { weights: true } };
      const [whole, bare] = [attention(x, y, y, options), attention(x, y, y, options)];
      const lean = attention(x, y, y, { normalizer, dropout });
      const expected = numbers(whole.backward(d));
      bare.context.dispose();
      bare.weights?.dispose();
      lean.context.dispose();
      expect(numbers(bare.backward(d))).toEqual(expected);
      expect(numbers(lean.backward(d))).toEqual(expected);
    },
  );

  it("without dContext is undone by dWeights alone, without either by nothing", () => {
    const result = attention(x, y, y, { return: { weights: true } });
    const { dValues, dQuery } = result.backward(undefined, { dWeights: draw(8, 2, 3, 5) });
    expect(dValues.data.every((value) => value === 0)).toBe(true);
    expect(dQuery.data.some((value) => value !== 0)).toBe(true);
    expect(() => result.backward()).toThrow(DataError);
  });

  it("that forgot has its tensors, and no backward pass; disposed, it has neither", () => {
    const result = attention(x, y, y, { return: { weights: true, logSumExp: true } });
    result.forget();
    expect(result.context.disposed).toBe(false);
    expect(() => result.backward(d)).toThrow(StateError);
    result.dispose();
    result.dispose();
    for (const held of [result.context, result.weights, result.logSumExp]) {
      expect(held?.disposed).toBe(true);
    }
    expect(() => result.backward(d)).toThrow(/after dispose/);
  });

  it("needs what went in", () => {
    const keys = draw(9, 2, 5, 4);
    const result = attention(x, keys, y);
    keys.dispose();
    expect(() => result.backward(d)).toThrow(/use of keys \(2, 5, 4\) after dispose/);
  });
});

describe("several heads", () => {
  const [batch, T, Tk] = [2, 3, 4];

  it("side by side are what they are one after the other", () => {
    const [q, k, v] = [draw(1, batch, T, 8), draw(2, batch, Tk, 4), draw(3, batch, Tk, 6)];
    const apart = (x: Tensor, heads: number): Tensor => {
      const [N, steps, width] = x.shape as [number, number, number];
      const size = width / heads;
      const numbers = new Float64Array(x.size);
      for (let i = 0; i < x.size; i++) {
        const [n, t] = [Math.floor(i / (steps * width)), Math.floor(i / width) % steps];
        const [h, e] = [Math.floor((i % width) / size), i % size];
        numbers[((n * heads + h) * steps + t) * size + e] = x.data[i]!;
      }
      return tensor(numbers, [N, heads, steps, size], on);
    };
    const options = { causal: true, alibi: true } as const;
    const side = attention(q, k, v, { ...options, heads: 4, keyHeads: 2 });
    const four = attention(apart(q, 4), apart(k, 2), apart(v, 2), options);
    close(apart(side.context, 4), four.context.data);
    const d = draw(4, batch, T, 12);
    const [one, other] = [side.backward(d), four.backward(apart(d, 4))];
    close(apart(one.dQuery, 4), other.dQuery.data);
    close(apart(one.dKeys, 2), other.dKeys.data);
    close(apart(one.dValues, 2), other.dValues.data);
  });
});
