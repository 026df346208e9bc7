import { expect } from "vitest";
import type { Hypothesis } from "../../../src/index.ts";
import { expectClose } from "../../support/near.ts";

/** As equal as numbers in another order are. */
export function expectSame(actual: Hypothesis, expected: Hypothesis, digits = 4): void {
  expect(actual.outputSymbols).toEqual(expected.outputSymbols);
  expect(actual.finished).toBe(expected.finished);
  expect(actual.score).toBeCloseTo(expected.score, digits);
  expect(actual.attention).toHaveLength(expected.attention.length);
  for (const [d, row] of expected.attention.entries()) {
    expectClose(actual.attention[d]!, row, digits);
  }
}

/** The first rows of its map are these. */
export function expectRows({ attention }: Hypothesis, rows: readonly (readonly number[])[]): void {
  for (const [d, row] of rows.entries()) expectClose(attention[d]!, row, 5);
}
