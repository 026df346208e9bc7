import { threefry } from "../../core/threefry.ts";
import type { Floats } from "../arrays.ts";

/** y[i] = factor · x[i] where the i-th random word is ≥ threshold, else 0 (Srivastava et al. 2014). */
export function dropout(
  x: Floats,
  y: Floats,
  seed: number,
  stream: number,
  threshold: number,
  factor: number,
  length: number,
): void {
  const words = new Uint32Array(2);
  for (let i = 0; i < length; i++) {
    if (i % 2 === 0) threefry(seed, stream, i / 2, 0, words);
    y[i] = words[i % 2]! >= threshold ? factor * x[i]! : 0;
  }
}
