import type { Indices, Tensor } from "../../core/tensor.ts";
import type { KeyValueCache } from "./key-value-cache.ts";

/** Booleans nested as arrays, one level per axis; true where a query may meet a key. */
export type NestedBooleans = boolean | readonly NestedBooleans[];

/** score = scale · (query · key); the scale is 1 unless given. */
export interface DotScore {
  /** Which score it is. */
  readonly kind: "dot";
  /** Any finite number. */
  readonly scale?: number | undefined;
}

/** score = scale · (query · W · key): "general" in Luong et al. 2015, section 3.1. */
export interface MultiplicativeScore {
  /** Which score it is. */
  readonly kind: "multiplicative";
  /** (Dq, Dk), one for all heads. */
  readonly W: Tensor;
  /** Any finite number; 1 unless given. */
  readonly scale?: number | undefined;
}

/**
 * score = scale · (v · tanh(query · Wq + key · Wk + b)), with A numbers within: Bahdanau et al. 2015,
 * appendix A.1.2. A matrix that is left out is the identity, b zeros, v ones.
 */
export interface AdditiveScore {
  /** Which score it is. */
  readonly kind: "additive";
  /** (Dq, A), one for all heads. */
  readonly Wq?: Tensor | undefined;
  /** (Dk, A) */
  readonly Wk?: Tensor | undefined;
  /** (A) */
  readonly b?: Tensor | undefined;
  /** (A) */
  readonly v?: Tensor | undefined;
  /** Any finite number; 1 unless given. */
  readonly scale?: number | undefined;
}

/** How well a query and a key go together: one of the family's scores. */
export type AttentionScore = "dot" | "scaled-dot" | DotScore | MultiplicativeScore | AdditiveScore;

/** Keys and values of steps before those of a call, laid out as they are. */
export interface KeysAndValues {
  /** As keys, but for the number of steps. */
  readonly keys: Tensor;
  /** As values, but for the number of steps. */
  readonly values: Tensor;
}

/** What {@link attention} can do besides; any of it with any other. */
export interface AttentionOptions {
  /**
   * `"dot"`, the notebook's and Luong's, unless given. `"scaled-dot"` is scale 1/√D (Vaswani et al. 2017,
   * equation 1), with D the size of one head's query.
   */
  readonly score?: AttentionScore | undefined;
  /**
   * 1 or true where a query may meet a key, 0 or false where not (any number but 0 counts as 1). Of a
   * shape that broadcasts to that of the weights: aligned from the right, each axis 1 or full.
   */
  readonly mask?: Indices | NestedBooleans | undefined;
  /** Added to the scores, −∞ masks; of a shape that broadcasts as that of `mask`. It has a gradient. */
  readonly bias?: Tensor | undefined;
  /** (N): sequence n has lengths[n] keys, those of `past` or `cache` counted; what lies behind is not read. */
  readonly lengths?: Indices | undefined;
  /**
   * Queries meet no key behind the one beside which they stand. With true, query q stands beside key q,
   * or q + P after P keys of `past` or `cache`; with `"top-left"` beside key q, in any case; with
   * `"bottom-right"` the last query stands beside the last key of its sequence; with an offset, query q
   * beside key q + offset.
   */
  readonly causal?: boolean | "top-left" | "bottom-right" | { readonly offset: number } | undefined;
  /**
   * Queries meet only so many keys besides the one beside which they stand, to either side, or to the
   * left and to the right where it says so: a sliding window (Beltagy et al. 2020). Where they stand
   * is what `causal` says, as with true unless given. With `causal`, none to the right.
   */
  readonly window?:
    | number
    | { readonly left?: number | undefined; readonly right?: number | undefined }
    | undefined;
  /**
   * A score falls by slopes[h] for every step between the key and where the query stands (ALiBi, Press
   * et al. 2022). Slopes (H), or true for 2^(−8(h + 1)/H). Slopes have no gradient.
   */
  readonly alibi?: boolean | Tensor | undefined;
  /** Scores become softcap · tanh(score / softcap) before bias and masks (Gemma 2, 2024); 0: they do not. */
  readonly softcap?: number | undefined;
  /**
   * Each weight is set to 0 with probability `rate`, and the rest scaled by 1/(1 − rate): which, is a
   * matter of seed and stream, as in {@link Dropout}.
   */
  readonly dropout?:
    | { readonly rate: number; readonly seed: number; readonly stream?: number | undefined }
    | undefined;
  /**
   * What makes weights of scores: `"softmax"` unless given, `"sparsemax"` (Martins & Astudillo 2016) or
   * `"entmax15"` (Peters et al. 2019), both of which give weights that are exactly 0.
   */
  readonly normalizer?: "softmax" | "sparsemax" | "entmax15" | undefined;
  /** H: heads that lie side by side along the last axis of query, of three axes. */
  readonly heads?: number | undefined;
  /**
   * G, which divides H, and is H unless given: heads of keys and values, each for H/G heads of queries
   * that follow one another (Ainslie et al. 2023; G = 1: Shazeer 2019).
   */
  readonly keyHeads?: number | undefined;
  /** Steps before those of keys and values; `present` of the result has all of them. */
  readonly past?: KeysAndValues | undefined;
  /** Where keys and values are appended, to meet all that is there. Such a call has no backward pass. */
  readonly cache?: KeyValueCache | undefined;
  /** What the result is to have besides context. */
  readonly return?:
    | {
        /** Weights, before dropout. Without them, and with the softmax, they never come to be. */
        readonly weights?: boolean | undefined;
        /** Scores as they come; after the softcap; or with bias and masks, −∞ where no key is met. */
        readonly scores?: "raw" | "capped" | "masked" | undefined;
        /** ln Σₜ exp(score[t]) of every row. */
        readonly logSumExp?: boolean | undefined;
      }
    | undefined;
}
