import { complain } from "./errors.ts";

/** Warnings on stderr, the first of each kind only, so that a stream of lines stays readable. */
export class Warnings {
  readonly #said = new Set<string>();

  /** Says `text` unless something of that kind has been said before. */
  once(kind: string, text: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    complain(`warning: ${text} (further warnings of this kind are not shown)`);
  }
}
