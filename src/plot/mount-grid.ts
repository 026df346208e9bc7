import { checkArray, checkFlag, checkOptions } from "../core/arguments.ts";
import { visibleText } from "./attention-labels.ts";
import { type AttentionMap, checkMap } from "./attention-map.ts";
import { checkTheme, type PlotTheme } from "./attention-svg.ts";
import { cellPaths } from "./cell-paths.ts";
import { html, svg } from "./dom.ts";
import { type AxisLabels, STEPS } from "./frame.ts";
import { adoptStyle } from "./map-style.ts";
import {
  checkCallback,
  checkElement,
  type MountedMap,
  mountAttentionMap,
  type PageElement,
} from "./mount-map.ts";

/** A map with its name, such as a head of a layer. */
export interface TitledMap {
  /** What it is called. */
  readonly title: string;
  /** The map. */
  readonly map: AttentionMap;
}

/** How {@link mountAttentionGrid} draws, and whom it tells. */
export interface GridOptions {
  /** Light, dark, or `"auto"`: the nearest `data-theme`, else the reader's setting. Default `"auto"`. */
  readonly theme?: PlotTheme;
  /** What the axes are called. Default `{ source: "source", output: "output" }`. */
  readonly labels?: AxisLabels;
  /** Whether what is picked is shown large below the others. Default true. */
  readonly enlarge?: boolean;
  /** Is told which map the reader picks, and null when it is closed. */
  readonly onPick?: (index: number | null) => void;
}

/** Small maps in a page. */
export interface MountedGrid {
  /** Draws others in their place. What is picked stays so while there is one of that number. */
  update(maps: readonly TitledMap[]): void;
  /** Picks one, or none; tells nobody. */
  pick(index: number | null): void;
  /** The large map; null where none is. */
  readonly enlarged: MountedMap | null;
  /** Takes the maps out of the page. */
  destroy(): void;
}

/** A small map has every fourth colour, and with them a quarter of the elements. */
const COARSE = 11;
/** The side of a small map, in pixels. */
const SIDE = 96;

/**
 * Puts many attention maps into an element of a page, small, side by side: the heads of a layer, the
 * layers of a model, the epochs of a training. A click on one shows it large, once more closes it.
 *
 * @param element where they go, behind what is there
 * @throws DataError for what is no element, no array of maps with titles or no option
 *
 * @example
 * const map = { sourceSymbols: ["a", "b"], outputSymbols: ["B"], attention: [[0.1, 0.9]] };
 * if (typeof document !== "undefined") {
 *   const heads = [{ title: "head 1", map }, { title: "head 2", map }];
 *   mountAttentionGrid(document.body, heads).pick(1);
 * }
 */
export function mountAttentionGrid(
  element: PageElement,
  maps: readonly TitledMap[],
  options: GridOptions = {},
): MountedGrid {
  const where = "mountAttentionGrid";
  checkElement(where, element);
  checkTitledMaps(where, maps);
  checkOptions(where, options, ["theme", "labels", "enlarge", "onPick"]);
  checkTheme(where, options.theme ?? "auto");
  checkFlag(where, "enlarge", options.enlarge ?? true);
  checkCallback(where, "onPick", options.onPick);
  return new GridInPage(element, maps, options);
}

/** Refuses anything but maps with titles. */
export function checkTitledMaps(where: string, maps: readonly TitledMap[]): void {
  const isTitled = (item: unknown): boolean => typeof (item as TitledMap)?.title === "string";
  checkArray(where, "maps", maps, "{ title, map }", isTitled);
  maps.forEach(({ map }, i) => {
    checkMap(`${where}: map ${i}`, map);
  });
}

class GridInPage implements MountedGrid {
  readonly #options: GridOptions;
  readonly #root: HTMLDivElement;
  readonly #many: HTMLDivElement;
  readonly #large: HTMLDivElement;
  #maps: readonly TitledMap[] = [];
  #buttons: HTMLButtonElement[] = [];
  #picked: number | null = null;
  enlarged: MountedMap | null = null;

  constructor(element: Element, maps: readonly TitledMap[], options: GridOptions) {
    const page = element.ownerDocument;
    this.#options = options;
    this.#many = html(page, "div", { class: "heed-many" });
    this.#large = html(page, "div");
    this.#root = html(page, "div", { class: "heed-map" }, this.#many, this.#large);
    if (options.theme !== undefined && options.theme !== "auto") {
      this.#root.setAttribute("data-theme", options.theme);
    }
    this.#many.addEventListener("click", ({ target }) => {
      const button = (target as Element).closest("button");
      const index = this.#buttons.indexOf(button as HTMLButtonElement);
      if (index < 0) return;
      this.pick(index === this.#picked ? null : index);
      options.onPick?.(this.#picked);
    });
    this.update(maps);
    element.append(this.#root);
    adoptStyle(this.#root);
  }

  update(maps: readonly TitledMap[]): void {
    checkTitledMaps("MountedGrid.update", maps);
    this.#maps = maps;
    const page = this.#root.ownerDocument;
    // The same buttons, as far as they go: one of them may have the focus.
    for (const button of this.#buttons.splice(maps.length)) button.remove();
    while (this.#buttons.length < maps.length) {
      const button = html(page, "button", { type: "button" });
      this.#buttons.push(button);
      this.#many.append(button);
    }
    maps.forEach(({ title, map }, i) => {
      this.#buttons[i]!.replaceChildren(thumbnail(page, map), visibleText(title));
    });
    this.pick(this.#picked !== null && this.#picked < maps.length ? this.#picked : null);
  }

  pick(index: number | null): void {
    const kept = index !== null && index === this.#picked ? this.enlarged : null;
    this.#picked = index !== null && this.#maps[index] !== undefined ? index : null;
    this.#buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === this.#picked));
    });
    const shown = this.#maps[this.#picked ?? -1];
    if (kept !== null && shown !== undefined) {
      kept.update(shown.map);
      return;
    }
    this.enlarged?.destroy();
    this.enlarged = null;
    if (shown === undefined || this.#options.enlarge === false) return;
    const { labels } = this.#options;
    const options = { title: shown.title, ...(labels === undefined ? {} : { labels }) };
    this.enlarged = mountAttentionMap(this.#large, shown.map, options);
  }

  destroy(): void {
    this.#root.remove();
  }
}

/** A map without words, stretched to a square. */
function thumbnail(page: Document, map: AttentionMap): SVGSVGElement {
  const { filled } = cellPaths(map, COARSE);
  const coarse = (STEPS - 1) / (COARSE - 1);
  const paths = filled.flatMap((d, step) => {
    return d === "" ? [] : [svg(page, "path", { class: `w${step * coarse}`, d })];
  });
  const [rows, columns] = [map.outputSymbols.length, map.sourceSymbols.length];
  const view = { viewBox: `0 -.5 ${columns || 1} ${rows || 1}`, preserveAspectRatio: "none" };
  const size = { width: SIDE, height: SIDE, "shape-rendering": "crispEdges" };
  const name = { class: "heed-cells", "aria-hidden": "true" };
  return svg(page, "svg", { ...name, ...size, ...view }, ...paths);
}
