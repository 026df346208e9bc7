import { expect, it, describe as suite } from "vitest";
import {
  checkArray,
  checkNumber,
  checkOptions,
  checkSize,
  describe,
} from "../../src/core/arguments.ts";
import { DataError, ShapeError } from "../../src/core/errors.ts";

suite("a value in words", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["1", '"1"'],
    [1n, "the BigInt 1n"],
    [Number.NaN, "NaN"],
    [[1, 2], "an array of length 2"],
    [{}, "an object"],
    [Object.create(null), "an object"],
    [new Float32Array(2), "an object of class Float32Array"],
    [Promise.resolve(), "a Promise"],
    [() => 1, "a function"],
    [Symbol("x"), "a symbol"],
  ])("%#", (value, words) => expect(describe(value)).toBe(words));
});

suite("a check of plain JavaScript's arguments", () => {
  it("refuses options that are none, or have an unknown name", () => {
    expect(() => checkOptions("f", { a: 1 }, ["a", "b"])).not.toThrow();
    for (const wrong of [null, 1, "a", [], { c: 1 }]) {
      expect(() => checkOptions("f", wrong, ["a", "b"])).toThrow(DataError);
    }
    expect(() => checkOptions("f", { c: 1 }, ["a", "b"])).toThrow(
      'f: expected options as an object of a, b, got the option "c"',
    );
  });

  it("refuses sizes that no array can have", () => {
    for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null, 3n, 2 ** 31]) {
      expect(() => checkSize("f", "n", wrong)).toThrow(ShapeError);
    }
    expect(() => checkSize("f", "n", 0)).not.toThrow();
  });

  it("refuses numbers out of range and what only looks like a number", () => {
    const above = (value: number): boolean => value > 0;
    expect(() => checkNumber("f", "x", 1, "above 0", above)).not.toThrow();
    for (const wrong of [0, Number.NaN, "1", [1], 1n, true]) {
      expect(() => checkNumber("f", "x", wrong, "above 0", above)).toThrow(DataError);
    }
  });

  it("names the first item that does not belong", () => {
    const isNumber = (item: unknown): boolean => typeof item === "number";
    expect(() => checkArray("f", "xs", [1, "2"], "numbers", isNumber)).toThrow(
      'f: expected xs to be an array of numbers, got "2" at index 1',
    );
    expect(() => checkArray("f", "xs", 1, "numbers", isNumber)).toThrow(DataError);
  });
});
