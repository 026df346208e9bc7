import { describe, expect, it } from "vitest";
import { rateShare, SCHEDULES, type ScheduleOptions } from "../../src/seq2seq/schedule.ts";

const options = (given: Partial<ScheduleOptions>): ScheduleOptions => ({
  schedule: "constant",
  warmup: 0,
  finalRate: 0.2,
  plateauFactor: 0.5,
  ...given,
});

/** The shares of steps 0 to T. */
function course(given: Partial<ScheduleOptions>, totalSteps: number, reductions = 0): number[] {
  return Array.from({ length: totalSteps + 1 }, (_, step) =>
    rateShare(step, totalSteps, options(given), reductions),
  );
}

const near = (values: readonly number[]): unknown[] =>
  values.map((value) => expect.closeTo(value, 12));

describe("the learning rate", () => {
  it("falls along a line to the final rate, and stays there", () => {
    expect(course({ schedule: "linear" }, 5)).toEqual(near([1, 0.8, 0.6, 0.4, 0.2, 0.2]));
  });

  it("falls along half a cosine", () => {
    const half = Math.SQRT1_2;
    expect(course({ schedule: "cosine", finalRate: 0 }, 5)).toEqual(
      near([1, (1 + half) / 2, 0.5, (1 - half) / 2, 0, 0]),
    );
  });

  it("falls with the inverse root of the step from its peak at the end of the warm-up", () => {
    // Vaswani et al. (2017), equation 3, over its value at the peak.
    const paper = (step: number): number => Math.min(step ** -0.5, step * 3 ** -1.5) / 3 ** -0.5;
    expect(course({ schedule: "inverse-root", warmup: 3 }, 6)).toEqual(
      near([1, 2, 3, 4, 5, 6, 7].map(paper)),
    );
  });

  it("stands still, or is multiplied at every plateau", () => {
    expect(course({ schedule: "constant" }, 2)).toEqual([1, 1, 1]);
    expect(course({ schedule: "plateau" }, 1, 2)).toEqual([0.25, 0.25]);
  });

  it.each(SCHEDULES)("rises to its highest over the warm-up: %s", (schedule) => {
    const shares = course({ schedule, warmup: 4 }, 9);
    expect(shares.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(Math.max(...shares)).toBe(1);
    for (const share of course({ schedule, warmup: 4 }, 2)) expect(share).toBeLessThanOrEqual(1);
  });

  it("is at its end after the warm-up and the rest", () => {
    const shares = course({ schedule: "linear", warmup: 2 }, 6);
    expect(shares).toEqual(near([0.5, 1, 1, 1 - 0.8 / 3, 1 - 1.6 / 3, 0.2, 0.2]));
  });
});
