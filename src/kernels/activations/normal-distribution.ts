/** φ(x) = e^(−x²/2) / √2π, the density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** From here on the continued fraction is right to all digits within so many of its steps. */
const FAR = 2;
const STEPS = 128;

/**
 * Φ(x) = (1 + erf(x / √2)) / 2, the standard normal distribution, to about 5e-15 relative: near 0 by
 * its series ½ + φ(x) · (x + x³/3 + x⁵/(3·5) + …), far from it by Laplace's continued fraction
 * Φ(−x) = φ(x) / (x + 1 / (x + 2 / (x + 3 / …))), which keeps the digits of the left tail.
 */
export function normalDistribution(x: number): number {
  const size = Math.abs(x);
  if (size > FAR) {
    let fraction = size;
    for (let step = STEPS; step >= 1; step--) fraction = size + step / fraction;
    const tail = normalDensity(size) / fraction;
    return x < 0 ? tail : 1 - tail;
  }
  let [term, series] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(series); n += 2) {
    term *= (x * x) / n;
    series += term;
  }
  return 0.5 + normalDensity(x) * series;
}
