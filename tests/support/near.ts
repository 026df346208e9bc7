import { expect } from "vitest";
import { distance } from "./compare.ts";

/** Expects as many numbers, all finite, whose relative L2 error is within a bound. */
export function expectNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number,
): void {
  expect(actual).toHaveLength(expected.length);
  expect(Array.from(actual).every(Number.isFinite)).toBe(true);
  const { error, norm } = distance(expected, actual);
  expect(error / norm).toBeLessThanOrEqual(bound);
}

/** Expects as many numbers, each the same to so many decimals. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  digits: number,
): void {
  expect(actual).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, digits);
}
