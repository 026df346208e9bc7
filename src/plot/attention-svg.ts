import { checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { visibleText } from "./attention-labels.ts";
import { type AttentionMap, checkMap, weightAt } from "./attention-map.ts";
import { pageColour, scaleStep, type Theme } from "./attention-scale.ts";
import { cellLines, cellPaths } from "./cell-paths.ts";
import { escapeXml } from "./escape.ts";
import {
  type AxisLabels,
  CELL,
  EDGE,
  type Frame,
  frameOf,
  legendOf,
  type Mark,
  marksOf,
  SMALLEST_APART,
  STEPS,
} from "./frame.ts";

/** Light, dark, or what the reader's system or the page says. */
export type PlotTheme = "auto" | Theme;

/** How {@link attentionToSvg} draws. */
export interface AttentionSvgOptions {
  /** Stands over the map and is its accessible name. Default `Attention map`. */
  readonly title?: string;
  /** Light, dark, or `"auto"`, the reader's setting. Default `"auto"`. */
  readonly theme?: PlotTheme;
  /** What the axes are called. Default `{ source: "source", output: "output" }`. */
  readonly labels?: AxisLabels;
  /** The side of a cell in pixels, from 1 to 200; below 14 some labels stay away. Default 22. */
  readonly cellSize?: number;
}

/** Beyond that many, cells are drawn by colour and have no tooltips: viewers take long for elements. */
const MOST_TOOLTIPS = 10_000;

/**
 * An attention map as a standalone SVG heat map: sources across, outputs down, every cell with a
 * tooltip of its two symbols and its weight (up to 10,000 of them). It follows the reader's light or
 * dark setting, and its scale is even in lightness, so that it reads the same without colour. The same
 * map gives the same text, byte for byte.
 *
 * @returns an `<svg>` element that is a document of its own and can also be put into a page
 *
 * @example
 * const svg = attentionToSvg(
 *   { sourceSymbols: ["a", "b"], outputSymbols: ["B"], attention: [[0.1, 0.9]] },
 *   { title: "ab → B" },
 * );
 * svg.startsWith("<svg "); // → true
 */
export function attentionToSvg(map: AttentionMap, options: AttentionSvgOptions = {}): string {
  checkMap("attentionToSvg", map);
  checkOptions("attentionToSvg", options, ["title", "theme", "labels", "cellSize"]);
  const { theme = "auto", cellSize = CELL } = options;
  checkTheme("attentionToSvg", theme);
  checkCellSize("attentionToSvg", cellSize);
  const axes = axisLabels("attentionToSvg", options.labels);
  const name = visibleText(String(options.title ?? "Attention map"));
  const title = escapeXml(name);
  const frame = frameOf(map, cellSize, name);
  const { width, height } = frame;
  const isLarge = frame.sources.length * frame.outputs.length > MOST_TOOLTIPS;
  const about =
    `How much each of ${frame.outputs.length} ${axes.output} symbols (rows, from the top) looked at each of ` +
    `${frame.sources.length} ${axes.source} symbols (columns, from the left); weights from 0 to 1.`;
  const scope = theme === "auto" ? "heed-attention" : `heed-attention heed-${theme}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${scope}" role="img" ` +
      `aria-label="${title}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${title}</title>`,
    `<desc>${escapeXml(about)}</desc>`,
    `<style>${style(theme, isLarge)}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    textOf({ text: name, x: EDGE, y: EDGE + 14, kind: "name" }),
    ...marksOf(frame, axes).map(textOf),
    ...(isLarge ? cellsByColour(map, frame) : cells(map, frame)),
    `<g stroke-width="0">${legendOf()
      .map(({ step, x }) => {
        return `<rect class="w${step}" x="${x}" y="${frame.legend}" width="14" height="12"/>`;
      })
      .join("")}</g>`,
    "</svg>",
    "",
  ].join("\n");
}

/** Refuses what is no theme. */
export function checkTheme(where: string, theme: unknown): void {
  if (theme === "auto" || theme === "light" || theme === "dark") return;
  const expected = 'theme to be "auto", "light" or "dark"';
  throw new DataError({ where, expected, received: describe(theme) });
}

/** Refuses a side of a cell that cannot be drawn. */
export function checkCellSize(where: string, size: unknown): void {
  const fits = (side: number): boolean => side >= 1 && side <= 200;
  checkNumber(where, "cellSize", size, "a number of pixels from 1 to 200", fits);
}

/** What the axes are called, safe to be looked at. */
export function axisLabels(where: string, labels: AxisLabels = {}): Required<AxisLabels> {
  checkOptions(where, labels, ["source", "output"]);
  const { source = "source", output = "output" } = labels;
  return { source: visibleText(String(source)), output: visibleText(String(output)) };
}

function textOf({ text, x, y, kind, anchor, turned }: Mark): string {
  const attributes =
    (kind === undefined ? "" : ` class="${kind}"`) +
    ` x="${x}" y="${y}"` +
    (anchor === undefined ? "" : ` text-anchor="${anchor}"`) +
    (turned ? ` transform="rotate(-90 ${x} ${y})"` : "");
  return `<text${attributes}>${escapeXml(text)}</text>`;
}

function cells(map: AttentionMap, { sources, outputs, cell, left, top }: Frame): string[] {
  const side = cell < SMALLEST_APART ? cell : cell - 1;
  return outputs.map((output, d) => {
    const row = sources.map((source, e) => {
      const weight = weightAt(map, d, e);
      const known = !Number.isNaN(weight);
      const tip = `${output} ← ${source}: ${known ? weight.toFixed(3) : "unknown"}`;
      const colour = known ? `w${scaleStep(weight, STEPS)}` : "none";
      return (
        `<rect class="${colour}" x="${left + e * cell}" y="${top + d * cell}" ` +
        `width="${side}" height="${side}"><title>${escapeXml(tip)}</title></rect>`
      );
    });
    return `<g>${row.join("")}</g>`;
  });
}

function cellsByColour(map: AttentionMap, frame: Frame): string[] {
  const { sources, outputs, cell, left, top } = frame;
  const { filled, unknown } = cellPaths(map, STEPS);
  const thin = ` stroke-width="${1 / cell}"`;
  const lines = `<path class="lines" d="${cellLines(outputs.length, sources.length)}"${thin}/>`;
  return [
    `<g transform="translate(${left} ${top + cell / 2}) scale(${cell})">`,
    ...filled.flatMap((path, step) => (path ? [`<path class="w${step}" d="${path}"/>`] : [])),
    `</g><g transform="translate(${left} ${top}) scale(${cell})">`,
    ...(unknown ? [`<path class="none" d="${unknown}"${thin}/>`] : []),
    ...(cell < SMALLEST_APART ? [] : [lines]),
    "</g>",
  ];
}

/** Scoped to the class, because a style in an SVG put into a page reaches the whole page. */
function style(theme: PlotTheme, stroked: boolean): string {
  const scope = theme === "auto" ? ".heed-attention" : `.heed-attention.heed-${theme}`;
  const colours = (of: Theme): string =>
    Array.from({ length: STEPS }, (_, i) => {
      const colour = pageColour(i / (STEPS - 1), of);
      return `${scope} .w${i}{fill:${colour}${stroked ? `;stroke:${colour}` : ""}}`;
    }).join("");
  const rules = (of: Theme): string => {
    const { page, ink, quiet } = PAGE_COLOURS[of];
    return (
      `${scope} .page{fill:${page}}${scope} text{fill:${ink}}${scope} .axis{fill:${quiet}}` +
      `${scope} .none{fill:none;stroke:${quiet}}${scope} .lines{stroke:${page}}${colours(of)}`
    );
  };
  return (
    `${scope}{color-scheme:${theme === "auto" ? "light dark" : theme}}` +
    `${scope} text{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}` +
    `${scope} .name{font:600 15px system-ui,sans-serif}` +
    `${scope} .axis{font:12px system-ui,sans-serif}` +
    (theme === "auto"
      ? `${rules("light")}@media (prefers-color-scheme:dark){${rules("dark")}}`
      : rules(theme))
  );
}

/** What is no weight: the page, text on it, and text that says less. */
export const PAGE_COLOURS: Record<Theme, Record<"page" | "ink" | "quiet", string>> = {
  light: { page: "#ffffff", ink: "#1f2328", quiet: "#59636e" },
  dark: { page: "#0d1117", ink: "#e6edf3", quiet: "#9198a1" },
};
