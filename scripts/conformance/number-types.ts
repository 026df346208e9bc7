/**
 * The number types of a case file. heed computes in float32 and float64; what a case holds in fewer bits
 * is widened before, and the result rounded once, after.
 */

/** How far a result may be from what the case expects; see {@link toleranceOf}. */
interface FloatType {
  /** Bits of the significand, the implied one left out. */
  readonly bits: number;
  /** The exponent of the smallest normal number. */
  readonly least: number;
  /** The largest finite number. */
  readonly largest: number;
  /** Allowed error, as a share of the number. */
  readonly relative: number;
  /** Allowed error, as a share of the output's largest number. */
  readonly ofLargest: number;
}

/**
 * float32: a score of size L is off by about 1e-7 · L, and a weight by the same share of itself: 1e-4 holds
 * up to scores in the hundreds. Products and sums that cancel are off by a share of their terms.
 *
 * float16 and bfloat16: three spacings of numbers. The official expectations come from arithmetic which
 * rounds every step to the type, and are up to two spacings from the exact value; heed's are within one.
 */
const FLOATS: Readonly<Record<string, FloatType>> = {
  float64: {
    bits: 52,
    least: -1022,
    largest: Number.MAX_VALUE,
    relative: 1e-11,
    ofLargest: 1e-13,
  },
  float32: {
    bits: 23,
    least: -126,
    largest: 2 ** 128 * (1 - 2 ** -24),
    relative: 1e-4,
    ofLargest: 1e-6,
  },
  float16: { bits: 10, least: -14, largest: 65504, relative: 3 * 2 ** -10, ofLargest: 2 ** -12 },
  bfloat16: {
    bits: 7,
    least: -126,
    largest: 2 ** 128 * (1 - 2 ** -8),
    relative: 3 * 2 ** -7,
    ofLargest: 2 ** -9,
  },
};

/** What the official tests allow of absolute error, where numbers are so small that no share of them does. */
const LEAST_TOLERANCE = 1e-7;

/** Whether a dtype is one of floats. */
export function isFloat(dtype: string): boolean {
  return Object.hasOwn(FLOATS, dtype);
}

/** Whether a dtype is one of whole numbers. */
export function isInteger(dtype: string): boolean {
  return /^u?int(?:8|16|32|64)$/.test(dtype);
}

/** x as the nearest number of a float dtype, ties to the even one. */
export function rounded(dtype: string, x: number): number {
  if (dtype === "float64" || !Number.isFinite(x) || x === 0) return x;
  if (dtype === "float32") return Math.fround(x);
  const { bits, least, largest } = FLOATS[dtype]!;
  // The exponent by its bits: a logarithm may be off by one at powers of two.
  const [, high = 0] = new Uint32Array(Float64Array.of(Math.abs(x)).buffer);
  const exponent = Math.max(least, (high >>> 20) - 1023);
  const spacing = 2 ** (exponent - bits);
  // A sum so large has no bits below 1: adding it rounds to whole numbers, ties to even.
  const whole = 2 ** 52;
  const nearest = (Math.abs(x) / spacing + whole - whole) * spacing;
  return Math.sign(x) * (nearest > largest ? Number.POSITIVE_INFINITY : nearest);
}

/** The error allowed of a number in an output whose largest number is `largest`. */
export function toleranceOf(dtype: string, expected: number, largest: number): number {
  const { relative, ofLargest } = FLOATS[dtype]!;
  return Math.max(LEAST_TOLERANCE, relative * Math.abs(expected) + ofLargest * largest);
}
