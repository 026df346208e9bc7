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
  return map.attention[row]?.[column] ?? Number.NaN;
}
