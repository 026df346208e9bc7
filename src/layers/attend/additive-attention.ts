import { checkFlag, checkSize } from "../../core/arguments.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { ParameterSpec } from "../parameters.ts";
import { AttentionLayer, type AttentionLayerOptions } from "./attention-layer.ts";
import type { AttentionScore } from "./options.ts";
import type { ScoreGradients } from "./scores.ts";

/** What {@link AdditiveAttention} learns. */
export interface AdditiveParts {
  /** Wq and Wk; true unless given. Without them, queries and keys are of size A. */
  readonly projections?: boolean | undefined;
  /** b; false unless given. */
  readonly bias?: boolean | undefined;
  /** v; true unless given. Without it, v is ones. */
  readonly vector?: boolean | undefined;
}

/** What {@link AdditiveAttention} is made with. */
export interface AdditiveAttentionOptions extends AttentionLayerOptions, AdditiveParts {}

type Part = "Wq" | "Wk" | "b" | "v";

/**
 * {@link attention} by a small network, as a layer: score = v · tanh(query · Wq + key · Wk + b), Bahdanau
 * et al. 2015, appendix A.1.2 ("concat" in Luong et al. 2015).
 *
 * Parameters, each of which may be left out: Wq (Dq, A) and Wk (Dk, A), at first normal with deviations
 * 1/√Dq and 1/√Dk; b (A), at first 0; v (A), at first normal with deviation 1/√A. One for all heads, if
 * there are several.
 *
 * @example
 * const layer = new AdditiveAttention(3, 2, 8, { seed: 1, bias: true });
 * const keys = normal([5, 7, 2], new Random(1));
 * layer.forward(normal([5, 4, 3], new Random(2)), keys).shape; // → [5, 4, 2]
 * layer.params.length; // → 4
 * @example
 * const plain = { projections: false, vector: false, return: { weights: true } };
 * const layer = new AdditiveAttention(2, 2, 2, plain);
 * const [query, keys] = [tensor([[[1, 0], [0, 1]]]), tensor([[[0, 1], [1, 0]]])];
 * const values = tensor([[[1, 2], [3, 4]]]);
 * layer.forward(query, keys, values).toArray(); // → [[[1.727, 2.727], [2.273, 3.273]]]
 * layer.attentionWeights.toArray(); // → [[[0.636, 0.364], [0.364, 0.636]]]
 */
export class AdditiveAttention extends AttentionLayer {
  readonly #scale: number;
  readonly #parts: readonly Part[];

  /**
   * @param querySize Dq, of one head
   * @param keySize Dk, of one head
   * @param innerSize A
   * @throws ShapeError when a size is not a whole number ≥ 0, or without projections not the same;
   *   DataError for an option that does not exist or is out of range
   */
  constructor(
    querySize: number,
    keySize: number,
    innerSize: number,
    options: AdditiveAttentionOptions = {},
  ) {
    const where = "AdditiveAttention";
    const sizes = [querySize, keySize, innerSize] as const;
    for (const [name, size] of Object.entries({ querySize, keySize, innerSize })) {
      checkSize(where, name, size);
    }
    const specs = (name: string) => AdditiveAttention.specs(name, ...sizes, options);
    super({ where, specs, more: ["projections", "bias", "vector"] }, options);
    const { projections = true, bias = false, vector = true } = options;
    for (const [name, flag] of Object.entries({ projections, bias, vector })) {
      checkFlag(where, name, flag);
    }
    if (!projections && sizes.some((size) => size !== innerSize)) {
      throw new ShapeError({
        where,
        expected: "querySize, keySize and innerSize to be the same without projections",
        received: sizes.join(", "),
      });
    }
    this.#scale = options.scale ?? 1;
    this.#parts = partsOf(options);
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(
    name: string,
    querySize: number,
    keySize: number,
    innerSize: number,
    parts: AdditiveParts = {},
  ): ParameterSpec[] {
    const deviation = (size: number): number => 1 / Math.sqrt(Math.max(size, 1));
    const all: Readonly<Record<Part, Omit<ParameterSpec, "name">>> = {
      Wq: { shape: [querySize, innerSize], deviation: deviation(querySize) },
      Wk: { shape: [keySize, innerSize], deviation: deviation(keySize) },
      b: { shape: [innerSize], deviation: 0 },
      v: { shape: [innerSize], deviation: deviation(innerSize) },
    };
    return partsOf(parts).map((part) => ({ name: `${name}.${part}`, ...all[part] }));
  }

  protected override score(): AttentionScore {
    const learned = Object.fromEntries(this.#parts.map((part, i) => [part, this.params[i]!]));
    return { kind: "additive", scale: this.#scale, ...learned };
  }

  protected override gradientsOf({ dWq, dWk, db, dv }: ScoreGradients): (Tensor | undefined)[] {
    const all = { Wq: dWq, Wk: dWk, b: db, v: dv };
    return this.#parts.map((part) => all[part]);
  }
}

/** The parameters that there are, in order. */
function partsOf({ projections = true, bias = false, vector = true }: AdditiveParts): Part[] {
  return [
    ...(projections ? (["Wq", "Wk"] as const) : []),
    ...(bias ? (["b"] as const) : []),
    ...(vector ? (["v"] as const) : []),
  ];
}
