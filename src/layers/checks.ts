import { describe } from "../core/arguments.ts";
import { DeviceError, DtypeError, ShapeError, StateError } from "../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../core/shapes.ts";
import type { Memory } from "../core/storage.ts";
import { Indices, Tensor } from "../core/tensor.ts";

/** The sizes of a tensor whose axes bear the given letters, e.g. `axes(…, hs, "N", "T", "H")`. */
export function axes<Letters extends readonly string[]>(
  where: string,
  name: string,
  value: Tensor,
  ...letters: Letters
): { [Axis in keyof Letters]: number } {
  checkTensor(where, name, value);
  if (value.shape.length !== letters.length) {
    throw new ShapeError({
      where,
      expected: `${name} to have the ${letters.length} axes (${letters.join(", ")})`,
      received: `shape ${formatShape(value.shape)}`,
    });
  }
  // As many sizes as letters, by the check above.
  return value.shape as unknown as { [Axis in keyof Letters]: number };
}

/** Refuses anything but a tensor. */
export function checkTensor(where: string, name: string, value: unknown): void {
  if (value instanceof Tensor) {
    checkHeld(where, name, value);
    return;
  }
  throw new ShapeError({
    where,
    expected: `${name} to be a tensor`,
    received: describe(value),
    fix: "make one with tensor(data, shape)",
  });
}

/** Refuses anything but indices. */
export function checkIndices(where: string, name: string, value: unknown): void {
  if (value instanceof Indices) {
    checkHeld(where, name, value);
    return;
  }
  throw new ShapeError({
    where,
    expected: `${name} to be indices`,
    received: value instanceof Tensor ? `a ${value.dtype} tensor` : describe(value),
    fix: "make them with indices(data, shape)",
  });
}

function checkHeld(where: string, name: string, value: Tensor | Indices): void {
  if (!value.disposed) return;
  throw new StateError({
    where,
    expected: `${name} to be held`,
    received: `use of ${formatShape(value.shape)} after dispose()`,
    fix: "dispose it later",
  });
}

/** The sizes of a sequence hs (N, T, H) and a state h (N, H) that go together. */
export function sequenceAndState(
  where: string,
  hs: Tensor,
  h: Tensor,
): readonly [N: number, T: number, H: number] {
  const [N, T, H] = axes(where, "hs", hs, "N", "T", "H");
  const [stateN, stateH] = axes(where, "h", h, "N", "H");
  agree(where, "N", "h", stateN, "hs", N);
  agree(where, "H", "h", stateH, "hs", H);
  together(where, { hs, h });
  return [N, T, H];
}

const MEANING: Readonly<Record<string, string>> = {
  N: "batch size",
  T: "number of time steps",
  H: "hidden size",
  D: "size",
  V: "vocabulary size",
};

/** Refuses two tensors that do not agree on an axis: `hsDec has H = 64, hsEnc has H = 128; …`. */
export function agree(
  where: string,
  letter: string,
  a: string,
  sizeA: number,
  b: string,
  sizeB: number,
): void {
  if (sizeA === sizeB) return;
  throw new ShapeError({
    where,
    expected: `both need the same ${MEANING[letter] ?? `size ${letter}`}`,
    received: `${a} has ${letter} = ${sizeA}, ${b} has ${letter} = ${sizeB}`,
    form: "statement",
  });
}

/** Refuses a tensor whose shape is not exactly the given one. */
export function expectShape(
  where: string,
  name: string,
  value: Tensor,
  shape: readonly number[],
): void {
  checkTensor(where, name, value);
  if (!sameShape(value.shape, shape)) {
    throw new ShapeError({
      where,
      expected: `${name} of shape ${formatShape(shape)}`,
      received: `shape ${formatShape(value.shape)}`,
    });
  }
}

/** Refuses a tensor whose last axis is not `size` numbers long; returns how many such rows it has. */
export function checkLastAxis(where: string, name: string, value: Tensor, size: number): number {
  checkTensor(where, name, value);
  if (value.shape.at(-1) !== size) {
    throw new ShapeError({
      where,
      expected: `${name} to have ${size} numbers along its last axis`,
      received: `shape ${formatShape(value.shape)}`,
    });
  }
  return sizeOf(value.shape.slice(0, -1));
}

/** Refuses anything but steps (N, T, size). */
export function checkSteps(where: string, name: string, x: Tensor, size: number): void {
  axes(where, name, x, "N", "T", "D");
  checkLastAxis(where, name, x, size);
}

/** Refuses tensors of two dtypes, or on two devices, naming which is which. */
export function together(
  where: string,
  tensors: Readonly<Record<string, Pick<Tensor, "dtype" | "device">>>,
): void {
  let name: string | null = null;
  for (const otherName in tensors) {
    name ??= otherName;
    const [one, other] = [tensors[name]!, tensors[otherName]!];
    if (other.dtype !== one.dtype) {
      throw new DtypeError({
        where,
        expected: "all of one call need the same dtype",
        received: `${name} is ${one.dtype}, ${otherName} is ${other.dtype}`,
        form: "statement",
      });
    }
    sameDevice(where, name, one, otherName, other);
  }
}

/** Refuses two tensors (or indices) that live on different devices, naming which is where. */
export function sameDevice(
  where: string,
  name: string,
  one: { readonly device: Memory },
  otherName: string,
  other: { readonly device: Memory },
): void {
  if (other.device === one.device) return;
  const twice = other.device.name === one.device.name ? " (opened twice)" : "";
  throw new DeviceError({
    where,
    expected: "all of one call need the same device",
    received: `${name} is on ${one.device.name}, ${otherName} is on ${other.device.name}${twice}`,
    fix: "copy one over: tensor(await x.read(), x.shape, { device }), or indices(…) alike",
    form: "statement",
  });
}

/** Refuses lengths that do not fit: one per sequence, each from 0 to `steps`. */
export function checkLengths(
  where: string,
  lengths: Indices | undefined,
  like: Tensor,
  batch: number,
  steps: number,
): void {
  if (lengths === undefined) return;
  checkIndices(where, "lengths", lengths);
  sameDevice(where, "lengths", lengths, "the sequences", like);
  if (lengths.shape.length !== 1 || lengths.shape[0] !== batch) {
    throw new ShapeError({
      where,
      expected: `lengths of shape (${batch}), one per sequence`,
      received: `shape ${formatShape(lengths.shape)}`,
    });
  }
  checkRange(where, "lengths", lengths, 0, steps);
}

/** Refuses indices outside `low … high`, naming the first. */
export function checkRange(
  where: string,
  name: string,
  values: Indices,
  low: number,
  high: number,
): void {
  const { data } = values;
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < low || data[i]! > high) {
      throw new ShapeError({
        where,
        expected: `every number of ${name} to be from ${low} to ${high}`,
        received: `${data[i]} at element ${i}`,
      });
    }
  }
}
