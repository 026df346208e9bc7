/** The part of the contract that the layers of deeper models are made of; its rules are those of kernels.ts. */
export interface LayerKernels<F, I> {
  // --- activations: y may be x, dx may be dy ---

  /** y[i] = tanh(x[i]) */
  tanhForward(x: F, y: F, length: number): void;
  /** dx[i] = dy[i] · (1 − y[i]²) */
  tanhBackward(y: F, dy: F, dx: F, length: number): void;
  /** y[i] = 1 / (1 + e^−x[i]) */
  sigmoidForward(x: F, y: F, length: number): void;
  /** dx[i] = dy[i] · y[i] · (1 − y[i]) */
  sigmoidBackward(y: F, dy: F, dx: F, length: number): void;
  /** y[i] = max(x[i], 0) */
  reluForward(x: F, y: F, length: number): void;
  /** dx[i] = dy[i] where y[i] > 0, else 0; NaN where y[i] is. */
  reluBackward(y: F, dy: F, dx: F, length: number): void;
  /**
   * y[i] = x[i] · Φ(x[i]), with Φ the standard normal distribution (Hendrycks & Gimpel 2016): the exact
   * form, not that by tanh. 0 at −∞.
   */
  geluForward(x: F, y: F, length: number): void;
  /** dx[i] = dy[i] · (Φ(x[i]) + x[i] · φ(x[i])), with φ the density of Φ; at ±∞ dy[i] times 1 or 0. */
  geluBackward(x: F, dy: F, dx: F, length: number): void;

  // --- layer normalisation of the rows of x (rows, columns) ---

  /**
   * means[i] = Σⱼ x[i, j] / columns, inverses[i] = 1 / √(Σⱼ (x[i, j] − means[i])² / columns + ε), and
   * y[i, j] = gain[j] · (x[i, j] − means[i]) · inverses[i] + bias[j] (Ba, Kiros & Hinton 2016). y may be x.
   */
  layerNormForward(
    x: F,
    gain: F,
    bias: F,
    y: F,
    means: F,
    inverses: F,
    rows: number,
    columns: number,
    epsilon: number,
  ): void;
  /**
   * With n[i, j] = (x[i, j] − means[i]) · inverses[i] and dn[i, j] = dy[i, j] · gain[j]:
   *
   *     dx[i, j] = inverses[i] · (dn[i, j] − Σₖ dn[i, k] / columns − n[i, j] · Σₖ dn[i, k] · n[i, k] / columns)
   *     dGain[j] += Σᵢ dy[i, j] · n[i, j]        dBias[j] += Σᵢ dy[i, j]
   *
   * dx may be dy.
   */
  layerNormBackward(
    x: F,
    gain: F,
    means: F,
    inverses: F,
    dy: F,
    dx: F,
    dGain: F,
    dBias: F,
    rows: number,
    columns: number,
  ): void;

  // --- blocks: runs of numbers at equal distances ---

  /** y[r, i] = x[r, i] + b[i] for r < repeats, i < length: positions added to a batch. y may be x. */
  addRepeated(x: F, b: F, y: F, repeats: number, length: number): void;
  /**
   * y[yOffset + i · yStride + j] (+)= x[xOffset + i · xStride + j] for i < blocks, j < length; the rest of
   * y stays. Blocks of y do not overlap each other; those of x may, xStride = 0 repeats one. x and y may be
   * one array where no number is both read and written.
   */
  copyBlocks(
    x: F,
    xOffset: number,
    xStride: number,
    y: F,
    yOffset: number,
    yStride: number,
    blocks: number,
    length: number,
    accumulate: boolean,
  ): void;
  /**
   * y[i, :] = x[i, :] of (rows, size) where a number of d[i, :] (rows, columns) is not 0, NaN being none; else 0,
   * whatever x[i, :] holds: what no gradient met. y may be x.
   */
  maskUnmet(x: F, d: F, y: F, rows: number, size: number, columns: number): void;

  // --- rotary positions ---

  /**
   * Rotary position embedding (Su et al. 2021, eq. 34) of x (outer, steps, inner, size): of every vector,
   * the first `rotated` numbers (even, ≤ size) are turned in pairs, the rest is copied. A pair (a, b)
   * becomes (a · cos − b · sin, b · cos + a · sin). Pair i is numbers 2i and 2i + 1 if `interleaved`, else i
   * and i + rotated/2; its angle at a position is given by cosines and sines (positions, rotated/2). Step s
   * stands at positions[s] (steps), or at offset + s where positions is null. `inverse` turns back, which is
   * the gradient. y may be x.
   */
  rotate(
    x: F,
    cosines: F,
    sines: F,
    positions: I | null,
    y: F,
    outer: number,
    steps: number,
    inner: number,
    size: number,
    rotated: number,
    offset: number,
    interleaved: boolean,
    inverse: boolean,
  ): void;
}
