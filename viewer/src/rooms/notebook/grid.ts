import type { Axis, NamedArray } from "./named-array.ts";

/** A picture of an array, or of one sequence of it: what is in its rows and columns. */
export interface Grid {
  /** What to call it, for who does not see it. */
  readonly label: string;
  /** The sequence that it is of, where there are several pictures of one array. */
  readonly sequence: number | null;
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly GridRow[];
}

export interface GridRow {
  readonly label: string;
  /** Where each cell is in the array. */
  readonly cells: readonly (readonly number[])[];
}

/** Axes along which arrays are drawn downwards: so weights stand beside the steps that they weigh. */
const DOWNWARDS: readonly Axis[] = ["T", "Te", "Td"];

/** The pictures of an array: of the sequence n alone, or with null of all that there are. */
export function gridsOf(array: NamedArray, n: number | null): readonly Grid[] {
  if (array.axes[0] !== "N") return [gridOf(array, [], null)];
  if (n !== null) return [gridOf(array, [n], null)];
  return Array.from({ length: array.shape[0] ?? 0 }, (_, each) => gridOf(array, [each], each));
}

function gridOf(array: NamedArray, prefix: readonly number[], sequence: number | null): Grid {
  const { name } = array;
  const axes = array.axes.slice(prefix.length);
  const sizes = array.shape.slice(prefix.length);
  const [first, second] = axes;
  const [height = 1, width = 1] = sizes;
  const label = `${name}${sequence === null ? "" : `, sequence ${sequence}`}: ${axes.join(" by ") || "one number"}`;
  if (first === undefined) {
    return { label, sequence, corner: "", columns: [], rows: [{ label: "", cells: [prefix] }] };
  }
  const at = (...rest: number[]): readonly number[] => [...prefix, ...rest];
  if (second !== undefined) {
    const rows = numbered(height).map((i) => {
      return { label: String(i), cells: numbered(width).map((j) => at(i, j)) };
    });
    return { label, sequence, corner: `${first}\\${second}`, columns: labels(width), rows };
  }
  if (DOWNWARDS.includes(first)) {
    const rows = numbered(height).map((i) => ({ label: String(i), cells: [at(i)] }));
    return { label, sequence, corner: first, columns: [name], rows };
  }
  const rows = [{ label: name, cells: numbered(height).map((i) => at(i)) }];
  return { label, sequence, corner: first, columns: labels(height), rows };
}

function numbered(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function labels(count: number): readonly string[] {
  return numbered(count).map(String);
}

/** Where a key leads from a cell of a grid; null for keys that lead nowhere. */
export function cellAfter(
  { rows }: Grid,
  row: number,
  column: number,
  key: string,
): readonly [row: number, column: number] | null {
  const lastRow = rows.length - 1;
  const lastColumn = (rows[0]?.cells.length ?? 1) - 1;
  switch (key) {
    case "ArrowUp":
      return [Math.max(0, row - 1), column];
    case "ArrowDown":
      return [Math.min(lastRow, row + 1), column];
    case "ArrowLeft":
      return [row, Math.max(0, column - 1)];
    case "ArrowRight":
      return [row, Math.min(lastColumn, column + 1)];
    case "Home":
      return [row, 0];
    case "End":
      return [row, lastColumn];
    default:
      return null;
  }
}
