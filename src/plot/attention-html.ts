import { checkOptions } from "../core/arguments.ts";
import { visibleSymbol, visibleText } from "./attention-labels.ts";
import { type AttentionMap, checkMap, weightAt } from "./attention-map.ts";
import {
  attentionToSvg,
  axisLabels,
  checkTheme,
  PAGE_COLOURS,
  type PlotTheme,
} from "./attention-svg.ts";
import { escapeXml } from "./escape.ts";
import type { AxisLabels } from "./frame.ts";
import { checkTitledMaps, type TitledMap } from "./mount-grid.ts";
import type { PageData } from "./page.ts";
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from "./page-script.generated.ts";
import { inWords } from "./spot.ts";

/** What {@link attentionToHtml} writes. */
export interface AttentionHtmlOptions {
  /** The title of the page, and of a single map. Default `Attention map`. */
  readonly title?: string;
  /** Light, dark, or `"auto"`, the reader's setting. Default `"auto"`. */
  readonly theme?: PlotTheme;
  /** What the axes are called. Default `{ source: "source", output: "output" }`. */
  readonly labels?: AxisLabels;
}

/**
 * One attention map, or many with titles, as a page of its own: a file that asks nobody for anything,
 * can be sent and opened from anywhere, and is as interactive as {@link mountAttentionMap}, with
 * buttons to save as SVG, PNG and CSV. Where scripts are off, it is a picture and a table.
 *
 * @returns HTML whose content security policy allows its own script and nothing else
 *
 * @example
 * const map = { sourceSymbols: ["a", "b"], outputSymbols: ["B"], attention: [[0.1, 0.9]] };
 * attentionToHtml(map, { title: "ab → B" }).startsWith("<!doctype html>"); // → true
 * attentionToHtml([{ title: "head 1", map }, { title: "head 2", map }]).length > 10_000; // → true
 */
export function attentionToHtml(
  map: AttentionMap | readonly TitledMap[],
  options: AttentionHtmlOptions = {},
): string {
  const where = "attentionToHtml";
  checkOptions(where, options, ["title", "theme", "labels"]);
  const { theme = "auto" } = options;
  checkTheme(where, theme);
  const labels = axisLabels(where, options.labels);
  const title = String(options.title ?? "Attention map");
  const maps = isMany(map) ? map : [{ title, map }];
  if (isMany(map)) checkTitledMaps(where, map);
  else checkMap(where, map);
  const data: PageData = { maps: maps.map(plain), theme, labels };
  const name = escapeXml(visibleText(title));
  const still = maps.map((each) => stillOf(each, theme, labels)).join("\n");
  const policy =
    `default-src 'none'; script-src '${PAGE_SCRIPT_HASH}'; style-src 'unsafe-inline'; ` +
    `img-src data: blob:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>${style(theme)}</style>
</head>
<body>
<main>
<h1${isMany(map) ? "" : ' class="unseen"'}>${name}</h1>
<div id="heed-map">
${still}
</div>
</main>
<script type="application/json" id="heed-data">${jsonForScript(data)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function isMany(map: AttentionMap | readonly TitledMap[]): map is readonly TitledMap[] {
  return Array.isArray(map);
}

/** Of what may be a whole result, the map alone, its rows as arrays of numbers. */
function plain({ title, map }: TitledMap): TitledMap {
  const { sourceSymbols, outputSymbols } = map;
  const attention = outputSymbols.map((_, d) => sourceSymbols.map((__, e) => weightAt(map, d, e)));
  return { title, map: { sourceSymbols, outputSymbols, attention } };
}

/** JSON that ends no script and begins no comment, whatever the symbols; NaN is null there. */
function jsonForScript(data: PageData): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

/** What is there without scripts. */
function stillOf({ title, map }: TitledMap, theme: PlotTheme, labels: AxisLabels): string {
  const head = (scope: string, symbol: string): string =>
    `<th scope="${scope}"><bdi>${escapeXml(visibleSymbol(symbol))}</bdi></th>`;
  const columns = map.sourceSymbols.map((symbol) => head("col", symbol)).join("");
  const rows = map.outputSymbols.map((symbol, d) => {
    const cells = map.sourceSymbols.map((_, e) => `<td>${inWords(weightAt(map, d, e))}</td>`);
    return `<tr>${head("row", symbol)}${cells.join("")}</tr>`;
  });
  return (
    `<div class="still" tabindex="0" role="region" aria-label="${escapeXml(visibleText(title))}">` +
    `${attentionToSvg(map, { title, theme, labels })}</div>\n` +
    `<details><summary>All weights as a table</summary><table><tr><td></td>${columns}</tr>\n` +
    `${rows.join("\n")}</table></details>`
  );
}

function style(theme: PlotTheme): string {
  const { light, dark } = PAGE_COLOURS;
  const both = (name: "page" | "ink"): string => `light-dark(${light[name]},${dark[name]})`;
  return (
    `:root{color-scheme:${theme === "auto" ? "light dark" : theme}}` +
    `body{margin:12px;background:${both("page")};color:${both("ink")};font:14px/1.5 system-ui,sans-serif}` +
    `h1{font-size:18px;margin:0 16px}.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}` +
    `.still{overflow:auto}td,th{padding:1px 6px;text-align:end;font-weight:400}`
  );
}
