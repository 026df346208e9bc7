import { checkSize } from "../../core/arguments.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { ParameterSpec } from "../parameters.ts";
import { AttentionLayer, type AttentionLayerOptions } from "./attention-layer.ts";
import type { AttentionScore } from "./options.ts";
import type { ScoreGradients } from "./scores.ts";

/**
 * {@link attention} by a learned bilinear form, as a layer: score = query · W · key ("general" in Luong et
 * al. 2015, section 3.1), for queries and keys of two sizes. Parameter W (Dq, Dk), at first normal with
 * deviation 1/√Dq; one for all heads, if there are several.
 *
 * @example
 * const layer = new MultiplicativeAttention(3, 2, { seed: 1 });
 * const keys = normal([5, 7, 2], new Random(1));
 * layer.forward(normal([5, 4, 3], new Random(2)), keys).shape; // → [5, 4, 2]
 * layer.params[0]?.shape; // → [3, 2]
 */
export class MultiplicativeAttention extends AttentionLayer {
  readonly #scale: number;

  /**
   * @param querySize Dq, of one head
   * @param keySize Dk, of one head
   * @throws ShapeError when a size is not a whole number ≥ 0; DataError for an option that does not exist
   *   or is out of range
   */
  constructor(querySize: number, keySize: number, options: AttentionLayerOptions = {}) {
    const where = "MultiplicativeAttention";
    checkSize(where, "querySize", querySize);
    checkSize(where, "keySize", keySize);
    const specs = (name: string) => MultiplicativeAttention.specs(name, querySize, keySize);
    super({ where, specs }, options);
    this.#scale = options.scale ?? 1;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, querySize: number, keySize: number): ParameterSpec[] {
    const deviation = 1 / Math.sqrt(Math.max(querySize, 1));
    return [{ name: `${name}.W`, shape: [querySize, keySize], deviation }];
  }

  protected override score(): AttentionScore {
    return { kind: "multiplicative", W: this.params[0]!, scale: this.#scale };
  }

  protected override gradientsOf({ dW }: ScoreGradients): readonly (Tensor | undefined)[] {
    return [dW];
  }
}
