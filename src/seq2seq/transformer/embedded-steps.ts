import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { deviceOf } from "../../kernels/device.ts";
import type { Embedding } from "../../layers/embedding.ts";
import { SinusoidalPositions } from "../../layers/positions.ts";
import type { DropoutSite } from "../dropouts.ts";

/**
 * What the first block of a Transformer is given: drop(√D · W[ids] + positions) (Vaswani et al. 2017,
 * sections 3.4 and 3.5).
 *
 * Shapes: ids (N, T) → x (N, T, D).
 */
export class EmbeddedSteps {
  readonly #embed: Embedding;
  readonly #positions: SinusoidalPositions;
  readonly #dropout: DropoutSite;
  readonly #factor: number;

  constructor(embed: Embedding, size: number, dropout: DropoutSite) {
    this.#embed = embed;
    this.#positions = new SinusoidalPositions(size);
    this.#dropout = dropout;
    this.#factor = Math.sqrt(size);
  }

  /**
   * @param offset steps that stand before these
   * @param step number of the dropout's random stream; null leaves dropout out
   */
  forward(ids: Indices, offset: number, step: number | null, scope: Scope): Tensor {
    const rows = scope.keep(this.#embed.forward(ids));
    this.#scale(rows);
    const x = scope.keep(this.#positions.forward(rows, { offset }));
    return this.#dropout.forward(x, step, scope);
  }

  /** After a forward pass with a step. dx is the scope's, and written over. */
  backward(dx: Tensor, scope: Scope): void {
    // What positions add has no gradient of its own.
    const dRows = this.#dropout.backward(dx, scope);
    this.#scale(dRows);
    this.#embed.backward(dRows);
  }

  #scale(x: Tensor): void {
    deviceOf(x).kernels.scale(x.storage, this.#factor, x.storage, x.size);
  }
}
