import { checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { visibleSymbol } from "./attention-labels.ts";
import { type AttentionMap, weightAt } from "./attention-map.ts";
import type { AxisLabels } from "./frame.ts";

/** A row, a column, or both: a cell. */
export interface MapSelection {
  /** The number of an output symbol, from 0. */
  readonly row?: number;
  /** The number of a source symbol, from 0. */
  readonly column?: number;
}

/** The same for the component itself: -1 where there is none. Both are never -1. */
export interface Spot {
  readonly row: number;
  readonly column: number;
}

/** Refuses what is not in the map. */
export function spotOf(where: string, selection: MapSelection | null, map: AttentionMap) {
  if (selection === null) return null;
  checkOptions(where, selection, ["row", "column"]);
  const spot = { row: selection.row ?? -1, column: selection.column ?? -1 };
  const given = [selection.row ?? 0, selection.column ?? 0];
  if (given.every((n) => Number.isInteger(n) && n >= 0) && isIn(spot, map)) return spot;
  throw new DataError({
    where,
    expected: `row below ${map.outputSymbols.length} or column below ${map.sourceSymbols.length}, or both`,
    received: `row ${describe(selection.row)}, column ${describe(selection.column)}`,
  });
}

/** Whether a map has the row and the column. */
export function isIn({ row, column }: Spot, map: AttentionMap): boolean {
  const { sourceSymbols, outputSymbols } = map;
  return row < outputSymbols.length && column < sourceSymbols.length && (row >= 0 || column >= 0);
}

/** As callers know it. */
export function selectionOf({ row, column }: Spot): MapSelection {
  return { ...(row < 0 ? {} : { row }), ...(column < 0 ? {} : { column }) };
}

/** Whether two are the same. */
export function isSame(one: Spot | null, other: Spot | null): boolean {
  return one?.row === other?.row && one?.column === other?.column;
}

/** Where a key leads; null for a key that leads nowhere. Labels are before the first cell. */
export function moved(spot: Spot, key: string, far: boolean, map: AttentionMap): Spot | null {
  const last = { row: map.outputSymbols.length - 1, column: map.sourceSymbols.length - 1 };
  let { row, column } = spot;
  if (key === "ArrowUp") row -= 1;
  else if (key === "ArrowDown") row += 1;
  else if (key === "ArrowLeft") column -= 1;
  else if (key === "ArrowRight") column += 1;
  else if (key === "PageUp") row -= 10;
  else if (key === "PageDown") row += 10;
  else if (key === "Home") [row, column] = [far ? 0 : row, 0];
  else if (key === "End") [row, column] = [far ? last.row : row, last.column];
  else return null;
  const least = key.startsWith("Page") ? 0 : -1;
  row = Math.max(Math.min(least, spot.row), Math.min(last.row, row));
  column = Math.max(-1, Math.min(last.column, column));
  return row < 0 && column < 0 ? spot : { row, column };
}

/** A line to read: text of heed's own, and symbols, which may be written from right to left. */
export type Line = readonly (string | { readonly symbol: string })[];

const MOST = 5;

/** What the numbers of a spot are, in words. */
export function describeSpot(
  map: AttentionMap,
  { row, column }: Spot,
  axes: Required<AxisLabels>,
): Line[] {
  const source = { symbol: visibleSymbol(map.sourceSymbols[column] ?? "") };
  const output = { symbol: visibleSymbol(map.outputSymbols[row] ?? "") };
  if (row < 0) {
    const weights = map.outputSymbols.map((_, d) => weightAt(map, d, column));
    const best = largest(map.outputSymbols, weights, axes.output);
    return [[`${axes.source} `, source, ` → ${weights.length} × ${axes.output}`], best];
  }
  const weights = map.sourceSymbols.map((_, e) => weightAt(map, row, e));
  const best = largest(map.sourceSymbols, weights, axes.source);
  const head = [`${axes.output} `, output, " ← "];
  return column < 0
    ? [[...head, `${weights.length} × ${axes.source}`], best]
    : [[...head, `${axes.source} `, source, `: ${inWords(weights[column]!)}`], best];
}

/** A weight as it is written beside the map. */
export function inWords(weight: number): string {
  return Number.isNaN(weight) ? "unknown" : weight.toFixed(3);
}

function largest(symbols: readonly string[], weights: readonly number[], axis: string): Line {
  const order = [...weights.keys()].filter((i) => weights[i]! > 0);
  order.sort((i, j) => weights[j]! - weights[i]! || i - j);
  if (order.length === 0) return [`no ${axis} has a weight above 0`];
  const items = order.slice(0, MOST).flatMap((i) => {
    const symbol = visibleSymbol(symbols[i]!);
    return [" · ", { symbol }, ` ${inWords(weights[i]!)}`];
  });
  return [`largest ${axis}: `, ...items.slice(1), ...(order.length > MOST ? [" · …"] : [])];
}
