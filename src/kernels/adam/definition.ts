import type { Floats } from "../arrays.ts";

/** Nothing where loss or norm is not finite; else m, v ← moving averages of g, g²; x −= rate · (m / correction1) / (√(v / correction2) + ε) */
export function adamStep(
  x: Floats,
  gradient: Floats,
  m: Floats,
  v: Floats,
  loss: Floats | null,
  norm: Floats | null,
  rate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  correction1: number,
  correction2: number,
  length: number,
): void {
  if (!Number.isFinite(loss?.[0] ?? 0) || !Number.isFinite(norm?.[0] ?? 0)) return;
  for (let i = 0; i < length; i++) {
    const g = gradient[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    x[i] = x[i]! - (rate * (m[i]! / correction1)) / (Math.sqrt(v[i]! / correction2) + epsilon);
  }
}
