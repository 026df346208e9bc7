/** Sizes of 0: nothing to attend to, nobody who attends, vectors without numbers. */
import { describe, expect, it } from "vitest";
import {
  type AttentionOptions,
  type AttentionScore,
  attention,
  normal,
  Random,
  type Tensor,
} from "../../../src/index.ts";
import { openDevices } from "../../support/devices.ts";

const SIZES = { N: 2, Tq: 3, Tk: 4, D: 2, E: 3, A: 2 };
type Name = keyof typeof SIZES;

const normalizers = ["softmax", "sparsemax", "entmax15"] as const;

for (const { name, device, dtype } of openDevices()) {
  const draw = (...shape: number[]): Tensor => normal(shape, new Random(1), { device, dtype });
  const scores = ({ D, A }: typeof SIZES): AttentionScore[] => [
    "scaled-dot",
    { kind: "multiplicative", W: draw(D, D) },
    { kind: "additive", Wq: draw(D, A), Wk: draw(D, A), b: draw(A), v: draw(A) },
    { kind: "additive", b: draw(D), v: draw(D) },
  ];

  describe(`without any of it, there is nothing, on ${name}`, () => {
    it.each(Object.keys(SIZES) as Name[])("%s = 0", (none) => {
      const sizes = { ...SIZES, [none]: 0 };
      const { N, Tq, Tk, D, E } = sizes;
      for (const [i, score] of scores(sizes).entries()) {
        const options: AttentionOptions = {
          score,
          normalizer: normalizers[i % 3],
          bias: draw(Tk),
          alibi: true,
          past: { keys: draw(N, 0, D), values: draw(N, 0, E) },
          return: { weights: true, logSumExp: i % 3 === 0, scores: "masked" },
        };
        const result = attention(draw(N, Tq, D), draw(N, Tk, D), draw(N, Tk, E), options);
        expect(result.context.shape).toEqual([N, Tq, E]);
        expect(result.weights?.shape).toEqual([N, Tq, Tk]);
        const total = Array.from(result.weights!.data).reduce((sum, w) => sum + w, 0);
        expect(total).toBeCloseTo(Tk === 0 ? 0 : N * Tq, 4);
        if (Tk === 0) expect(result.context.data.every((x) => x === 0)).toBe(true);
        const { dQuery, dKeys, dValues, dBias, dScore } = result.backward(draw(N, Tq, E));
        expect([dQuery, dKeys, dValues].map(({ shape }) => shape)).toEqual([
          [N, Tq, D],
          [N, Tk, D],
          [N, Tk, E],
        ]);
        const gradients = [dQuery, dKeys, dValues, dBias!, ...Object.values(dScore ?? {})];
        for (const d of gradients) {
          expect(d.data.every((x: number) => Number.isFinite(x))).toBe(true);
          if (N * Tq * Tk === 0) expect(d.data.every((x: number) => x === 0)).toBe(true);
        }
      }
    });
  });
}
