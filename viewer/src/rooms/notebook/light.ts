import { type Cell, cellName, cellsOf } from "./expression.ts";
import { type NamedArray, usesOf } from "./named-array.ts";

/** What is lit in a stage, by the names of cells. */
export interface Light {
  readonly here: string | null;
  readonly locked: boolean;
  /** What the cell was made of. */
  readonly from: ReadonlySet<string>;
  /** What it goes into. */
  readonly to: ReadonlySet<string>;
  readonly editing: string | null;
}

/** What a visitor does with a cell. */
export interface CellActions {
  readonly point: (cell: Cell | null) => void;
  readonly lock: (cell: Cell | null) => void;
  readonly edit: (cell: Cell | null) => void;
  readonly set: (cell: Cell, value: number) => void;
  readonly refuse: (word: string) => void;
  /** The id of the text in which refusals are given. */
  readonly words: string;
}

/** What is lit by a cell. */
export function lightOf(
  here: Cell | null,
  locked: Cell | null,
  editing: Cell | null,
  arrays: readonly NamedArray[],
): Light {
  const explain = arrays.find(({ name }) => name === here?.array)?.explain ?? null;
  const from = here === null || explain === null ? [] : cellsOf(explain(here.index));
  return {
    here: here === null ? null : cellName(here),
    locked: locked !== null,
    from: new Set(from.map(cellName)),
    to: new Set((here === null ? [] : usesOf(here, arrays)).map(cellName)),
    editing: editing === null ? null : cellName(editing),
  };
}

/** A cell as far as it is still there: the batch may have become smaller. */
export function stillThere(cell: Cell | null, arrays: readonly NamedArray[]): Cell | null {
  const array = arrays.find(({ name }) => name === cell?.array);
  const isInside = array !== undefined && cell?.index.every((i, axis) => i < array.shape[axis]!);
  return isInside === true ? cell : null;
}
