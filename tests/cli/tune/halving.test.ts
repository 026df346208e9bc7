import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allotment } from "../../../src/cli/jobs/allotment.ts";
import { roundSizes, secondsEach } from "../../../src/cli/tune/halving.ts";
import { table } from "../../../src/cli/tune/table.ts";

describe("successive halving", () => {
  it.each([
    [1, [1]],
    [2, [2]],
    [3, [3, 2]],
    [4, [4, 2]],
    [9, [9, 5, 3, 2]],
  ])("of %i runs has rounds of %j", (runs, sizes) => {
    expect(roundSizes(runs)).toEqual(sizes);
  });

  it("gives out all of its time and no more, whatever the grid and the cores", () => {
    const some = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(some, some, fc.integer({ min: 1, max: 10_000 }), (runs, cores, budget) => {
        let left = budget;
        const sizes = roundSizes(runs);
        for (const [i, size] of sizes.entries()) {
          const { sideBySide } = allotment(size, cores);
          const each = secondsEach(left, { rounds: sizes.length - i, runs: size, sideBySide });
          expect(each).toBeGreaterThan(0);
          left -= each * Math.ceil(size / sideBySide);
        }
        expect(left).toBeCloseTo(0, 6);
      }),
    );
  });
});

describe("allotment", () => {
  it.each([
    [1, 2, 1, 2],
    [2, 2, 2, 1],
    [10, 4, 4, 1],
    [3, 8, 3, 2],
    [5, 1, 1, 1],
  ])("of %i trainings on %i cores has %i side by side on %i threads", (runs, cores, ...shares) => {
    const { sideBySide, threads } = allotment(runs, cores);
    expect([sideBySide, threads]).toEqual(shares);
  });

  it("never asks for more cores than there are", () => {
    const some = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(some, some, (runs, cores) => {
        const { sideBySide, threads } = allotment(runs, cores);
        expect(sideBySide * threads).toBeLessThanOrEqual(cores);
      }),
    );
  });
});

describe("table", () => {
  it("sets numbers to the right and words to the left", () => {
    const rows = [
      ["hidden", "cell", "exact"],
      ["64", "lstm", "9.5 %"],
      ["128", "gru", "–"],
    ];
    expect(table(rows)).toBe("hidden  cell  exact\n    64  lstm  9.5 %\n   128  gru       –\n");
  });
});
