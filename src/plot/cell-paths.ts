import { type AttentionMap, weightAt } from "./attention-map.ts";
import { scaleStep } from "./attention-scale.ts";

/** The cells of a map as paths in which a cell is a square of side 1. */
export interface CellPaths {
  /** One path a step of the scale, empty where no weight falls on it. */
  readonly filled: readonly string[];
  /** The cells without a weight, a little smaller, to be outlined. */
  readonly unknown: string;
}

/**
 * Cells by colour, so that a map of 40,000 is 41 paths and not 40,000 elements: what an engine takes
 * long for is elements. Neighbours of one colour in a row are one rectangle.
 */
export function cellPaths(map: AttentionMap, steps: number): CellPaths {
  const filled = new Array<string>(steps).fill("");
  let unknown = "";
  const columns = map.sourceSymbols.length;
  const stepAt = (d: number, e: number): number => {
    const weight = weightAt(map, d, e);
    return Number.isNaN(weight) ? -1 : scaleStep(weight, steps);
  };
  for (let d = 0; d < map.outputSymbols.length; d++) {
    let from = 0;
    let step = columns > 0 ? stepAt(d, 0) : 0;
    for (let e = 1; e <= columns; e++) {
      const next = e < columns ? stepAt(d, e) : -2;
      if (step === -1) unknown += `M${e - 1}.1 ${d}.1h.8v.8h-.8z`;
      if (next === step) continue;
      if (step >= 0) filled[step] += `M${from} ${d}h${e - from}v1H${from}z`;
      [from, step] = [e, next];
    }
  }
  return { filled, unknown };
}

/** The lines between cells, which keep neighbours of one colour apart. */
export function cellLines(rows: number, columns: number): string {
  let lines = "";
  for (let d = 1; d <= rows; d++) lines += `M0 ${d}h${columns}`;
  for (let e = 1; e <= columns; e++) lines += `M${e} 0v${rows}`;
  return lines;
}
