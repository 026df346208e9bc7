import type { Floats } from "../arrays.ts";

/**
 * y[r, j] = σ(z) · p[r, j] [j < symbols] + σ(−z) · Σ of weights[r, e] over the e with ids[n, e] = j, z = gate[r].
 */
export function copyMixtureForward(
  probabilities: Floats,
  gate: Floats,
  weights: Floats,
  ids: Int32Array,
  y: Floats,
  batch: number,
  queries: number,
  steps: number,
  symbols: number,
  width: number,
): void {
  for (let r = 0; r < batch * queries; r++) {
    const first = Math.floor(r / queries) * steps;
    const [written, copied] = [sigma(gate[r]!), sigma(-gate[r]!)];
    for (let j = 0; j < width; j++) {
      y[r * width + j] = j < symbols ? written * probabilities[r * symbols + j]! : 0;
    }
    for (let e = 0; e < steps; e++) {
      const id = ids[first + e]!;
      if (id < 0) continue;
      y[r * width + id] = y[r * width + id]! + copied * weights[r * steps + e]!;
    }
  }
}

/**
 * Was y[r, j] = σ(z) · p[r, j] + σ(−z) · Σ of weights[r, e], so dProbabilities[r, j] = σ(z) · dy[r, j],
 * dWeights[r, e] = σ(−z) · dy[r, ids[n, e]] (0 where the id is −1), and, as σ′(z) = σ(z) · σ(−z),
 * dGate[r] = σ(z) · σ(−z) · (Σⱼ p[r, j] · dy[r, j] − Σₑ weights[r, e] · dy[r, ids[n, e]]).
 */
export function copyMixtureBackward(
  probabilities: Floats,
  gate: Floats,
  weights: Floats,
  ids: Int32Array,
  dy: Floats,
  dProbabilities: Floats,
  dGate: Floats,
  dWeights: Floats,
  batch: number,
  queries: number,
  steps: number,
  symbols: number,
  width: number,
): void {
  for (let r = 0; r < batch * queries; r++) {
    const first = Math.floor(r / queries) * steps;
    const [written, copied] = [sigma(gate[r]!), sigma(-gate[r]!)];
    let d = 0;
    for (let j = 0; j < symbols; j++) {
      dProbabilities[r * symbols + j] = written * dy[r * width + j]!;
      d += probabilities[r * symbols + j]! * dy[r * width + j]!;
    }
    for (let e = 0; e < steps; e++) {
      const id = ids[first + e]!;
      const of = id < 0 ? 0 : dy[r * width + id]!;
      dWeights[r * steps + e] = id < 0 ? 0 : copied * of;
      if (id >= 0) d -= weights[r * steps + e]! * of;
    }
    dGate[r] = written * copied * d;
  }
}

/** 1 / (1 + e⁻ᶻ) */
function sigma(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
