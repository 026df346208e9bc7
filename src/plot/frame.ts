import { clipLabel, displayWidth, visibleSymbol } from "./attention-labels.ts";
import type { AttentionMap } from "./attention-map.ts";

/** Around everything that is drawn, in pixels. */
export const EDGE = 16;
/** The side of a cell, unless another is asked for. */
export const CELL = 22;
/** Colours of the scale from weight 0 to 1. */
export const STEPS = 41;
/** Cells smaller than that many pixels touch. */
export const SMALLEST_APART = 6;
const LEGEND_STEPS = 11;
const LONGEST_LABEL = 24;
/** Width of a terminal column's worth of label at 13 px; wide fonts need no more. */
const LETTER = 8;
/** What a label needs from one to the next; where cells are smaller, some stay away. */
const LINE = 14;

/** What the axes are called. */
export interface AxisLabels {
  /** What a column is. Default `source`. */
  readonly source?: string;
  /** What a row is. Default `output`. */
  readonly output?: string;
}

/** Where the parts of a drawing lie, in pixels. */
export interface Frame {
  readonly sources: readonly string[];
  readonly outputs: readonly string[];
  readonly cell: number;
  /** Where the cells begin. */
  readonly left: number;
  readonly top: number;
  /** What the labels of the columns may take, above the cells. */
  readonly headroom: number;
  /** Whether labels of columns are short enough to be written across. */
  readonly upright: boolean;
  /** Where the scale stands. */
  readonly legend: number;
  readonly width: number;
  readonly height: number;
}

/** A piece of text in a drawing. */
export interface Mark {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly kind?: "axis" | "name";
  readonly anchor?: "middle" | "end";
  /** Whether it is read from below. */
  readonly turned?: boolean;
}

/** Lays a map out. A name is written above it, `null` leaves its place away. */
export function frameOf(map: AttentionMap, cell: number, name: string | null): Frame {
  const sources = map.sourceSymbols.map(label);
  const outputs = map.outputSymbols.map(label);
  const upright = cell >= LINE && sources.every((text) => displayWidth(text) <= 2);
  const left = EDGE + 22 + longest(outputs) * LETTER;
  const headroom = upright ? 14 : longest(sources) * LETTER;
  const top = EDGE + (name === null ? 28 : 58) + headroom;
  const across = Math.max(1, sources.length) * cell;
  const written = name === null ? 0 : 16 + displayWidth(name) * 9;
  const legend = top + Math.max(1, outputs.length) * cell + 18;
  const width = Math.max(260, written, left + across) + EDGE;
  const height = legend + 28 + EDGE;
  return { sources, outputs, cell, left, top, headroom, upright, legend, width, height };
}

function label(symbol: string): string {
  return clipLabel(visibleSymbol(symbol), LONGEST_LABEL);
}

function longest(labels: readonly string[]): number {
  return labels.reduce((most, text) => Math.max(most, displayWidth(text)), 1);
}

/** All text of a drawing but its name: axes, symbols, the ends of the scale. */
export function marksOf(frame: Frame, { source, output }: Required<AxisLabels>): Mark[] {
  const { sources, outputs, cell, left, top, headroom, legend } = frame;
  const marks: Mark[] = [
    { text: `${source} →`, x: left, y: top - headroom - 18, kind: "axis" },
    { text: `← ${output}`, x: EDGE + 6, y: top, kind: "axis", anchor: "end", turned: true },
  ];
  const every = Math.ceil(LINE / cell);
  for (let e = 0; e < sources.length; e += every) {
    const x = left + e * cell + cell / 2;
    const place = frame.upright
      ? ({ x, anchor: "middle" } as const)
      : ({ x: x + 4, turned: true } as const);
    marks.push({ text: sources[e]!, y: top - 6, ...place });
  }
  for (let d = 0; d < outputs.length; d += every) {
    const y = top + d * cell + cell / 2 + 5;
    marks.push({ text: outputs[d]!, x: left - 6, y, anchor: "end" });
  }
  if (outputs.length === 0) {
    marks.push({ text: `(no ${output})`, x: left, y: top + cell - 6, kind: "axis" });
  }
  const end = EDGE + 14 + LEGEND_STEPS * 14;
  marks.push({ text: "0", x: EDGE, y: legend + 11, kind: "axis" });
  marks.push({ text: "1 attention weight", x: end + 6, y: legend + 11, kind: "axis" });
  return marks;
}

/** The boxes of the scale: the step of each and where it begins. */
export function legendOf(): { readonly step: number; readonly x: number }[] {
  return Array.from({ length: LEGEND_STEPS }, (_, i) => {
    return { step: Math.round((i / (LEGEND_STEPS - 1)) * (STEPS - 1)), x: EDGE + 14 + i * 14 };
  });
}
