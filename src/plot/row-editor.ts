import { visibleSymbol } from "./attention-labels.ts";
import { type AttentionMap, weightAt } from "./attention-map.ts";
import { html } from "./dom.ts";
import { inWords } from "./spot.ts";

/**
 * A row whose weight at `column` is `weight`, and whose others share the rest as before; what had
 * nothing to share shares evenly. They sum to 1.
 *
 * @example
 * withWeight([0.5, 0.25, 0.25], 0, 0.8); // → [0.8, 0.1, 0.1]
 * withWeight([1, 0, 0], 0, 0.5); // → [0.5, 0.25, 0.25]
 */
export function withWeight(row: readonly number[], column: number, weight: number): number[] {
  if (row.length === 1) return [1];
  const known = row.map((w) => (w > 0 && Number.isFinite(w) ? w : 0));
  const others = known.reduce((sum, w, e) => (e === column ? sum : sum + w), 0);
  const rest = 1 - weight;
  return known.map((w, e) => {
    if (e === column) return weight;
    return others > 0 ? (w / others) * rest : rest / (row.length - 1);
  });
}

/** Sliders for the weights of one row. The page's own: they come with keys, touch and names. */
export class RowEditor {
  readonly element: HTMLFieldSetElement;
  readonly #page: Document;
  readonly #legend: HTMLLegendElement;
  readonly #edit: (weights: number[]) => void;
  #sliders: HTMLInputElement[] = [];
  #numbers: HTMLElement[] = [];
  #symbols: readonly string[] = [];
  #row: readonly number[] = [];

  /** @param edit is told of every row that the sliders make */
  constructor(page: Document, edit: (weights: number[]) => void) {
    this.#page = page;
    this.#edit = edit;
    this.#legend = html(page, "legend", { class: "heed-hint" });
    this.element = html(page, "fieldset", { class: "heed-editor" }, this.#legend);
    this.element.hidden = true;
    this.element.addEventListener("input", ({ target }) => this.#set(target));
    this.element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-9]$/.test(event.key)) return;
      const slider = this.#sliders[this.#sliders.indexOf(event.target as HTMLInputElement)];
      if (slider === undefined) return;
      slider.value = String(Number(event.key) / 10);
      event.preventDefault();
      this.#set(slider);
    });
  }

  /** Offers a row of a map; none where there is none. Sliders that are in use stay the same. */
  show(map: AttentionMap, row: number | null, axis: string): void {
    this.element.hidden = row === null || map.sourceSymbols.length === 0;
    if (row === null) return;
    const output = visibleSymbol(map.outputSymbols[row] ?? "");
    this.#legend.replaceChildren(`weights of ${axis} `, html(this.#page, "bdi", {}, output));
    this.#row = map.sourceSymbols.map((_, e) => weightAt(map, row, e));
    const { sourceSymbols } = map;
    const same = (symbol: string, e: number): boolean => symbol === this.#symbols[e];
    if (sourceSymbols.length !== this.#symbols.length || !sourceSymbols.every(same)) {
      this.#make(sourceSymbols);
    }
    this.#sliders.forEach((slider, e) => {
      slider.value = String(this.#row[e] || 0);
      this.#numbers[e]!.textContent = inWords(this.#row[e]!);
    });
  }

  #make(symbols: readonly string[]): void {
    const page = this.#page;
    this.#symbols = [...symbols];
    this.#sliders = symbols.map(() =>
      html(page, "input", { type: "range", min: 0, max: 1, step: 0.01 }),
    );
    this.#numbers = symbols.map(() => html(page, "span", { "aria-hidden": "true" }));
    const labels = symbols.map((symbol, e) => {
      const name = html(page, "bdi", {}, visibleSymbol(symbol));
      return html(page, "label", {}, name, this.#sliders[e]!, this.#numbers[e]!);
    });
    this.element.replaceChildren(this.#legend, ...labels);
  }

  #set(target: EventTarget | null): void {
    const column = this.#sliders.indexOf(target as HTMLInputElement);
    if (column < 0) return;
    this.#edit(withWeight(this.#row, column, Number(this.#sliders[column]!.value)));
  }
}
