import { complain } from "./errors.ts";

/** Warnings on stderr, the first of each kind only, so that a stream of lines stays readable. */
export class Warnings {
  readonly #said = new Set<string>();
  readonly #before: () => void;

  /** @param before makes room on the screen for a warning */
  constructor(before: () => void = () => {}) {
    this.#before = before;
  }

  /** Says `text` unless something of that kind has been said before. */
  once(kind: string, text: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    this.#before();
    complain(`warning: ${text} (further warnings of this kind are not shown)`);
  }
}
