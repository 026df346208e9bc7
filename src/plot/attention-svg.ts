import { checkOptions } from "../core/arguments.ts";
import { clipLabel, displayWidth, visibleSymbol, visibleText } from "./attention-labels.ts";
import { type AttentionMap, checkMap, weightAt } from "./attention-map.ts";
import { pageColour, scaleStep } from "./attention-scale.ts";

/** How {@link attentionToSvg} draws. */
export interface AttentionSvgOptions {
  /** Stands over the map and is its accessible name. Default `Attention map`. */
  readonly title?: string;
}

const CELL = 22;
const EDGE = 16;
const LONGEST_LABEL = 24;
/** Width of a terminal column's worth of label at 13 px; wide fonts need no more. */
const LETTER = 8;
const STEPS = 41;
const LEGEND_STEPS = 11;

/**
 * An attention map as a standalone SVG heat map: sources across, outputs down, every cell with a
 * tooltip of its two symbols and its weight. It follows the reader's light or dark setting, and its
 * scale is even in lightness, so that it reads the same without colour. The same map gives the same
 * text, byte for byte.
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
  checkOptions("attentionToSvg", options, ["title"]);
  const name = visibleText(String(options.title ?? "Attention map"));
  const title = escapeXml(name);
  const sources = map.sourceSymbols.map(label);
  const outputs = map.outputSymbols.map(label);
  const upright = sources.every((text) => displayWidth(text) <= 2);
  const frame: Frame = {
    left: EDGE + 22 + longest(outputs) * LETTER,
    top: EDGE + 58 + (upright ? 14 : longest(sources) * LETTER),
    upright,
  };
  const across = Math.max(1, sources.length) * CELL;
  const width = Math.max(260, 16 + displayWidth(name) * 9, frame.left + across) + EDGE;
  const legend = frame.top + Math.max(1, outputs.length) * CELL + 18;
  const height = legend + 28 + EDGE;
  const about =
    `How much each of ${outputs.length} output symbols (rows, from the top) looked at each of ` +
    `${sources.length} source symbols (columns, from the left); weights from 0 to 1.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="heed-attention" role="img" ` +
      `aria-label="${title}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${title}</title>`,
    `<desc>${about}</desc>`,
    `<style>${style()}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    `<text class="name" x="${EDGE}" y="${EDGE + 14}">${title}</text>`,
    ...axes(frame, sources, outputs),
    ...cells(map, frame, sources, outputs),
    ...scale(legend),
    "</svg>",
    "",
  ].join("\n");
}

/** Where the cells begin, and which way the source symbols are written. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly upright: boolean;
}

function label(symbol: string): string {
  return clipLabel(visibleSymbol(symbol), LONGEST_LABEL);
}

function longest(labels: readonly string[]): number {
  return labels.reduce((most, text) => Math.max(most, displayWidth(text)), 1);
}

function axes(frame: Frame, sources: readonly string[], outputs: readonly string[]): string[] {
  const { left, top, upright } = frame;
  const lines = [
    `<text class="axis" x="${left}" y="${EDGE + 40}">source →</text>`,
    `<text class="axis" x="${EDGE + 6}" y="${top}" text-anchor="end" ` +
      `transform="rotate(-90 ${EDGE + 6} ${top})">← output</text>`,
  ];
  sources.forEach((text, e) => {
    const x = left + e * CELL + CELL / 2;
    const place = upright
      ? `x="${x}" y="${top - 6}" text-anchor="middle"`
      : `x="${x + 4}" y="${top - 6}" transform="rotate(-90 ${x + 4} ${top - 6})"`;
    lines.push(`<text ${place}>${escapeXml(text)}</text>`);
  });
  outputs.forEach((text, d) => {
    const y = top + d * CELL + CELL / 2 + 5;
    lines.push(`<text x="${left - 6}" y="${y}" text-anchor="end">${escapeXml(text)}</text>`);
  });
  if (outputs.length === 0) {
    lines.push(`<text class="axis" x="${left}" y="${top + CELL - 6}">(no output)</text>`);
  }
  return lines;
}

function cells(
  map: AttentionMap,
  frame: Frame,
  sources: readonly string[],
  outputs: readonly string[],
): string[] {
  return outputs.map((output, d) => {
    const row = sources.map((source, e) => {
      const weight = weightAt(map, d, e);
      const known = !Number.isNaN(weight);
      const tip = `${output} ← ${source}: ${known ? weight.toFixed(3) : "unknown"}`;
      const colour = known ? `w${scaleStep(weight, STEPS)}` : "none";
      return (
        `<rect class="${colour}" x="${frame.left + e * CELL}" y="${frame.top + d * CELL}" ` +
        `width="${CELL - 1}" height="${CELL - 1}"><title>${escapeXml(tip)}</title></rect>`
      );
    });
    return `<g>${row.join("")}</g>`;
  });
}

function scale(y: number): string[] {
  const from = EDGE + 14;
  const steps = Array.from({ length: LEGEND_STEPS }, (_, i) => {
    const step = Math.round((i / (LEGEND_STEPS - 1)) * (STEPS - 1));
    return `<rect class="w${step}" x="${from + i * 14}" y="${y}" width="14" height="12"/>`;
  });
  const end = from + LEGEND_STEPS * 14;
  return [
    `<text class="axis" x="${EDGE}" y="${y + 11}">0</text>`,
    `<g>${steps.join("")}</g>`,
    `<text class="axis" x="${end + 6}" y="${y + 11}">1 attention weight</text>`,
  ];
}

/** Scoped to the class, because a style in an SVG put into a page reaches the whole page. */
function style(): string {
  const colours = (theme: "light" | "dark"): string =>
    Array.from({ length: STEPS }, (_, i) => {
      return `.heed-attention .w${i}{fill:${pageColour(i / (STEPS - 1), theme)}}`;
    }).join("");
  const theme = (page: string, ink: string, quiet: string): string =>
    `.heed-attention .page{fill:${page}}.heed-attention text{fill:${ink}}` +
    `.heed-attention .axis{fill:${quiet}}.heed-attention .none{fill:none;stroke:${quiet}}`;
  return (
    `.heed-attention{color-scheme:light dark}` +
    `.heed-attention text{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}` +
    `.heed-attention .name{font:600 15px system-ui,sans-serif}` +
    `.heed-attention .axis{font:12px system-ui,sans-serif}` +
    `${theme("#ffffff", "#1f2328", "#59636e")}${colours("light")}` +
    `@media (prefers-color-scheme:dark){${theme("#0d1117", "#e6edf3", "#9198a1")}${colours("dark")}}`
  );
}

/** Text for XML; what XML 1.0 cannot hold at all has been made visible before. */
function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
