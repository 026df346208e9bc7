import type { Holder } from "./block.ts";

/** How many: a decoding step and its gradients make a few dozen tensors at most, and dispose of them. */
const PLACES = 32;

/**
 * The last few storages that were made, of small blocks. To have the engine watch one for when it is
 * collected takes longer than to make it, and most are released soon: so they are held here first, and
 * watched only once they have stayed. Whoever is watched must not be held: it would never be collected.
 */
export class RecentHolders {
  readonly #holders: (Holder | null)[] = new Array(PLACES).fill(null);
  #next = 0;

  /** Takes one in, and gives back the one that has been here longest, where it has not been released. */
  add(holder: Holder): Holder | null {
    const oldest = this.#holders[this.#next] ?? null;
    this.#holders[this.#next] = holder;
    this.#next = (this.#next + 1) % PLACES;
    return oldest;
  }

  remove(holder: Holder): void {
    const place = this.#holders.indexOf(holder);
    if (place >= 0) this.#holders[place] = null;
  }
}
