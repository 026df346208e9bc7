/** The part of the contract that further sequence models are made of; its rules are those of kernels.ts. */
export interface SequenceKernels<F, I> {
  // --- LSTM without a backward pass: batch = N, steps = T, hidden = H, width = W ≥ offset + H ---

  /**
   * The states of lstmForward, where nobody needs its gates and cells. Where ids (N, T) are given, what
   * lstmForward finds in gates[n, t] is row ids[n, t] of inputs (rows, 4H), which are then those of a table;
   * else inputs is (N, T, 4H).
   *
   * The states are columns offset … offset + H − 1 of hs (N, T, W; null: nobody wants them), hLast and cLast
   * (N, W), whose other columns stay as they are. h0 and c0 are (N, H). `sums` (N, 4H) is room to work in:
   * what it holds afterwards is nothing.
   */
  lstmStates(
    inputs: F,
    ids: I | null,
    wh: F,
    h0: F | null,
    c0: F | null,
    lengths: I | null,
    hs: F | null,
    hLast: F,
    cLast: F,
    sums: F,
    batch: number,
    steps: number,
    hidden: number,
    width: number,
    offset: number,
    reverse: boolean,
  ): void;

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

  // --- copying: batch = N, queries = T, steps = Te, symbols = V, width = W ≥ V ---

  /**
   * The pointer-generator's mixture (See, Liu & Manning 2017, eq. 9): with z = gate[n, t],
   *
   *     y[n, t, j] = σ(z) · probabilities[n, t, j] + σ(−z) · Σ of weights[n, t, e] over the e with ids[n, e] = j
   *
   * probabilities is (N, T, V), 0 from j = V on; gate (N, T), weights (N, T, Te), y (N, T, W). ids (N, Te)
   * are from 0 to W − 1, or −1, of whose weights nothing is read.
   */
  copyMixtureForward(
    probabilities: F,
    gate: F,
    weights: F,
    ids: I,
    y: F,
    batch: number,
    queries: number,
    steps: number,
    symbols: number,
    width: number,
  ): void;
  /**
   * Undoes copyMixtureForward:
   *
   *     dProbabilities[n, t, j] = σ(z) · dy[n, t, j]        dWeights[n, t, e] = σ(−z) · dy[n, t, ids[n, e]]
   *     dGate[n, t] = σ(z) · σ(−z) · (Σⱼ probabilities[n, t, j] · dy[n, t, j] − Σₑ weights[n, t, e] · dy[n, t, ids[n, e]])
   *
   * with 0 for dy at the id −1.
   */
  copyMixtureBackward(
    probabilities: F,
    gate: F,
    weights: F,
    ids: I,
    dy: F,
    dProbabilities: F,
    dGate: F,
    dWeights: F,
    batch: number,
    queries: number,
    steps: number,
    symbols: number,
    width: number,
  ): void;

  // --- loss of probabilities ---

  /**
   * With q = max(p, 2^−100), p = probabilities (rows, columns), and a `smoothing` ε from 0 to less than 1,
   *
   *     losses[i] = −(1 − ε) · ln q[i, targets[i]] − ε · the mean of ln q[i, j] over j < symbols
   *
   * and 0 where targets[i] = ignored. symbols ≤ columns, and at least 1 where ε > 0.
   */
  negativeLogLikelihoodForward(
    probabilities: F,
    targets: I,
    ignored: number,
    smoothing: number,
    symbols: number,
    losses: F,
    rows: number,
    columns: number,
  ): void;
  /**
   * dProbabilities[i, j] = −factor · ((1 − ε) · [j = targets[i]] + ε / symbols · [j < symbols]) / p[i, j];
   * 0 where p[i, j] ≤ 2^−100, where that factor of 1 / p is 0, and in rows that are ignored.
   */
  negativeLogLikelihoodBackward(
    probabilities: F,
    targets: I,
    ignored: number,
    smoothing: number,
    symbols: number,
    factor: number,
    dProbabilities: F,
    rows: number,
    columns: number,
  ): void;
}
