import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calibration, DataError, Random } from "../../src/index.ts";

interface Scored {
  readonly score: number;
  readonly exact: boolean;
}

const scored = fc.record({
  score: fc.constantFrom(0, -0.01, -0.1, -0.5, -2, -50, Number.NEGATIVE_INFINITY),
  exact: fc.boolean(),
});
const several = fc.array(scored, { minLength: 1, maxLength: 9 });

/** Right with the probability that the score says. */
function honest(count: number): Scored[] {
  const random = new Random(1);
  return Array.from({ length: count }, () => {
    const confidence = random.uniform();
    return { score: Math.log(confidence), exact: random.uniform() < confidence };
  });
}

describe("calibration", () => {
  test("of scores that are what they say has next to no error", () => {
    const { bins, expectedCalibrationError } = calibration(honest(100_000));
    expect(bins).toHaveLength(10);
    for (const { from, confidence, exactMatch } of bins) {
      expect(confidence).toBeCloseTo(from + 0.05, 2);
      expect(Math.abs(exactMatch - confidence)).toBeLessThan(0.02);
    }
    expect(expectedCalibrationError).toBeLessThan(0.01);
  });

  test("of scores that are too sure has as much error as they are too sure", () => {
    const sure = honest(100_000).map(({ exact }) => ({ score: Math.log(0.95), exact }));
    expect(calibration(sure).expectedCalibrationError).toBeCloseTo(0.45, 2);
  });

  test("the area is the mean share of wrong ones among the surest k, over all orders of equals", () => {
    fc.assert(
      fc.property(several, (predictions) => {
        const orders = 200;
        const random = new Random(3);
        let expected = 0;
        for (let i = 0; i < orders; i++) {
          const shuffled = [...predictions];
          random.shuffle(shuffled);
          shuffled.sort((a, b) => (a.score === b.score ? 0 : b.score - a.score));
          let wrong = 0;
          for (const [k, { exact }] of shuffled.entries()) {
            wrong += exact ? 0 : 1;
            expected += wrong / (k + 1) / shuffled.length / orders;
          }
        }
        expect(calibration(predictions).riskCoverageArea).toBeCloseTo(expected, 1);
      }),
    );
    const half = [true, true, false, false].map((exact, i) => ({ score: -i, exact }));
    expect(calibration(half).riskCoverageArea).toBeCloseTo((1 / 3 + 2 / 4) / 4, 12);
    const tied = half.map(({ exact }) => ({ score: -1, exact }));
    expect(calibration(tied).riskCoverageArea).toBeCloseTo(0.5, 12);
  });

  test("what it says to accept is right as often as it says, and no lower score is", () => {
    fc.assert(
      fc.property(several, (predictions) => {
        for (const { exactMatch, score, coverage } of calibration(predictions).acceptance) {
          const rateFrom = (least: number): number => {
            const taken = predictions.filter((each) => each.score >= least);
            return taken.filter(({ exact }) => exact).length / taken.length;
          };
          const taken = predictions.filter((each) => score !== null && each.score >= score);
          expect(coverage).toBeCloseTo(taken.length / predictions.length, 12);
          if (score !== null) expect(rateFrom(score)).toBeGreaterThanOrEqual(exactMatch);
          for (const lower of predictions.map((each) => each.score)) {
            if (score === null || lower < score) expect(rateFrom(lower)).toBeLessThan(exactMatch);
          }
        }
      }),
    );
  });

  test("bins hold every prediction once, certainty and impossibility among them", () => {
    fc.assert(
      fc.property(several, (predictions) => {
        const { bins } = calibration(predictions);
        expect(bins.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(predictions.length);
        for (const { from, to, confidence } of bins) {
          expect(confidence).toBeGreaterThanOrEqual(from);
          expect(confidence).toBeLessThanOrEqual(to);
        }
      }),
    );
  });

  test("refuses what are no predictions", () => {
    expect(() => calibration([])).toThrow(DataError);
    expect(() => calibration([{ score: 0.1, exact: true }])).toThrow(/scores ≤ 0/);
    expect(() => calibration([{ score: Number.NaN, exact: true }])).toThrow(/scores ≤ 0/);
    expect(() => calibration(5 as never)).toThrow(DataError);
  });
});
