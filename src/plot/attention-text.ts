import { checkNumber, checkOptions } from "../core/arguments.ts";
import { clipLabel, countGraphemes, displayWidth, visibleSymbol } from "./attention-labels.ts";
import { type AttentionMap, checkMap, weightAt } from "./attention-map.ts";
import { scaleStep, TERMINAL_SCALE } from "./attention-scale.ts";

/** How {@link attentionToText} draws. */
export interface AttentionTextOptions {
  /** Columns of the terminal; a wider map is cut into bands, one under the other. Default 80. */
  readonly width?: number;
  /** Whether to shade with 256-colour backgrounds rather than with block characters. */
  readonly color?: boolean;
}

const BLOCKS = [" ", "░", "▒", "▓", "█"] as const;
const LONGEST_COLUMN = 12;
const LONGEST_ROW = 16;
/** Kept after a symbol written from right to left, so that it does not turn the line around. */
const LEFT_TO_RIGHT = "\u200e";
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/**
 * An attention map for a terminal: one row per output symbol, one column per source symbol, shaded
 * by weight. Spaces show as `␣` and control characters as pictures of themselves, so that no data
 * can steer the terminal. Without colour, the blocks stand for the square root of the weight, so
 * that attention spread thinly still shows: `░` from 2 %, `▒` from 14 %, `▓` from 39 %, `█` from
 * 77 %; with colour, twelve steps follow the weight itself.
 *
 * @returns lines joined by `\n`, without one at the end; a missing or NaN weight shows as `?`
 *
 * @example
 * attentionToText({
 *   sourceSymbols: ["a", "b"],
 *   outputSymbols: ["B", "A"],
 *   attention: [[0.1, 0.9], [0.8, 0.2]],
 * }).split("\n"); // → ["  a b", "B ░░██", "A ██▒▒"]
 */
export function attentionToText(map: AttentionMap, options: AttentionTextOptions = {}): string {
  checkMap("attentionToText", map);
  checkOptions("attentionToText", options, ["width", "color"]);
  const { width = 80, color = false } = options;
  checkNumber("attentionToText", "width", width, "a number ≥ 1", (columns) => columns >= 1);
  const columns = map.sourceSymbols.map((symbol) => new Label(symbol, LONGEST_COLUMN));
  const rows = map.outputSymbols.map((symbol) => new Label(symbol, LONGEST_ROW));
  const margin = rows.reduce((most, row) => Math.max(most, row.width), 1) + 1;
  const lines: string[] = [];
  for (const [from, to] of bands(columns, width - margin)) {
    if (lines.length > 0) lines.push("");
    const head = columns.slice(from, to).map((column) => column.padEnd(column.columns));
    lines.push(`${" ".repeat(margin)}${head.join("")}`.trimEnd());
    rows.forEach((row, d) => {
      const weights = columns.slice(from, to).map((_, e) => weightAt(map, d, from + e));
      const cells = color ? colouredCells : blockCells;
      const drawn = cells(weights, columns.slice(from, to));
      lines.push(`${" ".repeat(margin - 1 - row.width)}${row.text} ${drawn}`.trimEnd());
    });
  }
  if (rows.length === 0) lines.push("(no output)");
  return lines.join("\n");
}

/** The columns of each band, as [from, to): as many as fit, and at least one. */
function bands(columns: readonly Label[], width: number): [number, number][] {
  const cuts: [number, number][] = [];
  let from = 0;
  let used = 0;
  columns.forEach((column, e) => {
    if (e > from && used + column.columns > width) {
      cuts.push([from, e]);
      from = e;
      used = 0;
    }
    used += column.columns;
  });
  cuts.push([from, columns.length]);
  return cuts;
}

function blockCells(weights: readonly number[], columns: readonly Label[]): string {
  return weights
    .map((weight, e) => {
      const step = scaleStep(Math.sqrt(Math.max(0, weight)), BLOCKS.length);
      return (BLOCKS[step] ?? "?").repeat(columns[e]?.columns ?? 0);
    })
    .join("");
}

function colouredCells(weights: readonly number[], columns: readonly Label[]): string {
  let drawn = "";
  let before = -1;
  weights.forEach((weight, e) => {
    const known = !Number.isNaN(weight);
    const colour = TERMINAL_SCALE[known ? scaleStep(weight, TERMINAL_SCALE.length) : 0] ?? 0;
    if (colour !== before) drawn += `\u001b[48;5;${colour}m`;
    drawn += (known ? " " : "?").repeat(columns[e]?.columns ?? 0);
    before = colour;
  });
  return weights.length === 0 ? "" : `${drawn}\u001b[0m`;
}

/** A symbol as it is drawn: safe, cut to size, and measured. */
class Label {
  readonly text: string;
  /** Terminal columns that the text takes. */
  readonly width: number;
  /** Whether it is one grapheme, which needs no gap where it fills two columns. */
  readonly single: boolean;

  constructor(symbol: string, longest: number) {
    const text = clipLabel(visibleSymbol(symbol), longest);
    this.single = countGraphemes(text) === 1;
    this.width = displayWidth(text);
    this.text = RIGHT_TO_LEFT.test(text) ? `${LEFT_TO_RIGHT}${text}${LEFT_TO_RIGHT}` : text;
  }

  /** Width of the map's column: room for a gap after a label, but not after a wide character. */
  get columns(): number {
    return this.single ? 2 : Math.max(2, this.width + 1);
  }

  padEnd(columns: number): string {
    return this.text + " ".repeat(Math.max(0, columns - this.width));
  }
}
