import { checkFlag } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import { AttentionLayer, type AttentionLayerOptions } from "./attention-layer.ts";
import type { AttentionScore } from "./options.ts";

/** What {@link DotProductAttention} is made with. */
export interface DotProductAttentionOptions extends AttentionLayerOptions {
  /** True for the scale 1/√D, with D the size of one head's query; instead of `scale`. */
  readonly scaled?: boolean | undefined;
}

/**
 * {@link attention} by the dot product, as a layer: score = query · key ("dot" in Luong et al. 2015,
 * section 3.1), or query · key / √D with `scaled` (Vaswani et al. 2017, equation 1). Learns nothing.
 *
 * @example
 * const layer = new DotProductAttention({ return: { weights: true } });
 * const [query, keys] = [tensor([[[1, 0], [0, 1]]]), tensor([[[0, 1], [1, 0]]])];
 * const values = tensor([[[1, 2], [3, 4]]]);
 * layer.forward(query, keys, values).toArray(); // → [[[2.462, 3.462], [1.538, 2.538]]]
 * layer.attentionWeights.toArray(); // → [[[0.269, 0.731], [0.731, 0.269]]]
 * const [dQuery, dKeys, dValues] = layer.backward(values);
 * dQuery.shape; // → [1, 2, 2]
 */
export class DotProductAttention extends AttentionLayer {
  readonly #score: AttentionScore;

  /** @throws DataError for an option that does not exist or is out of range */
  constructor(options: DotProductAttentionOptions = {}) {
    const where = "DotProductAttention";
    super({ where, specs: () => [], more: ["scaled"] }, options);
    const { scaled = false, scale } = options;
    checkFlag(where, "scaled", scaled);
    if (scaled && scale !== undefined) {
      throw new DataError({ where, expected: "scale or scaled, not both", received: "both" });
    }
    this.#score = scaled ? "scaled-dot" : { kind: "dot", scale };
  }

  protected override score(): AttentionScore {
    return this.#score;
  }

  protected override gradientsOf(): readonly [] {
    return [];
  }
}
