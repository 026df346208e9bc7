/**
 * Collects things to dispose together: the tensors of one training step, say.
 *
 * @example
 * const scope = new Scope();
 * const x = scope.keep(tensor([1, 2, 3]));
 * scope.dispose();
 * x.disposed; // → true
 */
export class Scope {
  #held: { dispose(): void }[] = [];

  /** Takes charge of `item` and hands it back. */
  keep<Item extends { dispose(): void }>(item: Item): Item {
    this.#held.push(item);
    return item;
  }

  /** Disposes all of it. */
  dispose(): void {
    for (const item of this.#held) item.dispose();
    this.#held = [];
  }
}
