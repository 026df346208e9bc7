import { Random } from "../core/random.ts";
import type { Scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { Dropout } from "../layers/dropout.ts";

/** The dropouts of a network, each with a seed of its own, so that no two drop alike. */
export class Dropouts {
  readonly #random: Random;
  #made = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** The next one. */
  site(rate: number): DropoutSite {
    return new DropoutSite(rate, this.seed());
  }

  /** The seed of the next one, for a layer that drops by itself. */
  seed(): number {
    return this.#random.stream(this.#made++).word();
  }
}

/** One place of a network where numbers are dropped while training. */
export class DropoutSite {
  readonly #layer: Dropout | null;
  #dropped = false;

  constructor(rate: number, seed: number) {
    this.#layer = rate === 0 ? null : new Dropout(rate, seed);
  }

  /** x with numbers dropped by the stream of `step`, or x as it is where step is null or the rate is 0. */
  forward(x: Tensor, step: number | null, scope: Scope): Tensor {
    this.#dropped = step !== null && this.#layer !== null;
    if (step === null || this.#layer === null) return x;
    return scope.keep(this.#layer.forward(x, step));
  }

  /** Undoes the last forward pass. */
  backward(dy: Tensor, scope: Scope): Tensor {
    return this.#dropped && this.#layer !== null ? scope.keep(this.#layer.backward(dy)) : dy;
  }
}
