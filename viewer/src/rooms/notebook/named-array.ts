import type { Tensor } from "heed";
import {
  type Cell,
  cellName,
  cellsOf,
  type Expression,
  evaluate,
  type Values,
} from "./expression.ts";
import type { InputKey } from "./inputs.ts";

/** The axes of the notebook: batch, steps (of an encoder, of a decoder), numbers of a state. */
export type Axis = "N" | "T" | "Te" | "Td" | "H" | "T′";

/** An array of a section, with what made each of its numbers. */
export interface NamedArray {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: ArrayLike<number>;
  /** One sentence: what it is, or for a gradient why it comes from where it does. */
  readonly why: string;
  /** How a cell was made; null for what is given. */
  readonly explain: ((index: readonly number[]) => Expression) | null;
  /** Where a given array is kept, and what goes before an index of it there; null for what is computed. */
  readonly given: { readonly key: InputKey; readonly prefix: readonly number[] } | null;
}

/** The arrays of a section: the forward pass's, then the backward pass's. */
export interface Worked {
  readonly forward: readonly NamedArray[];
  readonly backward: readonly NamedArray[];
}

/** Maker of a number by the place that it has in its array. */
export type Explain = (...index: number[]) => Expression;

/** An array that the visitor may edit. */
export function given(
  name: string,
  axes: readonly Axis[],
  { shape, data }: Tensor,
  why: string,
  key: InputKey,
  prefix: readonly number[] = [],
): NamedArray {
  return { name, axes, shape, values: data, why, explain: null, given: { key, prefix } };
}

/** An array that one of heed's layers gave. */
export function made(
  name: string,
  axes: readonly Axis[],
  { shape, data }: Tensor,
  why: string,
  explain: Explain,
): NamedArray {
  const byIndex = (index: readonly number[]): Expression => explain(...index);
  return { name, axes, shape, values: data, why, explain: byIndex, given: null };
}

/** A step in between that no layer gives: its numbers are what its expressions come to. */
export function derived(
  name: string,
  axes: readonly Axis[],
  shape: readonly number[],
  why: string,
  known: readonly NamedArray[],
  explain: Explain,
): NamedArray {
  const values = valuesIn(known);
  const numbers = indicesOf(shape).map((index) => evaluate(explain(...index), values));
  const byIndex = (index: readonly number[]): Expression => explain(...index);
  return { name, axes, shape, values: numbers, why, explain: byIndex, given: null };
}

/** All places of an array, in the order of its numbers. */
export function indicesOf(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.reduce<readonly (readonly number[])[]>(
    (before, size) =>
      before.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The number at a place. */
export function valueAt({ shape, values }: NamedArray, index: readonly number[]): number {
  const flat = index.reduce((before, i, axis) => before * (shape[axis] ?? 1) + i, 0);
  return values[flat] ?? Number.NaN;
}

/** What is in the cells of a section. */
export function valuesIn(arrays: readonly NamedArray[]): Values {
  const byName = new Map(arrays.map((array) => [array.name, array]));
  return ({ array, index }) => {
    const found = byName.get(array);
    return found === undefined ? Number.NaN : valueAt(found, index);
  };
}

/** The cells that were made with a cell: where it goes. */
export function usesOf(cell: Cell, arrays: readonly NamedArray[]): readonly Cell[] {
  const wanted = cellName(cell);
  return arrays.flatMap(({ name, shape, explain }) => {
    if (explain === null) return [];
    return indicesOf(shape)
      .filter((index) => cellsOf(explain(index)).some((each) => cellName(each) === wanted))
      .map((index) => ({ array: name, index }));
  });
}
