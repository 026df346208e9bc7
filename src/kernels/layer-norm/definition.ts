import type { Floats } from "../arrays.ts";

/** y[i, :] = gain ⊙ (x[i, :] − mean) / √(variance + ε) + bias (Ba, Kiros & Hinton 2016, eqs. 3 and 4) */
export function layerNormForward(
  x: Floats,
  gain: Floats,
  bias: Floats,
  y: Floats,
  means: Floats,
  inverses: Floats,
  rows: number,
  columns: number,
  epsilon: number,
): void {
  const count = Math.max(columns, 1);
  for (let i = 0; i < rows; i++) {
    let total = 0;
    for (let j = 0; j < columns; j++) total += x[i * columns + j]!;
    const mean = total / count;
    let squares = 0;
    for (let j = 0; j < columns; j++) squares += (x[i * columns + j]! - mean) ** 2;
    const inverse = 1 / Math.sqrt(squares / count + epsilon);
    for (let j = 0; j < columns; j++) {
      y[i * columns + j] = gain[j]! * ((x[i * columns + j]! - mean) * inverse) + bias[j]!;
    }
    means[i] = mean;
    inverses[i] = inverse;
  }
}

/**
 * y = gain ⊙ n + bias with n = (x − mean) · inverse, so dGain = Σ_rows dy ⊙ n, dBias = Σ_rows dy, and of
 * dn = dy ⊙ gain, dx = inverse · (dn − Σdn / D − n · (Σ dn ⊙ n) / D), since mean and inverse are of x too.
 */
export function layerNormBackward(
  x: Floats,
  gain: Floats,
  means: Floats,
  inverses: Floats,
  dy: Floats,
  dx: Floats,
  dGain: Floats,
  dBias: Floats,
  rows: number,
  columns: number,
): void {
  const n = (i: number, j: number): number => (x[i * columns + j]! - means[i]!) * inverses[i]!;
  for (let j = 0; j < columns; j++) {
    let [gainTotal, biasTotal] = [dGain[j]!, dBias[j]!];
    for (let i = 0; i < rows; i++) {
      gainTotal += dy[i * columns + j]! * n(i, j);
      biasTotal += dy[i * columns + j]!;
    }
    dGain[j] = gainTotal;
    dBias[j] = biasTotal;
  }
  for (let i = 0; i < rows; i++) {
    let [total, dot] = [0, 0];
    for (let j = 0; j < columns; j++) {
      const dn = dy[i * columns + j]! * gain[j]!;
      total += dn;
      dot += dn * n(i, j);
    }
    for (let j = 0; j < columns; j++) {
      const dn = dy[i * columns + j]! * gain[j]!;
      dx[i * columns + j] = inverses[i]! * (dn - total / columns - (n(i, j) * dot) / columns);
    }
  }
}
