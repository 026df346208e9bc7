import { visibleSymbol } from "./attention-labels.ts";
import { type AttentionMap, weightAt } from "./attention-map.ts";
import { html } from "./dom.ts";
import type { AxisLabels } from "./frame.ts";
import { describeSpot, inWords, type Spot } from "./spot.ts";

const IDLE =
  "Point at a cell or a label, or walk with the arrow keys; click or press Enter to keep it.";
const KEPT = "Kept. Click it again or press Escape to let it go.";

/** The numbers of what is pointed at, in words, below the map. */
export class Readout {
  readonly lines: HTMLDivElement;
  readonly hint: HTMLParagraphElement;
  readonly #page: Document;
  #said = "";

  constructor(page: Document, hintId: string) {
    this.#page = page;
    this.lines = html(page, "div", {
      class: "heed-readout",
      "aria-live": "polite",
      "aria-atomic": "true",
    });
    this.hint = html(page, "p", { class: "heed-hint", id: hintId }, IDLE);
  }

  /** Says what a spot is; nothing for null. */
  show(map: AttentionMap, spot: Spot | null, kept: boolean, axes: Required<AxisLabels>): void {
    const hint = kept ? KEPT : IDLE;
    if (this.hint.textContent !== hint) this.hint.textContent = hint;
    const page = this.#page;
    const lines = spot === null ? [] : describeSpot(map, spot, axes);
    // What is said already is not to be read out again.
    const said = JSON.stringify(lines);
    if (said === this.#said) return;
    this.#said = said;
    this.lines.replaceChildren(
      ...lines.map((line) => {
        const parts = line.map((part) =>
          typeof part === "string" ? part : html(page, "bdi", {}, part.symbol),
        );
        return html(page, "p", {}, ...parts);
      }),
    );
  }
}

/** All weights as a table, which is made when it is opened: of a large map it is most of the page. */
export class NumbersTable {
  readonly element: HTMLDetailsElement;
  readonly #place: HTMLDivElement;
  #map: AttentionMap | null = null;
  #name = "";

  constructor(page: Document) {
    this.#place = html(page, "div", { class: "heed-table", role: "region", tabindex: 0 });
    const summary = html(page, "summary", {}, "All weights as a table");
    this.element = html(page, "details", {}, summary, this.#place);
    this.element.addEventListener("toggle", () => this.#fill());
  }

  /** The map whose weights they are. */
  show(map: AttentionMap, name: string): void {
    [this.#map, this.#name] = [map, name];
    this.#place.setAttribute("aria-label", `${name}: all weights`);
    this.#fill();
  }

  #fill(): void {
    if (!this.element.open || this.#map === null) {
      this.#place.replaceChildren();
      return;
    }
    const [page, map] = [this.element.ownerDocument, this.#map];
    const head = (scope: string, symbol: string) =>
      html(page, "th", { scope }, html(page, "bdi", {}, visibleSymbol(symbol)));
    const columns = map.sourceSymbols.map((symbol) => head("col", symbol));
    const rows = map.outputSymbols.map((symbol, d) => {
      const cells = columns.map((_, e) => html(page, "td", {}, inWords(weightAt(map, d, e))));
      return html(page, "tr", {}, head("row", symbol), ...cells);
    });
    const caption = html(page, "caption", { class: "heed-unseen" }, this.#name);
    const first = html(page, "tr", {}, html(page, "td"), ...columns);
    const table = html(page, "table", {}, caption, html(page, "thead", {}, first));
    table.append(html(page, "tbody", {}, ...rows));
    this.#place.replaceChildren(table);
  }
}
