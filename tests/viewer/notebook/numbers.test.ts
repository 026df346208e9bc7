import fc from "fast-check";
import { expect, test } from "vitest";
import { formatNumber, LARGEST, readNumber } from "../../../viewer/src/rooms/notebook/numbers.ts";

test("numbers of two decimals show two, others three, small and large ones their power of ten", () => {
  const shown = [0.8, 0.1 + 0.2, 1.8604, -0.0416, 0, -0, 0.00002, -31234.5, Number.NaN, -1 / 0];
  expect(shown.map(formatNumber)).toEqual([
    "0.80",
    "0.30",
    "1.860",
    "−0.042",
    "0.00",
    "0.00",
    "2.0e−5",
    "−3.1e4",
    "NaN",
    "−∞",
  ]);
});

test("what is shown of a number comes near to it when it is read", () => {
  fc.assert(
    fc.property(fc.double({ min: -LARGEST, max: LARGEST, noNaN: true }), (value) => {
      const typed = readNumber(formatNumber(value));
      expect(typed).toHaveProperty("value");
      if ("value" in typed) expect(Math.abs(typed.value - value)).toBeLessThanOrEqual(0.000501);
    }),
  );
});

test("a comma and a true minus are read; what is no number, or too large, is refused with a word", () => {
  expect(readNumber(" −2,5 ")).toEqual({ value: -2.5 });
  for (const text of ["", "  ", "abc", "1e999", "1 2", "NaN"]) {
    expect(readNumber(text), text).toHaveProperty("refused");
  }
  expect(readNumber("101")).toEqual({ refused: "only from −100 to 100" });
  expect(readNumber("−100")).toEqual({ value: -100 });
});
