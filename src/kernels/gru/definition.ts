import type { Floats } from "../arrays.ts";

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * r, z = σ(gates[t] + h[t−1] · wh);  past[t] = h[t−1] · wh_n + bn;  n = tanh(gates_n[t] + r ⊙ past[t]);
 * h[t] = (1 − z) ⊙ n + z ⊙ h[t−1]
 * (Cho et al. 2014, with the reset gate behind the product). Reversed, h[t + 1] for h[t − 1], from the
 * last step to the first.
 */
export function gruForward(
  gates: Floats,
  wh: Floats,
  bn: Floats,
  h0: Floats | null,
  lengths: Int32Array | null,
  past: Floats,
  hs: Floats,
  hLast: Floats,
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
): void {
  const row = 3 * hidden;
  for (let i = 0; i < batch * hidden; i++) hLast[i] = h0 === null ? 0 : h0[i]!;
  for (let n = 0; n < batch; n++) {
    const length = lengths === null ? steps : lengths[n]!;
    const start = n * hidden;
    for (let step = 0; step < steps; step++) {
      const t = reverse ? steps - 1 - step : step;
      const gate = (n * steps + t) * row;
      const state = (n * steps + t) * hidden;
      if (t < length) {
        for (let j = 0; j < row; j++) {
          let z = j < 2 * hidden ? gates[gate + j]! : bn[j - 2 * hidden]!;
          for (let k = 0; k < hidden; k++) z += hLast[start + k]! * wh[k * row + j]!;
          if (j < 2 * hidden) gates[gate + j] = sigmoid(z);
          else past[state + j - 2 * hidden] = z;
        }
        for (let j = 0; j < hidden; j++) {
          const r = gates[gate + j]!;
          const z = gates[gate + hidden + j]!;
          const candidate = Math.tanh(gates[gate + 2 * hidden + j]! + r * past[state + j]!);
          gates[gate + 2 * hidden + j] = candidate;
          hLast[start + j] = (1 - z) * candidate + z * hLast[start + j]!;
        }
      } else {
        gates.fill(0, gate, gate + row);
        past.fill(0, state, state + hidden);
      }
      for (let j = 0; j < hidden; j++) hs[state + j] = hLast[start + j]!;
    }
  }
}

/**
 * From the step that the forward pass did last to its first, with dh = dhs[t] + what came back from the
 * step after, and h' the state before:
 *
 * Was h = (1 − z) ⊙ n + z ⊙ h', so   dz = dh ⊙ (h' − n) ⊙ z(1 − z),   dn = dh ⊙ (1 − z) ⊙ (1 − n²)
 * and   dh' = dh ⊙ z.
 * Was n = tanh(gates_n + r ⊙ past), so   dPast = dn ⊙ r,   dr = dn ⊙ past ⊙ r(1 − r).
 * Was past = h' · wh_n + bn, so   dbn = Σ dPast.   With dGates = [dr, dz, dn] and d = [dr, dz, dPast]:
 * dh' += d · whᵀ,   dwh += h'ᵀ · d.
 */
export function gruBackward(
  gates: Floats,
  wh: Floats,
  h0: Floats | null,
  lengths: Int32Array | null,
  past: Floats,
  hs: Floats,
  dhs: Floats,
  dhLast: Floats | null,
  dGates: Floats,
  dPast: Floats,
  dh0: Floats,
  dwh: Floats,
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
): void {
  const row = 3 * hidden;
  for (let n = 0; n < batch; n++) {
    const length = lengths === null ? steps : lengths[n]!;
    const start = n * hidden;
    for (let j = 0; j < hidden; j++) dh0[start + j] = dhLast === null ? 0 : dhLast[start + j]!;
    for (let step = steps - 1; step >= 0; step--) {
      const t = reverse ? steps - 1 - step : step;
      const gate = (n * steps + t) * row;
      const state = (n * steps + t) * hidden;
      for (let j = 0; j < hidden; j++) dh0[start + j] = dh0[start + j]! + dhs[state + j]!;
      if (t >= length) {
        // The state stood still: its gradient is carried on, and no gate had a part in it.
        dGates.fill(0, gate, gate + row);
        dPast.fill(0, state, state + hidden);
        continue;
      }
      const before = (j: number): number => {
        if (step > 0) return hs[state + (reverse ? hidden : -hidden) + j]!;
        return h0 === null ? 0 : h0[start + j]!;
      };
      for (let j = 0; j < hidden; j++) {
        const r = gates[gate + j]!;
        const z = gates[gate + hidden + j]!;
        const candidate = gates[gate + 2 * hidden + j]!;
        const dh = dh0[start + j]!;
        const dn = dh * (1 - z) * (1 - candidate * candidate);
        dGates[gate + j] = dn * past[state + j]! * r * (1 - r);
        dGates[gate + hidden + j] = dh * (before(j) - candidate) * z * (1 - z);
        dGates[gate + 2 * hidden + j] = dn;
        dPast[state + j] = dn * r;
        dh0[start + j] = dh * z;
      }
      for (let k = 0; k < hidden; k++) {
        let dh = 0;
        for (let j = 0; j < row; j++) {
          const d = j < 2 * hidden ? dGates[gate + j]! : dPast[state + j - 2 * hidden]!;
          dh += d * wh[k * row + j]!;
          dwh[k * row + j] = dwh[k * row + j]! + before(k) * d;
        }
        dh0[start + k] = dh0[start + k]! + dh;
      }
    }
  }
}
