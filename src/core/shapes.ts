import { describe, LARGEST_SIZE } from "./arguments.ts";
import { ShapeError } from "./errors.ts";

/** Sizes per axis, outermost first; `[]` is a single number. */
export type Shape = readonly number[];

/** Numbers nested as arrays, one level per axis. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** The number of elements of a shape: the product of its sizes, 1 for `[]`. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis]!;
  return size;
}

/** `(2, 3)`, the way messages write a shape. */
export function formatShape(shape: Shape): string {
  return `(${shape.join(", ")})`;
}

/** Most axes of a shape: far more than a program means, so that no recursion over them goes too deep. */
const MOST_AXES = 64;

/** Refuses a shape with a negative, fractional or too large size. */
export function checkShape(where: string, shape: Shape): void {
  if (!Array.isArray(shape)) {
    throw new ShapeError({
      where,
      expected: "a shape: an array of sizes",
      received: describe(shape),
    });
  }
  if (shape.length > MOST_AXES) tooManyAxes(where, `${shape.length}`);
  for (const [axis, n] of shape.entries()) {
    if (!Number.isSafeInteger(n) || n < 0 || n > LARGEST_SIZE) {
      throw new ShapeError({
        where,
        expected: `a whole number ≥ 0 and < 2^31 for every size of the shape`,
        received: `${describe(n)} on axis ${axis}`,
      });
    }
  }
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new ShapeError({
      where,
      expected: "a shape whose number of elements is a safe integer",
      received: formatShape(shape),
    });
  }
}

function tooManyAxes(where: string, received: string): never {
  throw new ShapeError({ where, expected: `at most ${MOST_AXES} axes`, received });
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/**
 * The shape of nested arrays, read along their first elements; raggedness is found by {@link flatten}.
 *
 * @throws ShapeError when the nesting is too deep, as that of an array which holds itself is.
 */
export function shapeOf(nested: NestedNumbers, where = "tensor"): number[] {
  const shape: number[] = [];
  let level: NestedNumbers | undefined = nested;
  while (Array.isArray(level)) {
    shape.push(level.length);
    if (shape.length > MOST_AXES)
      tooManyAxes(where, "deeper nesting, or an array that holds itself");
    level = level[0];
  }
  return shape;
}

/**
 * The numbers of nested arrays in row-major order, every array held against `shape`.
 *
 * @throws ShapeError naming the first index where the nesting is ragged or a leaf is not a number.
 */
export function flatten(where: string, nested: NestedNumbers, shape: Shape): number[] {
  const flat: number[] = [];
  const index: number[] = [];
  const walk = (level: unknown, axis: number): void => {
    const at = index.length === 0 ? "the data" : `index [${index.join("][")}]`;
    if (axis === shape.length) {
      if (typeof level !== "number") {
        throw new ShapeError({
          where,
          expected: `a number at ${at}`,
          received: Array.isArray(level) ? `an array of length ${level.length}` : describe(level),
          fix: "every array of one nesting level must be equally long and equally deep",
        });
      }
      flat.push(level);
      return;
    }
    const expected = shape[axis];
    if (!Array.isArray(level) || level.length !== expected) {
      throw new ShapeError({
        where,
        expected: `an array of length ${expected} at ${at}`,
        received: Array.isArray(level) ? `one of length ${level.length}` : describe(level),
        fix: "every array of one nesting level must be equally long and equally deep",
      });
    }
    for (let i = 0; i < level.length; i++) {
      index.push(i);
      walk(level[i], axis + 1);
      index.pop();
    }
  };
  walk(nested, 0);
  return flat;
}

/** Row-major numbers as nested arrays of the given shape; a plain number for `[]`. */
export function nest(data: ArrayLike<number>, shape: Shape): NestedNumbers {
  const build = (axis: number, offset: number, stride: number): NestedNumbers => {
    const size = shape[axis];
    if (size === undefined) return data[offset] ?? Number.NaN;
    const inner = size === 0 ? 0 : stride / size;
    return Array.from({ length: size }, (_, i) => build(axis + 1, offset + i * inner, inner));
  };
  return build(0, 0, sizeOf(shape));
}
