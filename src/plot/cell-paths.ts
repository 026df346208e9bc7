import type { AttentionMap } from "./attention-map.ts";

/** The cells of a map as paths in which a cell has the side 1. */
export interface CellPaths {
  /**
   * One path a step of the scale, empty where no weight falls on it. Its lines are as thick as a cell
   * and run along the upper edge of theirs: they are to be drawn half a cell lower.
   */
  readonly filled: readonly string[];
  /** The cells without a weight, a little smaller than the others, to be outlined where they are. */
  readonly unknown: string;
}

/**
 * Cells by colour, so that a map of 40,000 is 41 paths and not 40,000 elements: what a page takes long
 * for is elements, and then text. Neighbours of one colour in a row are one line.
 */
export function cellPaths(map: AttentionMap, steps: number): CellPaths {
  const filled = new Array<string>(steps).fill("");
  let unknown = "";
  const columns = map.sourceSymbols.length;
  for (let d = 0; d < map.outputSymbols.length; d++) {
    const row: readonly unknown[] = map.attention[d] ?? [];
    const across = ` ${d}h`;
    let from = 0;
    let step = NONE;
    for (let e = 0; e <= columns; e++) {
      // As weightAt and scaleStep say, in place: this is most of the time that a map takes.
      const weight = row[e];
      let next = NONE;
      if (e < columns && typeof weight === "number" && !Number.isNaN(weight)) {
        next = Math.round((weight < 0 ? 0 : weight > 1 ? 1 : weight) * (steps - 1));
      } else if (e < columns) unknown += `M${e}.1 ${d}.1h.8v.8h-.8z`;
      if (next === step) continue;
      if (step !== NONE) filled[step] += `M${from}${across}${e - from}`;
      from = e;
      step = next;
    }
  }
  return { filled, unknown };
}

const NONE = -1;

/** The lines between cells, which keep neighbours of one colour apart. */
export function cellLines(rows: number, columns: number): string {
  let lines = "";
  for (let d = 1; d <= rows; d++) lines += `M0 ${d}h${columns}`;
  for (let e = 1; e <= columns; e++) lines += `M${e} 0v${rows}`;
  return lines;
}
