import { checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { visibleText } from "./attention-labels.ts";
import { type AttentionMap, checkMap } from "./attention-map.ts";
import {
  attentionToSvg,
  axisLabels,
  checkCellSize,
  checkTheme,
  type PlotTheme,
} from "./attention-svg.ts";
import { freshId, html } from "./dom.ts";
import { Drawing } from "./drawing.ts";
import { type AxisLabels, CELL, frameOf } from "./frame.ts";
import { adoptStyle } from "./map-style.ts";
import { Overlay } from "./overlay.ts";
import { NumbersTable, Readout } from "./readout.ts";
import { RowEditor } from "./row-editor.ts";
import { isIn, isSame, type MapSelection, moved, type Spot, selectionOf, spotOf } from "./spot.ts";

/** An element of a page; nothing that exists where TypeScript knows of no page. */
export type PageElement = typeof globalThis extends { Element: { prototype: infer Type } }
  ? Type
  : never;

/** How {@link mountAttentionMap} draws, and whom it tells. */
export interface MapOptions {
  /** Stands over the map and is its accessible name. Default: nothing, named `Attention map`. */
  readonly title?: string;
  /** Light, dark, or `"auto"`: the nearest `data-theme`, else the reader's setting. Default `"auto"`. */
  readonly theme?: PlotTheme;
  /** What the axes are called. Default `{ source: "source", output: "output" }`. */
  readonly labels?: AxisLabels;
  /** The side of a cell in pixels. Default 22, and less where symbols are more than 40. */
  readonly cellSize?: number;
  /** What is kept to begin with. */
  readonly pinned?: MapSelection;
  /** Is told what the reader keeps, and null when it is let go or its row or column is gone. */
  readonly onSelect?: (selection: MapSelection | null) => void;
  /** Is told of a row that the reader set by hand, which sums to 1. Without it no row can be set. */
  readonly onEdit?: (row: number, weights: number[]) => void;
}

/** A map in a page. */
export interface MountedMap {
  /** Draws another map in its place. What is kept stays so while its row and column exist. */
  update(map: AttentionMap): void;
  /** Keeps a row, a column or a cell, or lets it go; tells nobody. */
  select(selection: MapSelection | null): void;
  /** The map as it is now, as a file: what {@link attentionToSvg} gives, in the theme that is shown. */
  svg(): string;
  /** Takes the map out of the page. */
  destroy(): void;
}

const OPTIONS = ["title", "theme", "labels", "cellSize", "pinned", "onSelect", "onEdit"] as const;

/**
 * Puts an interactive attention map into an element of a page. What the pointer, a finger or the
 * keyboard is at shows its numbers below the map; a click, Enter or Space keeps it, once more or
 * Escape lets it go. Arrow keys walk over cells and labels. All weights are there as text.
 *
 * @param element where it goes, behind what is there
 * @throws DataError for what is no element, no map or no option
 *
 * @example
 * const map = { sourceSymbols: ["a", "b"], outputSymbols: ["B"], attention: [[0.1, 0.9]] };
 * if (typeof document !== "undefined") {
 *   const shown = mountAttentionMap(document.body, map, { title: "ab → B" });
 *   shown.select({ row: 0, column: 1 });
 * }
 */
export function mountAttentionMap(
  element: PageElement,
  map: AttentionMap,
  options: MapOptions = {},
): MountedMap {
  const where = "mountAttentionMap";
  checkElement(where, element);
  checkMap(where, map);
  checkOptions(where, options, OPTIONS);
  checkTheme(where, options.theme ?? "auto");
  if (options.cellSize !== undefined) checkCellSize(where, options.cellSize);
  for (const name of ["onSelect", "onEdit"] as const) checkCallback(where, name, options[name]);
  return new MapInPage(element, map, options, axisLabels(where, options.labels));
}

/** Refuses what is no element of a page, as everything is outside of one. */
export function checkElement(where: string, element: unknown): void {
  if (typeof Element !== "undefined" && (element as Element | null)?.nodeType === 1) return;
  throw new DataError({
    where,
    expected: "an element of a page",
    received: describe(element),
    fix: "outside of a page, attentionToSvg and attentionToHtml draw",
  });
}

/** Refuses what cannot be called. */
export function checkCallback(where: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new DataError({ where, expected: `${name} to be a function`, received: describe(value) });
}

class MapInPage implements MountedMap {
  readonly #options: MapOptions;
  readonly #axes: Required<AxisLabels>;
  readonly #name: string;
  readonly #root: HTMLDivElement;
  readonly #drawing: Drawing;
  readonly #overlay: Overlay;
  readonly #readout: Readout;
  readonly #numbers: NumbersTable;
  readonly #editor: RowEditor | null;
  #map: AttentionMap;
  #locked: Spot | null;
  #pointed: Spot | null = null;
  /** Where the keyboard is, and whether it is what was used last. */
  #walked: Spot = { row: 0, column: 0 };
  #walking = false;
  #laidOut = "";

  constructor(
    element: Element,
    map: AttentionMap,
    options: MapOptions,
    axes: Required<AxisLabels>,
  ) {
    const page = element.ownerDocument;
    const hintId = freshId();
    this.#locked = spotOf("mountAttentionMap: pinned", options.pinned ?? null, map);
    [this.#map, this.#options, this.#axes] = [map, options, axes];
    this.#name = visibleText(String(options.title ?? "Attention map"));
    this.#drawing = new Drawing(page);
    this.#overlay = new Overlay(page, hintId);
    this.#readout = new Readout(page, hintId);
    this.#numbers = new NumbersTable(page);
    this.#editor = options.onEdit ? new RowEditor(page, (row) => this.#edit(row)) : null;
    const view = html(
      page,
      "div",
      { class: "heed-view" },
      this.#drawing.element,
      this.#overlay.element,
    );
    const { lines, hint } = this.#readout;
    this.#root = html(page, "div", { class: "heed-map" });
    if (options.title !== undefined) {
      this.#root.append(html(page, "div", { class: "heed-name" }, this.#name));
    }
    this.#root.append(view, lines, hint);
    if (this.#editor !== null) this.#root.append(this.#editor.element);
    this.#root.append(this.#numbers.element);
    const { theme = "auto" } = options;
    if (theme !== "auto") this.#root.setAttribute("data-theme", theme);
    this.#listen(this.#overlay.element);
    if (this.#locked !== null) this.#walked = this.#locked;
    this.#draw();
    element.append(this.#root);
    adoptStyle(this.#root);
  }

  update(map: AttentionMap): void {
    checkMap("MountedMap.update", map);
    this.#map = map;
    const gone = this.#locked !== null && !isIn(this.#locked, map);
    if (gone) this.#locked = null;
    if (this.#pointed !== null && !isIn(this.#pointed, map)) this.#pointed = null;
    if (!isIn(this.#walked, map)) this.#walked = { row: 0, column: 0 };
    this.#draw();
    if (gone) this.#options.onSelect?.(null);
  }

  select(selection: MapSelection | null): void {
    this.#locked = spotOf("MountedMap.select", selection, this.#map);
    if (this.#locked !== null) this.#walked = this.#locked;
    this.#settle();
  }

  svg(): string {
    const { title, labels, cellSize } = this.#options;
    const view = this.#root.ownerDocument.defaultView;
    const scheme = view?.getComputedStyle(this.#root).colorScheme;
    return attentionToSvg(this.#map, {
      theme: scheme === "light" || scheme === "dark" ? scheme : "auto",
      ...(title === undefined ? {} : { title }),
      ...(labels === undefined ? {} : { labels }),
      ...(cellSize === undefined ? {} : { cellSize }),
    });
  }

  destroy(): void {
    this.#root.remove();
  }

  #draw(): void {
    const { outputSymbols, sourceSymbols } = this.#map;
    // Epochs of a training have the same symbols, and laying them out takes longer than drawing does.
    const laidOut = JSON.stringify([outputSymbols, sourceSymbols]);
    if (laidOut !== this.#laidOut) {
      this.#laidOut = laidOut;
      const most = Math.max(outputSymbols.length, sourceSymbols.length);
      const fitting = Math.max(4, Math.min(CELL, Math.floor((40 * CELL) / most)));
      const frame = frameOf(this.#map, this.#options.cellSize ?? fitting, null);
      this.#drawing.layOut(frame, this.#axes);
      this.#overlay.fit(this.#map, frame, this.#name);
    }
    this.#drawing.draw(this.#map);
    this.#numbers.show(this.#map, this.#name);
    this.#settle();
  }

  /** Brings the page up to what is kept, pointed at and walked to. */
  #show(): void {
    const walked = this.#walking ? this.#walked : null;
    const at = this.#pointed ?? walked;
    const shown = this.#locked ?? at;
    this.#drawing.show(this.#map, shown);
    this.#drawing.point(this.#map, isSame(at, shown) ? null : at);
    this.#readout.show(this.#map, shown, this.#locked !== null, this.#axes);
    if (this.#overlay.element.hasAttribute("tabindex")) {
      this.#overlay.goTo(this.#map, this.#walked, this.#locked);
    }
  }

  /** The same after what is kept, or the map, has changed. */
  #settle(): void {
    const { row } = this.#locked ?? { row: -1 };
    this.#editor?.show(this.#map, row < 0 ? null : row, this.#axes.output);
    this.#show();
  }

  #listen(over: HTMLElement): void {
    over.addEventListener("pointermove", (event) => {
      // A finger has no place before it taps, and a tap is a click.
      if (event.pointerType !== "touch")
        this.#point(this.#drawing.spotAt(event.offsetX, event.offsetY));
    });
    over.addEventListener("pointerleave", () => this.#point(null));
    over.addEventListener("click", (event) => {
      this.#walking = false;
      const spot = this.#drawing.spotAt(event.offsetX, event.offsetY);
      if (spot !== null) this.#toggle(spot);
    });
    over.addEventListener("focus", () => {
      this.#walking = over.matches(":focus-visible");
      this.#show();
    });
    over.addEventListener("blur", () => {
      this.#walking = false;
      this.#show();
    });
    over.addEventListener("keydown", (event) => this.#press(event));
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#locked === null) return;
      event.preventDefault();
      // The sliders are about to go, and the focus with them.
      if (this.#editor?.element.contains(event.target as Node)) over.focus();
      this.#toggle(this.#locked);
    });
  }

  #point(spot: Spot | null): void {
    if (isSame(spot, this.#pointed)) return;
    this.#pointed = spot;
    this.#show();
  }

  #press(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || !isIn(this.#walked, this.#map)) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#walking = true;
      this.#toggle(this.#walked);
      return;
    }
    const spot = moved(this.#walked, event.key, event.ctrlKey, this.#map);
    if (spot === null) return;
    event.preventDefault();
    [this.#walked, this.#pointed, this.#walking] = [spot, null, true];
    this.#show();
  }

  #toggle(spot: Spot): void {
    this.#walked = spot;
    this.#locked = isSame(spot, this.#locked) ? null : spot;
    this.#settle();
    this.#options.onSelect?.(this.#locked && selectionOf(this.#locked));
  }

  #edit(weights: number[]): void {
    const { row } = this.#locked ?? { row: -1 };
    if (row < 0) return;
    const attention = [...this.#map.attention];
    attention[row] = weights;
    const { sourceSymbols, outputSymbols } = this.#map;
    this.#map = { sourceSymbols, outputSymbols, attention };
    this.#draw();
    this.#options.onEdit?.(row, [...weights]);
  }
}
