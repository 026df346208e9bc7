import type { Floats } from "../arrays.ts";

/** Pairs (a, b) → (a · cos − b · sin, b · cos + a · sin) by the angles of the step (Su et al. 2021, eq. 34) */
export function rotate(
  x: Floats,
  cosines: Floats,
  sines: Floats,
  positions: Int32Array | null,
  y: Floats,
  outer: number,
  steps: number,
  inner: number,
  size: number,
  rotated: number,
  offset: number,
  interleaved: boolean,
  inverse: boolean,
): void {
  const pairs = rotated / 2;
  for (let vector = 0; vector < outer * steps * inner; vector++) {
    const step = Math.floor(vector / inner) % steps;
    const position = positions === null ? offset + step : positions[step]!;
    const start = vector * size;
    for (let i = 0; i < pairs; i++) {
      const first = start + (interleaved ? 2 * i : i);
      const second = interleaved ? first + 1 : first + pairs;
      const cos = cosines[position * pairs + i]!;
      const sin = (inverse ? -1 : 1) * sines[position * pairs + i]!;
      const [a, b] = [x[first]!, x[second]!];
      y[first] = a * cos - b * sin;
      y[second] = b * cos + a * sin;
    }
    for (let d = rotated; d < size; d++) y[start + d] = x[start + d]!;
  }
}
