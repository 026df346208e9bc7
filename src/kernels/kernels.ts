import type { AttentionKernels } from "./attend/contract.ts";
import type { LayerKernels } from "./layer-kernels.ts";
import type { SequenceKernels } from "./sequence-kernels.ts";

/**
 * The contract: what a device can do. One function per op, the same name in every language it is
 * written in (TypeScript definition, C, WGSL), so that one search finds every body.
 *
 * Rules that hold for every function here
 * - Arrays are row-major and dense; sizes are non-negative whole numbers, and 0 is allowed everywhere.
 * - The caller allocates, validates and owns. A kernel never allocates, warns or throws.
 * - What a backward pass needs is an explicit output of its forward pass.
 * - `accumulate` false overwrites an output (whatever stood there, NaN included), true adds to it.
 *   Outputs without that flag are overwritten, except where `+=` is written below.
 * - Outputs must not overlap inputs unless the function says so.
 * - `null` stands for an input that is absent; what that means is said at the parameter.
 * - NaN in an input reaches the outputs that depend on it and no others.
 * - What passes the largest number of the dtype on the way (3.4e38 in float32) is ∞ from there on: a row
 *   of scores with +∞ in it has NaN weights, as ∞ − ∞ has no value.
 *
 * `F` is an array of floats and `I` one of int32: typed arrays for the definitions, storages for
 * devices.
 */
export interface Kernels<F, I>
  extends AttentionKernels<F, I>,
    LayerKernels<F, I>,
    SequenceKernels<F, I> {
  // --- elementwise: `y` may be one of the inputs ---

  /** y[i] = value */
  fill(y: F, value: number, length: number): void;
  /** y[i] = x[i] */
  copy(x: F, y: F, length: number): void;
  /** y[i] = a[i] + b[i] */
  add(a: F, b: F, y: F, length: number): void;
  /** y[i] = a[i] · b[i] */
  multiply(a: F, b: F, y: F, length: number): void;
  /** y[i] = factor · x[i] */
  scale(x: F, factor: number, y: F, length: number): void;
  /** y[n, t, :] = x[n, t, :] for t < lengths[n], else 0, of (batch, steps, size); the rest is not read. */
  maskSteps(x: F, lengths: I, y: F, batch: number, steps: number, size: number): void;

  // --- reductions ---

  /** y[0] = Σᵢ x[i] */
  sum(x: F, y: F, length: number): void;
  /** y[j] (+)= Σᵢ x[i, j] for x (rows, columns): the gradient of a bias. */
  sumRows(x: F, y: F, rows: number, columns: number, accumulate: boolean): void;
  /** total[0] = √(Σᵢ x[i]² [+ total[0]² if accumulate]): the global norm, array by array. */
  norm(x: F, total: F, length: number, accumulate: boolean): void;
  /** x[i] *= limit / total[0] where total[0] > limit; otherwise nothing. */
  clipToNorm(x: F, total: F, limit: number, length: number): void;
  /** y[i] = the first j with the largest x[i, j] of x (rows, columns); NaN is never the largest. */
  argmax(x: F, y: I, rows: number, columns: number): void;

  // --- matrix products ---

  /**
   * c (rows, columns) = op(a) · op(b) + bias, where op(a) is (rows, inner), op(b) is (inner, columns),
   * and `transposeA` says that `a` lies as (inner, rows), `transposeB` that `b` lies as (columns, inner).
   * bias (columns) is added to every row; null is none. With `accumulate`, c is added to.
   */
  matmul(
    a: F,
    b: F,
    bias: F | null,
    c: F,
    rows: number,
    columns: number,
    inner: number,
    transposeA: boolean,
    transposeB: boolean,
    accumulate: boolean,
  ): void;

  // --- softmax ---

  /** y[i, :] = softmax(x[i, :]) of (rows, columns); a row of −∞ alone gives zeros. y may be x. */
  softmaxForward(x: F, y: F, rows: number, columns: number): void;
  /** dx[i, j] = y[i, j] · (dy[i, j] − Σₖ y[i, k] · dy[i, k]). dx may be dy. */
  softmaxBackward(y: F, dy: F, dx: F, rows: number, columns: number): void;

  // --- sparse softmax: rows that sum to 1 as softmax's do, but with zeros in them ---

  /**
   * y[i, :] = max(x[i, :] − τᵢ, 0) of (rows, columns), with the τᵢ that makes the row's sum 1: sparsemax
   * (Martins & Astudillo 2016, equations 2 and 3). A row of −∞ alone gives zeros; NaN or +∞ in a row
   * makes all of it NaN. y may be x.
   */
  sparsemaxForward(x: F, y: F, rows: number, columns: number): void;
  /**
   * dx[i, j] = s[j] · (dy[i, j] − Σₖ s[k] · dy[i, k] / Σₖ s[k]) with s = 1 where y[i, j] > 0, else 0: dy
   * is not read there. dx may be dy.
   */
  sparsemaxBackward(y: F, dy: F, dx: F, rows: number, columns: number): void;
  /**
   * y[i, :] = max(x[i, :] / 2 − τᵢ, 0)², with the τᵢ that makes the row's sum 1: entmax with α = 1.5
   * (Peters, Niculae & Martins 2019, section 3). Otherwise as sparsemaxForward. y may be x.
   */
  entmaxForward(x: F, y: F, rows: number, columns: number): void;
  /** As sparsemaxBackward with s = √y[i, j]. dx may be dy. */
  entmaxBackward(y: F, dy: F, dx: F, rows: number, columns: number): void;

  // --- attention: query (N, Tq, D), keys (N, Tk, D), values (N, Tk, D), weights (N, Tq, Tk) ---
  // lengths (N) limits sequence n to its first lengths[n] keys; null allows all of them. What lies
  // behind a length is never read; its weights and gradients are 0. Sizes come as batch = N,
  // queries = Tq, steps = Tk, size = D. Dot-product scores, unscaled: the notebook's attention.

  /** weights[n, q, :] = softmaxₜ(query[n, q, :] · keys[n, t, :]) */
  attentionWeightForward(
    query: F,
    keys: F,
    lengths: I | null,
    weights: F,
    batch: number,
    queries: number,
    steps: number,
    size: number,
  ): void;
  /**
   * Of dWeights: dScores (N, Tq, Tk) by the softmax's backward pass (may be dWeights itself), then
   * dQuery[n, q, :] = Σₜ dScores[n, q, t] · keys[n, t, :] and
   * dKeys[n, t, :] (+)= Σ_q dScores[n, q, t] · query[n, q, :].
   */
  attentionWeightBackward(
    query: F,
    keys: F,
    lengths: I | null,
    weights: F,
    dWeights: F,
    dScores: F,
    dQuery: F,
    dKeys: F,
    batch: number,
    queries: number,
    steps: number,
    size: number,
    accumulate: boolean,
  ): void;
  /** context[n, q, :] = Σₜ weights[n, q, t] · values[n, t, :] */
  weightSumForward(
    values: F,
    weights: F,
    lengths: I | null,
    context: F,
    batch: number,
    queries: number,
    steps: number,
    size: number,
  ): void;
  /**
   * dWeights[n, q, t] = dContext[n, q, :] · values[n, t, :] and
   * dValues[n, t, :] (+)= Σ_q weights[n, q, t] · dContext[n, q, :].
   */
  weightSumBackward(
    values: F,
    weights: F,
    lengths: I | null,
    dContext: F,
    dWeights: F,
    dValues: F,
    batch: number,
    queries: number,
    steps: number,
    size: number,
    accumulate: boolean,
  ): void;
  /** Both in one pass: attentionWeightForward, then weightSumForward. values may be keys. */
  attentionForward(
    query: F,
    keys: F,
    values: F,
    lengths: I | null,
    weights: F,
    context: F,
    batch: number,
    queries: number,
    steps: number,
    size: number,
  ): void;
  /**
   * Both backward in one pass, for dContext. As Σₖ weights[k] · dWeights[k] = dContext · context
   * (Dao et al. 2022, appendix B.2), no array of (N, Tq, Tk) is needed besides weights:
   * dScores[n, q, t] = weights[n, q, t] · (dContext[n, q, :] · values[n, t, :] − dContext[n, q, :] · context[n, q, :]),
   * then dQuery and dKeys as in attentionWeightBackward, dValues as in weightSumBackward. dKeys and
   * dValues may be one and the same `F`, which then receives their sum: what the notebook's layers
   * want, whose keys are their values.
   */
  attentionBackward(
    query: F,
    keys: F,
    values: F,
    lengths: I | null,
    weights: F,
    context: F,
    dContext: F,
    dQuery: F,
    dKeys: F,
    dValues: F,
    batch: number,
    queries: number,
    steps: number,
    size: number,
    accumulate: boolean,
  ): void;

  // --- what local attention and coverage need besides ---

  /**
   * y[i, t] = exp(−(t − centres[i])² / (2 · deviation²)) for t < steps, of (rows, steps): Gaussians
   * around centres (rows) (Luong et al. 2015, equation 10). deviation > 0.
   */
  gaussianForward(centres: F, y: F, rows: number, steps: number, deviation: number): void;
  /** dCentres[i] = Σₜ dy[i, t] · y[i, t] · (t − centres[i]) / deviation². */
  gaussianBackward(
    centres: F,
    y: F,
    dy: F,
    dCentres: F,
    rows: number,
    steps: number,
    deviation: number,
  ): void;
  /** y[i] = min(a[i], b[i]), NaN where either is. y may be one of the inputs. */
  minimumForward(a: F, b: F, y: F, length: number): void;
  /**
   * dy[i] goes to da[i] where a[i] ≤ b[i], else to db[i], and the other is 0; both are NaN where a[i] or
   * b[i] is.
   */
  minimumBackward(a: F, b: F, dy: F, da: F, db: F, length: number): void;

  // --- LSTM: batch = N sequences, steps = T, hidden = H; gates in the order f, g, i, o along 4H ---

  /**
   * For t = 0 … T−1, with h₋₁ = h0 and c₋₁ = c0 (N, H; null is zeros):
   *
   *     z = gates[:, t, :] + h[t−1] · wh
   *     f = σ(z_f)   g = tanh(z_g)   i = σ(z_i)   o = σ(z_o)
   *     c[t] = f ⊙ c[t−1] + g ⊙ i
   *     h[t] = o ⊙ tanh(c[t])
   *
   * gates (N, T, 4H) holds x · wx + b on entry and f, g, i, o on exit. hs, cs (N, T, H) are the states
   * of every step; hLast, cLast (N, H) those of the last. wh is (H, 4H). From step lengths[n] on
   * (null: T), sequence n stands still: its gates are not read and become 0, its state is carried on.
   * With `reverse`, from the last step to the first: h[t + 1] takes the place of h[t − 1], sequence n
   * has its initial state until step lengths[n] − 1, and hLast and cLast are the state of step 0.
   */
  lstmForward(
    gates: F,
    wh: F,
    h0: F | null,
    c0: F | null,
    lengths: I | null,
    hs: F,
    cs: F,
    hLast: F,
    cLast: F,
    batch: number,
    steps: number,
    hidden: number,
    reverse: boolean,
  ): void;
  /**
   * Undoes lstmForward, from the step that it did last to the first. dhs (N, T, H) is the gradient of every state,
   * dhLast and dcLast (N, H; null is zeros) of the last one besides. gates, hs, cs are the forward
   * pass's outputs. dGates (N, T, 4H) is the gradient of what stood in `gates` on entry; dh0, dc0
   * (N, H) that of the initial state; dwh (H, 4H) += that of wh.
   */
  lstmBackward(
    gates: F,
    wh: F,
    h0: F | null,
    c0: F | null,
    lengths: I | null,
    hs: F,
    cs: F,
    dhs: F,
    dhLast: F | null,
    dcLast: F | null,
    dGates: F,
    dh0: F,
    dc0: F,
    dwh: F,
    batch: number,
    steps: number,
    hidden: number,
    reverse: boolean,
  ): void;

  // --- embedding ---

  /** y[i, :] = table[ids[i], :] for i < count; table (…, size). Ids are within the table. */
  embeddingForward(table: F, ids: I, y: F, count: number, size: number): void;
  /** dTable[ids[i], :] += dy[i, :], in the order of i. */
  embeddingBackward(ids: I, dy: F, dTable: F, count: number, size: number): void;

  // --- loss ---

  /**
   * probabilities p = softmax(logits) row by row, and, with a `smoothing` ε from 0 to less than 1,
   *
   *     losses[i] = −(1 − ε) · ln p[i, targets[i]] − ε · meanⱼ ln p[i, j]
   *
   * (Szegedy et al. 2016, section 7), computed from the logits so that it stays finite where they are; 0
   * where targets[i] = ignored. A logit of −∞ makes the loss ∞ at the target, and anywhere if ε > 0.
   */
  softmaxCrossEntropyForward(
    logits: F,
    targets: I,
    ignored: number,
    smoothing: number,
    probabilities: F,
    losses: F,
    rows: number,
    columns: number,
  ): void;
  /**
   * dLogits[i, j] = factor · (probabilities[i, j] − (1 − ε) · [j = targets[i]] − ε / columns); rows that
   * are ignored give 0.
   */
  softmaxCrossEntropyBackward(
    probabilities: F,
    targets: I,
    ignored: number,
    smoothing: number,
    factor: number,
    dLogits: F,
    rows: number,
    columns: number,
  ): void;

  // --- regularisation and optimisation ---

  /**
   * y[i] = x[i] · factor where the random word of element i is ≥ threshold, else 0. The word is that
   * of threefry under key (seed, stream): word i mod 2 of counter (⌊i/2⌋, 0). The gradient of the
   * forward pass is the same function of dy. y may be x.
   */
  dropout(
    x: F,
    y: F,
    seed: number,
    stream: number,
    threshold: number,
    factor: number,
    length: number,
  ): void;
  /**
   * Adam (Kingma & Ba 2015, algorithm 1):
   *
   *     m = β₁ · m + (1 − β₁) · g        v = β₂ · v + (1 − β₂) · g²
   *     x −= rate · (m / correction1) / (√(v / correction2) + ε),   correctionₖ = 1 − βₖᵗ
   *
   * Where loss or norm (one number each; null is none) is not finite, nothing changes: a step can be
   * skipped without anybody having waited for what it came to.
   */
  adamStep(
    x: F,
    gradient: F,
    m: F,
    v: F,
    loss: F | null,
    norm: F | null,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
    length: number,
  ): void;
}
