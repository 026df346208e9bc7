import { describe, expect, it } from "vitest";
import { ShapeError } from "../../src/core/errors.ts";
import {
  checkShape,
  flatten,
  formatShape,
  type NestedNumbers,
  nest,
  sameShape,
  shapeOf,
  sizeOf,
} from "../../src/core/shapes.ts";

describe("sizes", () => {
  it("of a shape are multiplied, and a single number counts one", () => {
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([3, 0])).toBe(0);
  });

  it("are written in parentheses", () => {
    expect(formatShape([2, 3])).toBe("(2, 3)");
    expect(formatShape([])).toBe("()");
  });

  it("are the same only in the same order and number", () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });
});

describe("checkShape", () => {
  it.each([[[]], [[0]], [[1, 2, 3]]])("accepts (%j)", (shape) => {
    expect(() => checkShape("here", shape)).not.toThrow();
  });

  it.each([
    [[2, -1], "-1 on axis 1"],
    [[1.5], "1.5 on axis 0"],
    [[Number.NaN, 2], "NaN on axis 0"],
    [[2 ** 53], "9007199254740992 on axis 0"],
  ])("refuses %j and names the axis", (shape, received) => {
    expect(() => checkShape("here", shape)).toThrow(ShapeError);
    expect(() => checkShape("here", shape)).toThrow(
      `here: expected a whole number ≥ 0 and < 2^31 for every size of the shape, got ${received}`,
    );
  });

  it("refuses more elements than can be counted", () => {
    expect(() => checkShape("here", [2 ** 30, 2 ** 30])).toThrow(
      "here: expected a shape whose number of elements is a safe integer, " +
        "got (1073741824, 1073741824)",
    );
  });

  it("refuses what is no array", () => {
    const notAShape = 3 as unknown as number[];
    expect(() => checkShape("here", notAShape)).toThrow(
      "here: expected a shape: an array of sizes, got 3",
    );
  });
});

describe("nested arrays", () => {
  const cases: [NestedNumbers, number[], number[]][] = [
    [5, [], [5]],
    [[], [0], []],
    [[1, 2, 3], [3], [1, 2, 3]],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      [[[1]], [[2]]],
      [2, 1, 1],
      [1, 2],
    ],
    [[[], []], [2, 0], []],
  ];

  it.each(cases)("%j has shape %j and numbers %j, and comes back", (nested, shape, numbers) => {
    expect(shapeOf(nested)).toEqual(shape);
    expect(flatten("here", nested, shape)).toEqual(numbers);
    expect(nest(numbers, shape)).toEqual(nested);
  });

  it("nest as many levels as the shape has, sizes of 0 included", () => {
    expect(nest([], [0, 3])).toEqual([]);
    expect(nest([], [2, 0, 3])).toEqual([[], []]);
    expect(nest(Float32Array.of(1, 2), [1, 2])).toEqual([[1, 2]]);
  });

  const evenly = "; every array of one nesting level must be equally long and equally deep";

  it.each([
    [[[1, 2], [3]], "an array of length 2 at index [1], got one of length 1"],
    [[[1], [2, 3]], "an array of length 1 at index [1], got one of length 2"],
    [[[1, 2], 3], "an array of length 2 at index [1], got 3"],
    [[1, [2]], "a number at index [1], got an array of length 1"],
    [[[[1], [2]], [[3]]], "an array of length 2 at index [1], got one of length 1"],
    [[[1, "2"]], 'a number at index [0][1], got "2"'],
    [[1, null], "a number at index [1], got null"],
    [[1, undefined], "a number at index [1], got undefined"],
  ])("%j is refused with its first odd index", (ragged, message) => {
    const nested = ragged as NestedNumbers;
    expect(() => flatten("tensor", nested, shapeOf(nested))).toThrow(ShapeError);
    expect(() => flatten("tensor", nested, shapeOf(nested))).toThrow(
      `tensor: expected ${message}${evenly}`,
    );
  });

  it("a lone value that is no number is refused", () => {
    const text = "1" as unknown as NestedNumbers;
    expect(() => flatten("tensor", text, [])).toThrow(
      'tensor: expected a number at the data, got "1"',
    );
  });

  it("nesting that has no end, or hardly one, is refused", () => {
    const holdsItself: unknown[] = [];
    holdsItself.push(holdsItself);
    expect(() => shapeOf(holdsItself as NestedNumbers)).toThrow(/at most 64 axes.*holds itself/);
    expect(() => checkShape("here", new Array(65).fill(1))).toThrow("at most 64 axes, got 65");
  });
});
