import { checkArray, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";

/**
 * What a model looked at: one row of weights per output symbol, one column per source symbol.
 * Every `Transduction` is one.
 */
export interface AttentionMap {
  /** What was read, one per column. */
  readonly sourceSymbols: readonly string[];
  /** What was written, one per row. */
  readonly outputSymbols: readonly string[];
  /** attention[d][e]: how much output symbol d looked at source symbol e, 0 to 1. */
  readonly attention: readonly (readonly number[])[];
}

/** The weight of a cell; NaN where the map has none. */
export function weightAt(map: AttentionMap, row: number, column: number): number {
  const weight: unknown = map.attention[row]?.[column];
  return typeof weight === "number" ? weight : Number.NaN;
}

/** Refuses anything but a map; its weights may be any numbers, or missing. */
export function checkMap(where: string, map: AttentionMap): void {
  if (typeof map !== "object" || map === null) {
    const expected = "a map: { sourceSymbols, outputSymbols, attention }";
    throw new DataError({ where, expected, received: describe(map) });
  }
  const isText = (item: unknown): boolean => typeof item === "string";
  const isRow = (item: unknown): boolean => Array.isArray(item) || ArrayBuffer.isView(item);
  checkArray(where, "sourceSymbols", map.sourceSymbols, "strings", isText);
  checkArray(where, "outputSymbols", map.outputSymbols, "strings", isText);
  checkArray(where, "attention", map.attention, "rows of weights", isRow);
}
