import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { normalQuantile, Random } from "../../src/core/random.ts";

function take<Value>(count: number, draw: () => Value): Value[] {
  return Array.from({ length: count }, draw);
}

describe("Random: same seed and stream, same numbers, on every machine", () => {
  it("seed 42 begins with these words", () => {
    const random = new Random(42);
    expect(take(3, () => random.word())).toEqual([3732534457, 1332528664, 646961260]);
  });

  it("seed 42 begins with these uniform numbers, to the last bit", () => {
    const random = new Random(42);
    expect(take(3, () => random.uniform())).toEqual([
      0.8690483965743594, 0.1506324111875399, 0.5203206621592672,
    ]);
  });

  it("seed 42 begins with these normal numbers, to the last bit", () => {
    const random = new Random(42);
    expect(take(3, () => random.normal())).toEqual([
      1.1219041244277284, -1.03372482873297, 0.0509583921729505,
    ]);
  });

  it("seed 42 begins with these whole numbers and this order", () => {
    const random = new Random(42);
    expect(take(8, () => random.integer(10))).toEqual([7, 4, 0, 7, 4, 2, 6, 1]);
    const items = [0, 1, 2, 3, 4, 5, 6, 7];
    new Random(42).shuffle(items);
    expect(items).toEqual([7, 3, 0, 6, 2, 4, 5, 1]);
  });

  it("streams do not depend on what was drawn before", () => {
    const random = new Random(42);
    random.uniform();
    expect(random.stream(1).word()).toBe(3189277926);
    expect(new Random(42, 1).word()).toBe(3189277926);
    expect(random.stream(0).word()).toBe(new Random(42).word());
  });

  it("seeds and streams are different things", () => {
    expect(new Random(1, 2).word()).not.toBe(new Random(2, 1).word());
  });
});

describe("uniform", () => {
  it("lies in 0 ≤ u < 1, with the mean and variance of the uniform distribution", () => {
    const random = new Random(3);
    const numbers = take(20_000, () => random.uniform());
    expect(numbers.every((u) => u >= 0 && u < 1)).toBe(true);
    // Four standard errors: √(1/12/n) of the mean, √(1/180/n) of the variance.
    expect(Math.abs(mean(numbers) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / 20_000));
    expect(Math.abs(variance(numbers) - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / 20_000));
  });

  it("lies in low ≤ u < high, even where rounding would reach high", () => {
    const random = new Random(4);
    expect(take(1000, () => random.uniform(-3, 5)).every((u) => u >= -3 && u < 5)).toBe(true);
    const next = 1 + Number.EPSILON;
    expect(new Set(take(100, () => random.uniform(1, next)))).toEqual(new Set([1]));
  });

  it("uses more than 32 bits", () => {
    const random = new Random(5);
    expect(take(100, () => random.uniform() * 2 ** 32).some((u) => u % 1 !== 0)).toBe(true);
  });
});

describe("normal", () => {
  it("has the moments of the normal distribution", () => {
    const random = new Random(6);
    const count = 20_000;
    const numbers = take(count, () => random.normal());
    // Four standard errors of each moment: √(1/n), √(2/n), √(15/n), √(96/n).
    expect(Math.abs(mean(numbers))).toBeLessThan(4 * Math.sqrt(1 / count));
    expect(Math.abs(variance(numbers) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(mean(numbers.map((x) => x ** 3)))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(mean(numbers.map((x) => x ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });

  it("is moved and stretched by mean and deviation", () => {
    expect(new Random(7).normal(10, 2)).toBe(10 + 2 * new Random(7).normal());
  });

  // Computed with 40 digits, rounded to float64.
  it.each([
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.975, 1.9599639845400543],
    [0.001, -3.0902323061678136],
    [1e-10, -6.361340902404056],
    [2 ** -54, -8.292361075813597],
    [1 - 2 ** -53, 8.209536151601387],
  ])("the quantile of %d is %d", (p, quantile) => {
    expect(Math.abs(normalQuantile(p) - quantile)).toBeLessThanOrEqual(1e-15 * Math.abs(quantile));
  });

  it("the quantile is odd about one half", () => {
    for (const p of [0.01, 0.1, 0.25, 0.4]) {
      expect(normalQuantile(p) + normalQuantile(1 - p)).toBeCloseTo(0, 14);
    }
  });
});

describe("integer", () => {
  it("takes every value below the bound about equally often, and no other", () => {
    const random = new Random(8);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) counts[random.integer(6)]!++;
    expect(counts.reduce((a, b) => a + b)).toBe(6000);
    // Four standard deviations of a count: √(n · 1/6 · 5/6).
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * 28.9);
  });

  it("takes bounds from 1 to 2^32 and refuses others", () => {
    const random = new Random(9);
    expect(random.integer(1)).toBe(0);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
    for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
      expect(() => random.integer(bound)).toThrow(DataError);
    }
    expect(() => random.integer(0)).toThrow(
      "Random.integer: expected a bound from 1 to 2^32, got 0",
    );
  });
});

describe("shuffle", () => {
  it("keeps the items, and every order of three occurs about equally often", () => {
    const random = new Random(10);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const items = ["a", "b", "c"];
      random.shuffle(items);
      const order = items.join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect([...orders.keys()].sort()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"]);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * 28.9);
  });

  it("takes typed arrays, and arrays of nothing or one", () => {
    const typed = Int32Array.of(1, 2, 3);
    new Random(11).shuffle(typed);
    expect([...typed].sort()).toEqual([1, 2, 3]);
    const none: number[] = [];
    new Random(11).shuffle(none);
    expect(none).toEqual([]);
  });
});

describe("bad seeds", () => {
  it.each([-1, 0.5, Number.NaN, 2 ** 32, Number.POSITIVE_INFINITY])("%d is refused", (seed) => {
    expect(() => new Random(seed)).toThrow(DataError);
    expect(() => new Random(1, seed)).toThrow(DataError);
  });

  it("the message says what a seed is", () => {
    expect(() => new Random(-1)).toThrow(
      "Random: expected a seed that is a whole number from 0 to 4294967295, got -1",
    );
    expect(() => new Random(0, 0.5)).toThrow("expected a stream that is");
  });
});

function mean(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

function variance(numbers: number[]): number {
  const centre = mean(numbers);
  return mean(numbers.map((x) => (x - centre) ** 2));
}
