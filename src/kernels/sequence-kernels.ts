/** The part of the contract that further sequence models are made of; its rules are those of kernels.ts. */
export interface SequenceKernels<F, I> {
  // --- GRU: batch = N sequences, steps = T, hidden = H; gates in the order r, z, n along 3H ---

  /**
   * For t = 0 … T−1, with h₋₁ = h0 (N, H; null is zeros) and wh (H, 3H) = [wh_r, wh_z, wh_n]:
   *
   *     r = σ(gates_r[t] + h[t−1] · wh_r)        z = σ(gates_z[t] + h[t−1] · wh_z)
   *     past[t] = h[t−1] · wh_n + bn
   *     n = tanh(gates_n[t] + r ⊙ past[t])
   *     h[t] = (1 − z) ⊙ n + z ⊙ h[t−1]
   *
   * gates (N, T, 3H) holds x · wx + b on entry and r, z, n on exit; bn is (H), past and hs are (N, T, H),
   * hLast is (N, H). Lengths and `reverse` are as in lstmForward; where a sequence stands still, gates and
   * past become 0.
   */
  gruForward(
    gates: F,
    wh: F,
    bn: F,
    h0: F | null,
    lengths: I | null,
    past: F,
    hs: F,
    hLast: F,
    batch: number,
    steps: number,
    hidden: number,
    reverse: boolean,
  ): void;
  /**
   * Undoes gruForward. dhs (N, T, H) is the gradient of every state, dhLast (N, H; null is zeros) of the
   * last one besides. gates, past and hs are the forward pass's outputs. dGates (N, T, 3H) is the gradient
   * of what stood in `gates` on entry, dPast (N, T, H) that of past, whose sum over rows is that of bn; dh0
   * (N, H) that of the initial state; dwh (H, 3H) += that of wh.
   */
  gruBackward(
    gates: F,
    wh: F,
    h0: F | null,
    lengths: I | null,
    past: F,
    hs: F,
    dhs: F,
    dhLast: F | null,
    dGates: F,
    dPast: F,
    dh0: F,
    dwh: F,
    batch: number,
    steps: number,
    hidden: number,
    reverse: boolean,
  ): void;
}
