import { expect, test } from "vitest";
import {
  cell,
  cellsOf,
  constant,
  evaluate,
  exp,
  inNames,
  inNumbers,
  maxOver,
  minus,
  over,
  plus,
  sumOver,
  times,
} from "../../../viewer/src/rooms/notebook/expression.ts";

const NUMBERS: Readonly<Record<string, number>> = {
  "a[0]": 0.8,
  "a[1]": -0.25,
  "b[0]": -2,
  "b[1]": 4,
};
const values = ({ array, index }: { array: string; index: readonly number[] }): number => {
  return NUMBERS[`${array}[${index}]`]!;
};
const a = (i: number) => cell("a", i);
const b = (i: number) => cell("b", i);

test("a sum of products is written in names and in numbers, negative ones in parentheses", () => {
  const sum = sumOver(2, (i) => times(a(i), b(i)));
  expect(inNames(sum)).toBe("a[0]·b[0] + a[1]·b[1]");
  expect(inNumbers(sum, values)).toBe("0.80·(−2.00) + (−0.25)·4.00");
  expect(evaluate(sum, values)).toBe(-2.6);
});

test("what a product, a quotient or a difference takes whole is in parentheses", () => {
  const difference = minus(a(0), plus(b(0), b(1)));
  expect(inNames(difference)).toBe("a[0] − (b[0] + b[1])");
  expect(evaluate(difference, values)).toBe(0.8 - 2);
  const product = times(a(0), minus(constant(1), a(1)));
  expect(inNames(product)).toBe("a[0]·(1 − a[1])");
  expect(inNumbers(product, values)).toBe("0.80·(1 − (−0.25))");
  const softmax = over(
    exp(a(0)),
    sumOver(2, (i) => exp(a(i))),
  );
  expect(inNames(softmax)).toBe("exp(a[0]) / (exp(a[0]) + exp(a[1]))");
  expect(evaluate(softmax, values)).toBeCloseTo(1 / (1 + Math.exp(-1.05)), 15);
  expect(inNames(maxOver(2, b))).toBe("max(b[0], b[1])");
  expect(evaluate(maxOver(2, b), values)).toBe(4);
});

test("an expression names each cell that it reads once", () => {
  const mean = over(plus(a(0), a(1), a(0)), plus(a(0), constant(3)));
  expect(cellsOf(mean)).toEqual([
    { array: "a", index: [0] },
    { array: "a", index: [1] },
  ]);
  expect(inNames(cell("max"))).toBe("max");
});
