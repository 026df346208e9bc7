import type { Floats } from "../arrays.ts";

/** y[r, j] = g · p[r, j] [j < symbols] + (1 − g) · Σ of weights[r, e] over the e with ids[n, e] = j, g = gate[r]. */
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
    for (let j = 0; j < width; j++) {
      y[r * width + j] = j < symbols ? gate[r]! * probabilities[r * symbols + j]! : 0;
    }
    for (let e = 0; e < steps; e++) {
      const id = ids[first + e]!;
      if (id < 0) continue;
      y[r * width + id] = y[r * width + id]! + (1 - gate[r]!) * weights[r * steps + e]!;
    }
  }
}

/**
 * Was y[r, j] = g · p[r, j] + (1 − g) · Σ of weights[r, e], so dProbabilities[r, j] = g · dy[r, j],
 * dWeights[r, e] = (1 − g) · dy[r, ids[n, e]] (0 where the id is −1), and
 * dGate[r] = Σⱼ p[r, j] · dy[r, j] − Σₑ weights[r, e] · dy[r, ids[n, e]].
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
    let d = 0;
    for (let j = 0; j < symbols; j++) {
      dProbabilities[r * symbols + j] = gate[r]! * dy[r * width + j]!;
      d += probabilities[r * symbols + j]! * dy[r * width + j]!;
    }
    for (let e = 0; e < steps; e++) {
      const id = ids[first + e]!;
      const of = id < 0 ? 0 : dy[r * width + id]!;
      dWeights[r * steps + e] = id < 0 ? 0 : (1 - gate[r]!) * of;
      if (id >= 0) d -= weights[r * steps + e]! * of;
    }
    dGate[r] = d;
  }
}
