/**
 * The part of the contract that is the whole family of attention: one op, whose scores, masks, heads
 * and normaliser are numbers of a plan. The rules of `kernels.ts` hold here too.
 */

/** What it reads. H heads of queries share G heads of keys: head h meets head ⌊h · G / H⌋. */
export interface AttentionInputs<F, I> {
  /** (N, H, Tq, D), or (N, Tq, H, D) where heads lie side by side. */
  readonly query: F;
  /** (N, G, capacity, D), or (N, capacity, G, D): of every sequence, the first `steps` rows are keys. */
  readonly keys: F;
  /** (N, G, capacity, E), or (N, capacity, G, E). May be `keys`. */
  readonly values: F;
  /** (D): v of the additive score; null is a vector of ones. */
  readonly vector: F | null;
  /** (N): sequence n has lengths[n] keys; null: all steps. */
  readonly lengths: I | null;
  /** 0 where a query must not meet a key; broadcast over the axes that `maskAxes` lacks. */
  readonly mask: I | null;
  /** Added to the scores; −∞ is as 0 in a mask; broadcast over the axes that `biasAxes` lacks. */
  readonly bias: F | null;
  /** (H): a key's score falls by slopes[h] for every step that it is away. */
  readonly slopes: F | null;
}

/** The axes that a mask or a bias has; along the others it has size 1. */
export const AXES = { batch: 1, heads: 2, queries: 4, steps: 8 } as const;
/** What turns a row of scores into weights. */
export const NORMALIZERS = { softmax: 0, sparsemax: 1, entmax15: 2 } as const;
/** How far scores have come: see {@link AttentionKernels.attentionScores}. */
export const STAGES = { raw: 0, capped: 1, masked: 2 } as const;

/** Sizes and rules of one call: numbers alone. */
export interface AttentionPlan {
  /** N */
  readonly batch: number;
  /** H */
  readonly heads: number;
  /** G, which divides H */
  readonly keyHeads: number;
  /** Tq */
  readonly queries: number;
  /** Tk */
  readonly steps: number;
  /** Rows that keys and values have per sequence and head, at least `steps`. */
  readonly capacity: number;
  /** D */
  readonly size: number;
  /** E */
  readonly valueSize: number;
  /** Heads lie side by side within a step, rather than one after the other. */
  readonly sideBySide: boolean;
  /** The score is vector · tanh(query + key) rather than query · key. */
  readonly additive: boolean;
  readonly scale: number;
  /** 0: none. */
  readonly softcap: number;
  /** One of {@link NORMALIZERS}. */
  readonly normalizer: number;
  /** Query q stands beside key q + shift, counted from the end of the sequence's keys if `toEnd`. */
  readonly shift: number;
  readonly toEnd: boolean;
  /** It meets so many keys before that one, and so many behind; −1: all of them. */
  readonly left: number;
  readonly right: number;
  /** Sums of {@link AXES}. */
  readonly maskAxes: number;
  readonly biasAxes: number;
  /** Of the weights, as in `dropout`: 0 and 1 for none. */
  readonly seed: number;
  readonly stream: number;
  readonly threshold: number;
  readonly factor: number;
}

/** One head, dot products as they are, and every key allowed: sizes are for the caller to fill in. */
export const PLAIN_PLAN: AttentionPlan = {
  batch: 0,
  heads: 1,
  keyHeads: 1,
  queries: 0,
  steps: 0,
  capacity: 0,
  size: 0,
  valueSize: 0,
  sideBySide: false,
  additive: false,
  scale: 1,
  softcap: 0,
  normalizer: NORMALIZERS.softmax,
  shift: 0,
  toEnd: false,
  left: -1,
  right: -1,
  maskAxes: 0,
  biasAxes: 0,
  seed: 0,
  stream: 0,
  threshold: 0,
  factor: 1,
};

/** What the forward pass leaves of each row of scores. */
export interface AttentionRows<F> {
  /** (N, H, Tq): the largest score; −∞ where there is none. NaN is never the largest. */
  readonly maxima: F;
  /** (N, H, Tq): Σₜ exp(score[t] − maximum); 0 where no key is allowed or all scores are −∞. */
  readonly sums: F;
}

/** What the general op is. */
export interface AttentionKernels<F, I> {
  /**
   * For query q of head h, with p = q + shift [+ lengths[n] if toEnd] and the head g of the keys:
   *
   *     raw[t]    = scale · (query[n, h, q, :] · keys[n, g, t, :])
   *                 or scale · Σ_d vector[d] · tanh(query[n, h, q, d] + keys[n, g, t, d])
   *     capped[t] = softcap · tanh(raw[t] / softcap), or raw[t]
   *     score[t]  = capped[t] + bias − slopes[h] · |p − t|, −∞ unless key t is allowed
   *     weights   = softmax (sparsemax, entmax) of score
   *     context[n, h, q, :] = Σₜ drop(weights)[t] · values[n, g, t, :]
   *
   * Key t is allowed where t < lengths[n], mask ≠ 0, bias ≠ −∞ and p − left ≤ t ≤ p + right. One that
   * is not reaches nothing, whatever stands in it; a row without any has weights and context 0.
   * drop keeps weight t of row r = (n · H + h) · Tq + q, times `factor`, where word t mod 2 of
   * threefry's counter (⌊t/2⌋, r) under key (seed, stream) is ≥ threshold. context lies as query does, E
   * numbers a row. weights (N, H, Tq, Tk), before dropout, may be null with the softmax: then they never
   * come to be, and memory is linear in Tk. With another normaliser, maxima and sums are unspecified.
   * logSumExp (N, H, Tq) = ln Σₜ exp(score[t]), whatever the normaliser, −∞ without any; or null.
   */
  attendForward(
    inputs: AttentionInputs<F, I>,
    plan: AttentionPlan,
    context: F,
    rows: AttentionRows<F>,
    weights: F | null,
    logSumExp: F | null,
  ): void;
  /**
   * Undoes attendForward, whose outputs it takes, for the gradients of context and of weights (null: 0;
   * given only together with the weights).
   * With the softmax, g = weights; with sparsemax, g = [weights > 0]; with entmax, g = √weights:
   *
   *     dWeight[t] = drop(dContext · values[n, g, t, :]) + dWeights[t]
   *     dot        = Σₜ g[t] · dWeight[t] / Σₜ g[t]
   *     dScore[t]  = g[t] · (dWeight[t] − dot)
   *
   * from which dQuery, dKeys and dValues follow as sums over what each met. dots (N, H, Tq) receives dot.
   * dVectors (N, G, capacity, D), laid out as keys, receives for every key Σ dRaw · scale · tanh(…),
   * whose sum over the rows is the gradient of the vector; null without one. Where values is keys,
   * dValues may be dKeys, which then receives the sum of both. Rows that no query met get 0.
   */
  attendBackward(
    inputs: AttentionInputs<F, I>,
    plan: AttentionPlan,
    context: F,
    rows: AttentionRows<F>,
    weights: F | null,
    dContext: F,
    dWeights: F | null,
    dots: F,
    dQuery: F,
    dKeys: F,
    dValues: F,
    dVectors: F | null,
  ): void;
  /** dBias, of the shape of bias: dScore as in attendBackward, which filled dots, summed where bias was broadcast. */
  attendBiasBackward(
    inputs: AttentionInputs<F, I>,
    plan: AttentionPlan,
    rows: AttentionRows<F>,
    weights: F | null,
    dContext: F,
    dWeights: F | null,
    dots: F,
    dBias: F,
  ): void;
  /**
   * scores (N, H, Tq, Tk), as far as `stage` of {@link STAGES}: raw and capped are computed for every key,
   * allowed or not, behind a length too; masked has −∞ where a key is not allowed.
   */
  attentionScores(
    inputs: AttentionInputs<F, I>,
    plan: AttentionPlan,
    stage: number,
    scores: F,
  ): void;
}
