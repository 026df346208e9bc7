import type { Floats } from "../arrays.ts";

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * z = gates[t] + h[t−1] · wh;  f, g, i, o = σ(z_f), tanh(z_g), σ(z_i), σ(z_o);
 * c[t] = f ⊙ c[t−1] + g ⊙ i;  h[t] = o ⊙ tanh(c[t])
 * (Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000). Reversed, h[t + 1] and
 * c[t + 1] for h[t − 1] and c[t − 1], from the last step to the first.
 */
export function lstmForward(
  gates: Floats,
  wh: Floats,
  h0: Floats | null,
  c0: Floats | null,
  lengths: Int32Array | null,
  hs: Floats,
  cs: Floats,
  hLast: Floats,
  cLast: Floats,
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
): void {
  for (let n = 0; n < batch; n++) {
    const length = lengths === null ? steps : lengths[n]!;
    for (let j = 0; j < hidden; j++) {
      hLast[n * hidden + j] = h0 === null ? 0 : h0[n * hidden + j]!;
      cLast[n * hidden + j] = c0 === null ? 0 : c0[n * hidden + j]!;
    }
    for (let step = 0; step < steps; step++) {
      const t = reverse ? steps - 1 - step : step;
      const gate = (n * steps + t) * 4 * hidden;
      const state = (n * steps + t) * hidden;
      for (let j = 0; j < 4 * hidden; j++) {
        let z = t < length ? gates[gate + j]! : 0;
        if (t < length) {
          for (let k = 0; k < hidden; k++) z += hLast[n * hidden + k]! * wh[k * 4 * hidden + j]!;
        }
        gates[gate + j] = z;
      }
      for (let j = 0; j < hidden; j++) {
        if (t < length) {
          const f = sigmoid(gates[gate + j]!);
          const g = Math.tanh(gates[gate + hidden + j]!);
          const i = sigmoid(gates[gate + 2 * hidden + j]!);
          const o = sigmoid(gates[gate + 3 * hidden + j]!);
          gates[gate + j] = f;
          gates[gate + hidden + j] = g;
          gates[gate + 2 * hidden + j] = i;
          gates[gate + 3 * hidden + j] = o;
          cLast[n * hidden + j] = f * cLast[n * hidden + j]! + g * i;
          hLast[n * hidden + j] = o * Math.tanh(cLast[n * hidden + j]!);
        }
        cs[state + j] = cLast[n * hidden + j]!;
        hs[state + j] = hLast[n * hidden + j]!;
      }
    }
  }
}

/**
 * From the last step to the first, with dh = dhs[t] + what came back from step t + 1 (reversed, from
 * the first to the last, and t − 1), and h' and c' the state before:
 *
 * Was h = o ⊙ tanh(c), so   dz_o = dh ⊙ tanh(c) ⊙ o(1 − o)   and   dc += dh ⊙ o ⊙ (1 − tanh²c).
 * Was c = f ⊙ c' + g ⊙ i, so   dz_f = dc ⊙ c' ⊙ f(1 − f),   dz_g = dc ⊙ i ⊙ (1 − g²),
 * dz_i = dc ⊙ g ⊙ i(1 − i)   and   dc' = dc ⊙ f.
 * Was z = gates + h' · wh, so   dGates = dz,   dh' = dz · whᵀ,   dwh += h'ᵀ · dz.
 */
export function lstmBackward(
  gates: Floats,
  wh: Floats,
  h0: Floats | null,
  c0: Floats | null,
  lengths: Int32Array | null,
  hs: Floats,
  cs: Floats,
  dhs: Floats,
  dhLast: Floats | null,
  dcLast: Floats | null,
  dGates: Floats,
  dh0: Floats,
  dc0: Floats,
  dwh: Floats,
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
): void {
  for (let n = 0; n < batch; n++) {
    const length = lengths === null ? steps : lengths[n]!;
    const start = n * hidden;
    for (let j = 0; j < hidden; j++) {
      dh0[start + j] = dhLast === null ? 0 : dhLast[start + j]!;
      dc0[start + j] = dcLast === null ? 0 : dcLast[start + j]!;
    }
    for (let step = steps - 1; step >= 0; step--) {
      const t = reverse ? steps - 1 - step : step;
      const earlier = reverse ? hidden : -hidden;
      const state = (n * steps + t) * hidden;
      const gate = 4 * state;
      for (let j = 0; j < hidden; j++) dh0[start + j] = dh0[start + j]! + dhs[state + j]!;
      if (t >= length) {
        // The state stood still: its gradient is carried on, and no gate had a part in it.
        dGates.fill(0, gate, gate + 4 * hidden);
        continue;
      }
      const before = (array: Floats, initial: Floats | null, j: number): number => {
        if (step > 0) return array[state + earlier + j]!;
        return initial === null ? 0 : initial[start + j]!;
      };
      for (let j = 0; j < hidden; j++) {
        const f = gates[gate + j]!;
        const g = gates[gate + hidden + j]!;
        const i = gates[gate + 2 * hidden + j]!;
        const o = gates[gate + 3 * hidden + j]!;
        const tanhC = Math.tanh(cs[state + j]!);
        const dh = dh0[start + j]!;
        const dc = dc0[start + j]! + dh * o * (1 - tanhC * tanhC);
        dGates[gate + j] = dc * before(cs, c0, j) * f * (1 - f);
        dGates[gate + hidden + j] = dc * i * (1 - g * g);
        dGates[gate + 2 * hidden + j] = dc * g * i * (1 - i);
        dGates[gate + 3 * hidden + j] = dh * tanhC * o * (1 - o);
        dc0[start + j] = dc * f;
      }
      for (let k = 0; k < hidden; k++) {
        const hBefore = before(hs, h0, k);
        let dh = 0;
        for (let j = 0; j < 4 * hidden; j++) {
          dh += dGates[gate + j]! * wh[k * 4 * hidden + j]!;
          dwh[k * 4 * hidden + j] = dwh[k * 4 * hidden + j]! + hBefore * dGates[gate + j]!;
        }
        dh0[start + k] = dh;
      }
    }
  }
}
