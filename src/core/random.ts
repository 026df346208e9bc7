import { DataError } from "./errors.ts";
import { threefry } from "./threefry.ts";

const TWO_32 = 2 ** 32;

/**
 * Seeded random numbers: same seed and stream, same numbers, on every machine and engine
 * (Threefry-2x32 with 20 rounds, Salmon et al. 2011).
 *
 * Streams are numbered rather than split off one another, so that parts of a program (initial
 * parameters, dropout of step 17, the order of epoch 3) draw independently of each other's use.
 *
 * @example
 * const random = new Random(42);
 * random.uniform();               // 0 ≤ u < 1, 53 bits
 * random.normal();                // mean 0, standard deviation 1
 * random.integer(6);              // 0 … 5
 * random.stream(7).uniform();     // another stream of the same seed
 */
export class Random {
  readonly #seed: number;
  readonly #stream: number;
  #counter = 0;
  readonly #words = new Uint32Array(2);
  #spare: number | null = null;

  /**
   * @param seed a whole number from 0 to 2^32 - 1
   * @param stream the number of the stream, likewise
   * @throws DataError when either is not
   */
  constructor(seed: number, stream = 0) {
    this.#seed = checkWord("seed", seed);
    this.#stream = checkWord("stream", stream);
  }

  /**
   * The stream of that number under the same seed, from its beginning.
   *
   * @throws DataError when the number is not a whole number from 0 to 2^32 - 1
   */
  stream(number: number): Random {
    return new Random(this.#seed, number);
  }

  /** A random whole number from 0 to 2^32 - 1. */
  word(): number {
    if (this.#spare !== null) {
      const word = this.#spare;
      this.#spare = null;
      return word;
    }
    this.#draw();
    this.#spare = this.#words[1] ?? 0;
    return this.#words[0] ?? 0;
  }

  /** A uniform number `low ≤ u < high`, with 53 random bits. */
  uniform(low = 0, high = 1): number {
    const a = this.word() >>> 5;
    const b = this.word() >>> 6;
    const u = (a * 2 ** 26 + b) / 2 ** 53;
    const value = low + u * (high - low);
    return value < high ? value : low;
  }

  /** A normal number: mean + deviation · Φ⁻¹(u) of a uniform u, see {@link normalQuantile}. */
  normal(mean = 0, deviation = 1): number {
    // Half a step up keeps u off 0; the last step would then round to 1, and stays below it.
    const u = Math.min(this.uniform() + 2 ** -54, 1 - 2 ** -53);
    return mean + deviation * normalQuantile(u);
  }

  /**
   * A uniform whole number `0 ≤ i < below`, free of modulo bias (by rejection).
   *
   * @throws DataError when `below` is not a whole number from 1 to 2^32
   */
  integer(below: number): number {
    if (!Number.isSafeInteger(below) || below < 1 || below > TWO_32) {
      throw new DataError({
        where: "Random.integer",
        expected: "a bound from 1 to 2^32",
        received: String(below),
      });
    }
    const limit = TWO_32 - (TWO_32 % below);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % below;
  }

  /** Puts the items into random order, in place (Fisher and Yates): every order equally likely. */
  shuffle<Item>(items: { [index: number]: Item; readonly length: number }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i] as Item;
      items[i] = items[j] as Item;
      items[j] = held;
    }
  }

  #draw(): void {
    const low = this.#counter >>> 0;
    const high = Math.floor(this.#counter / TWO_32);
    threefry(this.#seed, this.#stream, low, high, this.#words);
    this.#counter++;
  }
}

function checkWord(what: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0 || value >= TWO_32) {
    throw new DataError({
      where: "Random",
      expected: `a ${what} that is a whole number from 0 to 4294967295`,
      received: String(value),
    });
  }
  return value;
}

/**
 * The quantile of the standard normal distribution, relative error about 1e-16 (Wichura 1988,
 * algorithm AS 241, PPND16). Written with + - * / and square root alone, which IEEE 754 rounds the
 * same way everywhere; `Math.log` may differ between engines, so the logarithm is our own.
 * 0 and 1 give −∞ and ∞, everything outside NaN.
 *
 * @example
 * normalQuantile(0.975); // → 1.95996
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) {
    if (p === 0) return Number.NEGATIVE_INFINITY;
    return p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  }
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_ABOVE, r)) / polynomial(CENTRE_BELOW, r);
  }
  const r = Math.sqrt(-logarithm(q < 0 ? p : 1 - p));
  const tail =
    r <= 5
      ? polynomial(NEAR_ABOVE, r - 1.6) / polynomial(NEAR_BELOW, r - 1.6)
      : polynomial(FAR_ABOVE, r - 5) / polynomial(FAR_BELOW, r - 5);
  return q < 0 ? -tail : tail;
}

/** The natural logarithm of a normal positive float64, by arithmetic alone, to about 1 ulp. */
function logarithm(x: number): number {
  let exponent = 0;
  let m = x;
  while (m < Math.SQRT1_2) {
    m *= 2;
    exponent--;
  }
  while (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  const s = (m - 1) / (m + 1); // ln m = 2 artanh s, |s| ≤ 0.172
  const square = s * s;
  let series = 0;
  for (let k = 23; k >= 1; k -= 2) series = series * square + 1 / k;
  return exponent * Math.LN2 + 2 * s * series;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const c of coefficients) sum = sum * x + c;
  return sum;
}

// Coefficients of AS 241, highest power first.
const CENTRE_ABOVE = [
  2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
  13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
];
const CENTRE_BELOW = [
  5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
  5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1,
];
const NEAR_ABOVE = [
  7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
  1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959,
  1.42343711074968357734,
];
const NEAR_BELOW = [
  1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
  0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
];
const FAR_ABOVE = [
  2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
  0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699,
  6.6579046435011037772,
];
const FAR_BELOW = [
  2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
  7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769,
  1,
];
