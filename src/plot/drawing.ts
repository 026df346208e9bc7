import { type AttentionMap, weightAt } from "./attention-map.ts";
import { cellLines, cellPaths } from "./cell-paths.ts";
import { setAll, svg } from "./dom.ts";
import {
  type AxisLabels,
  EDGE,
  type Frame,
  legendOf,
  type Mark,
  marksOf,
  SMALLEST_APART,
  STEPS,
} from "./frame.ts";
import type { Spot } from "./spot.ts";

/** Bars behind labels stay off the cells by that much, in pixels. */
const GAP = 3;

/** The picture of a map in a page. Everything that changes with the pointer is one of four paths. */
export class Drawing {
  readonly element: SVGSVGElement;
  readonly #page: Document;
  readonly #cells: SVGPathElement[];
  readonly #unknown: SVGPathElement;
  readonly #lines: SVGPathElement;
  readonly #grid: SVGGElement;
  readonly #dim: SVGPathElement;
  readonly #ring: SVGPathElement;
  readonly #at: SVGPathElement;
  readonly #bars: SVGPathElement;
  readonly #marks: SVGGElement;
  #frame: Frame | null = null;

  constructor(page: Document) {
    const path = (name: string): SVGPathElement => svg(page, "path", { class: name });
    this.#page = page;
    this.#cells = Array.from({ length: STEPS }, (_, step) => path(`w${step}`));
    [this.#unknown, this.#lines] = [path("heed-none"), path("heed-lines")];
    [this.#dim, this.#bars] = [path("heed-dim"), path("heed-bars")];
    [this.#ring, this.#at] = [path("heed-ring"), path("heed-at")];
    for (const outline of [this.#ring, this.#at]) {
      outline.setAttribute("vector-effect", "non-scaling-stroke");
    }
    const outlines = [this.#unknown, this.#lines, this.#dim, this.#at, this.#ring];
    // Half a cell lower than the rest, as cellPaths has them.
    const cells = { class: "heed-cells", transform: "translate(0 .5)" };
    this.#grid = svg(page, "g", {}, svg(page, "g", cells, ...this.#cells), ...outlines);
    this.#marks = svg(page, "g");
    this.element = svg(page, "svg", { "aria-hidden": "true", focusable: "false" });
    this.element.append(this.#bars, this.#marks, this.#grid);
  }

  /** Puts the parts and the labels of a map in their places. */
  layOut(frame: Frame, axes: Required<AxisLabels>): void {
    this.#frame = frame;
    const { cell, left, top, width, height, legend } = frame;
    const [rows, columns] = [frame.outputs.length, frame.sources.length];
    setAll(this.element, { width, height, viewBox: `0 0 ${width} ${height}` });
    this.#grid.setAttribute("transform", `translate(${left} ${top}) scale(${cell})`);
    const lines = cell < SMALLEST_APART ? "" : cellLines(rows, columns);
    setAll(this.#lines, { d: lines, "stroke-width": 1 / cell });
    this.#unknown.setAttribute("stroke-width", String(1 / cell));
    const boxes = legendOf().map(({ step, x }) =>
      svg(this.#page, "rect", { class: `w${step}`, x, y: legend, width: 14, height: 12 }),
    );
    const texts = marksOf(frame, axes).map((mark) => textElement(this.#page, mark));
    this.#marks.replaceChildren(...boxes, ...texts);
  }

  /** Draws the weights of a map. */
  draw(map: AttentionMap): void {
    const { filled, unknown } = cellPaths(map, STEPS);
    filled.forEach((path, step) => {
      const cell = this.#cells[step]!;
      if (path !== "" || cell.hasAttribute("d")) cell.setAttribute("d", path);
    });
    this.#unknown.setAttribute("d", unknown);
  }

  /** Brings out a row, a column or a cell, and what they weigh. */
  show(map: AttentionMap, spot: Spot | null): void {
    const { row, column } = spot ?? { row: -1, column: -1 };
    const [rows, columns] = [map.outputSymbols.length, map.sourceSymbols.length];
    let dim = "";
    if (spot !== null) {
      for (const [y, tall] of around(row, rows)) {
        for (const [x, wide] of around(column, columns))
          dim += `M${x} ${y}h${wide}v${tall}h-${wide}z`;
      }
    }
    this.#dim.setAttribute("d", dim);
    this.#ring.setAttribute("d", outline(spot, rows, columns));
    this.#bars.setAttribute("d", this.#barsOf(map, row, column));
  }

  /** Where the pointer or the keyboard is, if something else is shown. */
  point(map: AttentionMap, spot: Spot | null): void {
    this.#at.setAttribute("d", outline(spot, map.outputSymbols.length, map.sourceSymbols.length));
  }

  /** What lies at a point of the picture. */
  spotAt(x: number, y: number): Spot | null {
    if (this.#frame === null) return null;
    const { left, top, cell, outputs, sources } = this.#frame;
    const [row, column] = [Math.floor((y - top) / cell), Math.floor((x - left) / cell)];
    if (row >= outputs.length || column >= sources.length) return null;
    const spot = { row: Math.max(-1, row), column: Math.max(-1, column) };
    return spot.row < 0 && spot.column < 0 ? null : spot;
  }

  /** Behind each label a bar as long as its weight, the largest of the row or column as its label. */
  #barsOf(map: AttentionMap, row: number, column: number): string {
    if (this.#frame === null) return "";
    const { left, top, cell, headroom } = this.#frame;
    const thick = Math.max(1, cell - 1);
    let bars = "";
    if (row >= 0) {
      const weights = map.sourceSymbols.map((_, e) => weightAt(map, row, e));
      shares(weights).forEach((share, e) => {
        const long = (share * (headroom + 4)).toFixed(1);
        bars += `M${left + e * cell} ${top - GAP}h${thick}v-${long}h-${thick}z`;
      });
    }
    if (column >= 0) {
      const weights = map.outputSymbols.map((_, d) => weightAt(map, d, column));
      shares(weights).forEach((share, d) => {
        const long = (share * (left - EDGE - 14 - GAP)).toFixed(1);
        bars += `M${left - GAP} ${top + d * cell}v${thick}h-${long}v-${thick}z`;
      });
    }
    return bars;
  }
}

/** Weights as shares of the largest. */
function shares(weights: readonly number[]): number[] {
  const known = weights.map((weight) => (weight > 0 && Number.isFinite(weight) ? weight : 0));
  const most = known.reduce((largest, weight) => Math.max(largest, weight), Number.MIN_VALUE);
  return known.map((weight) => weight / most);
}

function textElement(page: Document, { text, x, y, kind, anchor, turned }: Mark): SVGTextElement {
  const element = svg(page, "text", { x, y }, text);
  if (kind !== undefined) element.setAttribute("class", kind);
  if (anchor !== undefined) element.setAttribute("text-anchor", anchor);
  if (turned) element.setAttribute("transform", `rotate(-90 ${x} ${y})`);
  return element;
}

/** What is beside one of `count`, as [from, length]; all of it for -1. */
function around(index: number, count: number): [number, number][] {
  if (index < 0) return [[0, count]];
  const parts: [number, number][] = [
    [0, index],
    [index + 1, count - index - 1],
  ];
  return parts.filter(([, length]) => length > 0);
}

function outline(spot: Spot | null, rows: number, columns: number): string {
  if (spot === null) return "";
  const [x, wide] = spot.column < 0 ? [0, columns] : [spot.column, 1];
  const [y, tall] = spot.row < 0 ? [0, rows] : [spot.row, 1];
  return `M${x} ${y}h${wide}v${tall}h-${wide}z`;
}
