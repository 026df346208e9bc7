import { attentionToCsv } from "./attention-csv.ts";
import type { AttentionMap } from "./attention-map.ts";
import type { PlotTheme } from "./attention-svg.ts";
import { html } from "./dom.ts";
import type { AxisLabels } from "./frame.ts";
import { mountAttentionGrid, type TitledMap } from "./mount-grid.ts";
import { mountAttentionMap } from "./mount-map.ts";
import { svgToPng } from "./svg-to-png.ts";

/** What a file of {@link attentionToHtml} carries. */
export interface PageData {
  readonly maps: readonly TitledMap[];
  readonly theme: PlotTheme;
  readonly labels: AxisLabels;
}

/** Brings a file of `attentionToHtml` to life; it holds this function and all that it needs as text. */
export function startPage(page: Document): void {
  const data = JSON.parse(page.getElementById("heed-data")?.textContent ?? "") as PageData;
  const place = page.getElementById("heed-map")!;
  const { maps, theme, labels } = data;
  place.replaceChildren();
  const only = maps.length === 1 ? maps[0] : undefined;
  let shown = only ?? null;
  const bar = html(page, "p", { class: "heed-map" });
  if (only !== undefined) {
    const mounted = mountAttentionMap(place, only.map, { title: only.title, theme, labels });
    bar.append(
      ...saveButtons(
        page,
        () => mounted.svg(),
        () => only.map,
      ),
    );
  } else {
    const onPick = (index: number | null): void => {
      shown = index === null ? null : maps[index]!;
      bar.hidden = shown === null;
    };
    const grid = mountAttentionGrid(place, maps, { theme, labels, onPick });
    const map = (): AttentionMap => shown?.map ?? maps[0]!.map;
    bar.append(...saveButtons(page, () => grid.enlarged?.svg() ?? "", map));
    bar.hidden = true;
  }
  if (theme !== "auto") bar.setAttribute("data-theme", theme);
  place.append(bar);
}

function saveButtons(page: Document, svg: () => string, map: () => AttentionMap): Element[] {
  const files: [name: string, make: () => Blob | Promise<Blob>][] = [
    ["attention.svg", () => new Blob([svg()], { type: "image/svg+xml" })],
    ["attention.png", () => svgToPng(svg())],
    ["attention.csv", () => new Blob([attentionToCsv(map())], { type: "text/csv" })],
  ];
  return files.map(([name, make]) => {
    const button = html(
      page,
      "button",
      { type: "button" },
      `save as ${name.slice(-3).toUpperCase()}`,
    );
    button.addEventListener("click", async () => {
      const href = URL.createObjectURL(await make());
      html(page, "a", { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    });
    return button;
  });
}
