import { checkSize } from "../core/arguments.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkIndices, checkRange, expectShape, sameDevice, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import { type LayerOptions, type ParameterSpec, parametersOf } from "./parameters.ts";

/**
 * A learned row per symbol: y[…, :] = W[ids[…], :].
 *
 * Shapes: ids (…) → y (…, D). Parameter W (V, D), at first normal with deviation 0.01.
 *
 * @example
 * const layer = new Embedding(10, 4);
 * layer.forward(indices([[1, 2, 1]])).shape; // → [1, 3, 4]
 */
export class Embedding implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #W: Tensor;
  readonly #dW: Tensor;
  #state: { ids: Indices } | null = null;

  /**
   * @param symbols V, the number of rows
   * @param size D, the length of a row
   */
  constructor(symbols: number, size: number, options: LayerOptions = {}) {
    checkSize("Embedding", "symbols", symbols);
    checkSize("Embedding", "size", size);
    const specs = (name: string): ParameterSpec[] => Embedding.specs(name, symbols, size);
    const { values, grads } = parametersOf("Embedding", specs, options);
    [this.#W, this.#dW] = [values[0] as Tensor, grads[0] as Tensor];
    this.params = values;
    this.grads = grads;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, symbols: number, size: number): ParameterSpec[] {
    return [{ name: `${name}.W`, shape: [symbols, size], deviation: 0.01 }];
  }

  /** ids (…) → y (…, D). @throws ShapeError when an id is not from 0 to V − 1 */
  forward(ids: Indices): Tensor {
    checkIndices("Embedding.forward", "ids", ids);
    sameDevice("Embedding.forward", "ids", ids, "W", this.#W);
    const [V, D] = this.#W.shape as [number, number];
    checkRange("Embedding.forward", "ids", ids, 0, V - 1);
    const y = newTensor(this.#W, [...ids.shape, D]);
    const { kernels } = deviceOf(this.#W);
    kernels.embeddingForward(this.#W.storage, ids.storage, y.storage, ids.size, D);
    this.#state = { ids };
    return y;
  }

  /**
   * dW[ids[…], :] += dy[…, :]; symbols have no gradient of their own.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): void {
    const { ids } = recall("Embedding", this.#state);
    const [V, D] = this.#W.shape as [number, number];
    expectShape("Embedding.backward", "dy", dy, [...ids.shape, D]);
    together("Embedding.backward", { W: this.#W, dy });
    // Anew, since they are the caller's, who may have written to them.
    checkRange("Embedding.backward", "ids", ids, 0, V - 1);
    const { kernels } = deviceOf(this.#W);
    kernels.embeddingBackward(ids.storage, dy.storage, this.#dW.storage, ids.size, D);
  }
}
