import { describe } from "../../core/arguments.ts";
import { DtypeError, ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shapes.ts";
import type { Memory } from "../../core/storage.ts";
import { Indices } from "../../core/tensor.ts";
import { AXES } from "../../kernels/attend/contract.ts";
import type { NestedBooleans } from "./options.ts";

const ALL = [AXES.batch, AXES.heads, AXES.queries, AXES.steps];

/**
 * Which of the axes (N, H, Tq, Tk) a mask or a bias has: its shape is aligned from the right with that
 * of the weights, which may lack the heads.
 */
export function axesOf(where: string, name: string, shape: Shape, full: Shape): number {
  // A call without heads is one of one head: its mask may have the axis, of size 1.
  const aligned = shape.length === 4 && full.length === 3 ? [full[0]!, 1, ...full.slice(1)] : full;
  const bits = aligned.length === 4 ? ALL : ALL.filter((axis) => axis !== AXES.heads);
  const missing = aligned.length - shape.length;
  if (missing < 0) refuse(where, name, shape, full);
  let found = 0;
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    if (size !== aligned[axis + missing]) refuse(where, name, shape, full);
    found |= bits[axis + missing]!;
  }
  return found;
}

function refuse(where: string, name: string, shape: Shape, full: Shape): never {
  throw new ShapeError({
    where,
    expected: `${name} of a shape that broadcasts to ${formatShape(full)}: aligned from the right, each axis 1 or full`,
    received: `shape ${formatShape(shape)}`,
  });
}

/** Nested booleans as indices of 0 and 1. */
export function maskFrom(where: string, nested: NestedBooleans, device: Memory): Indices {
  const shape: number[] = [];
  let level: unknown = nested;
  // One more than a mask may have: axesOf then says what is too many.
  while (Array.isArray(level) && shape.length < 5) {
    shape.push(level.length);
    level = level[0];
  }
  // Not of the size that the shape says, which an array that holds itself may make anything.
  const flat: number[] = [];
  const walk = (inner: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (typeof inner !== "boolean") refuseLeaf(where, inner);
      flat.push(inner ? 1 : 0);
      return;
    }
    if (!Array.isArray(inner) || inner.length !== shape[axis]) {
      throw new ShapeError({
        where,
        expected: `every array of axis ${axis} of mask to have length ${shape[axis]}`,
        received: describe(inner),
      });
    }
    for (const one of inner) walk(one, axis + 1);
  };
  walk(nested, 0);
  const storage = device.allocate("int32", flat.length);
  storage.write(flat);
  return new Indices(device, storage, shape);
}

function refuseLeaf(where: string, leaf: unknown): never {
  throw new DtypeError({
    where,
    expected: "mask to be indices, or booleans in nested arrays",
    received: describe(leaf),
    fix: "make indices of zeros and ones with indices(data, shape)",
  });
}
