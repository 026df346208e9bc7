import { visibleSymbol } from "./attention-labels.ts";
import { type AttentionMap, weightAt } from "./attention-map.ts";
import { freshId, html, setAll } from "./dom.ts";
import type { Frame } from "./frame.ts";
import { inWords, type Spot } from "./spot.ts";

/**
 * What lies over the picture, takes pointers and keys, and is a grid to assistive technology. Of the
 * grid, only the row and the column are in the page that the keyboard is at, as in any grid whose
 * rows are many: it says how many there are, and which these are.
 */
export class Overlay {
  readonly element: HTMLDivElement;
  readonly #id = freshId();
  readonly #rows: readonly HTMLDivElement[];
  readonly #columnHead: HTMLSpanElement;
  readonly #rowHead: HTMLSpanElement;
  readonly #cell: HTMLSpanElement;

  constructor(page: Document, describedBy: string) {
    this.#columnHead = html(page, "span", { role: "columnheader" });
    this.#rowHead = html(page, "span", { role: "rowheader", "aria-colindex": 1 });
    this.#cell = html(page, "span", { role: "gridcell" });
    this.#rows = [
      html(
        page,
        "div",
        { role: "row", class: "heed-unseen", "aria-rowindex": 1 },
        this.#columnHead,
      ),
      html(page, "div", { role: "row", class: "heed-unseen" }, this.#rowHead, this.#cell),
    ];
    this.element = html(page, "div", { class: "heed-over", "aria-describedby": describedBy });
  }

  /** Takes the size of a picture; an empty map is a picture and no grid. */
  fit(map: AttentionMap, { width, height }: Frame, name: string): void {
    const [rows, columns] = [map.outputSymbols.length, map.sourceSymbols.length];
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    this.element.setAttribute("aria-label", name);
    if (rows === 0 || columns === 0) {
      this.element.setAttribute("role", "img");
      for (const attribute of ["aria-rowcount", "aria-colcount", "aria-activedescendant"]) {
        this.element.removeAttribute(attribute);
      }
      this.element.removeAttribute("tabindex");
      this.element.replaceChildren();
      return;
    }
    const counts = { "aria-rowcount": rows + 1, "aria-colcount": columns + 1 };
    setAll(this.element, { role: "grid", tabindex: 0, ...counts });
    if (this.element.childElementCount === 0) this.element.append(...this.#rows);
  }

  /** Says where the keyboard is, and whether that is what is kept. */
  goTo(map: AttentionMap, { row, column }: Spot, locked: Spot | null): void {
    const [d, e] = [Math.max(0, row), Math.max(0, column)];
    setAll(this.#rows[1]!, { "aria-rowindex": d + 2 });
    for (const cell of [this.#columnHead, this.#cell])
      cell.setAttribute("aria-colindex", `${e + 2}`);
    this.#columnHead.textContent = visibleSymbol(map.sourceSymbols[e] ?? "");
    this.#rowHead.textContent = visibleSymbol(map.outputSymbols[d] ?? "");
    this.#cell.textContent = inWords(weightAt(map, d, e));
    const at = row < 0 ? this.#columnHead : column < 0 ? this.#rowHead : this.#cell;
    for (const part of [this.#columnHead, this.#rowHead, this.#cell]) {
      part.removeAttribute("id");
      const [r, c] = [part === this.#columnHead ? -1 : d, part === this.#rowHead ? -1 : e];
      part.setAttribute("aria-selected", String(locked?.row === r && locked.column === c));
    }
    // Another name for each place: that the active part is another is what is read out.
    at.id = `${this.#id}-${row + 1}-${column + 1}`;
    this.element.setAttribute("aria-activedescendant", at.id);
  }
}
