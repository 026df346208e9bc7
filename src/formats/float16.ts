/**
 * Half-precision numbers as files hold them, little-endian, widened to float32. Both widenings are
 * exact: every float16 and every bfloat16 is a float32. The payload of a NaN is kept.
 */

import { DataError } from "../core/errors.ts";

/**
 * IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits) as float32.
 *
 * @param bytes two per number, low byte first, at any alignment
 * @throws DataError when the number of bytes is odd
 *
 * @example
 * widenFloat16(new Uint8Array([0x00, 0x3c, 0x00, 0xc0])); // → [1, -2]
 */
export function widenFloat16(bytes: Uint8Array): Float32Array {
  return widen("widenFloat16", bytes, float32BitsOfFloat16);
}

/**
 * bfloat16 (the upper half of a float32) as float32.
 *
 * @param bytes two per number, low byte first, at any alignment
 * @throws DataError when the number of bytes is odd
 *
 * @example
 * widenBfloat16(new Uint8Array([0x80, 0x3f])); // → [1]
 */
export function widenBfloat16(bytes: Uint8Array): Float32Array {
  return widen("widenBfloat16", bytes, (bits) => bits << 16);
}

function widen(where: string, bytes: Uint8Array, bitsOf: (bits: number) => number): Float32Array {
  if (bytes.length % 2 !== 0) {
    throw new DataError({
      where,
      expected: "two bytes for each number",
      received: `${bytes.length} bytes`,
    });
  }
  const words = new Uint32Array(bytes.length / 2);
  for (let i = 0; i < words.length; i++) {
    words[i] = bitsOf(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  }
  return new Float32Array(words.buffer);
}

function float32BitsOfFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13); // infinite or NaN
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13); // 127 - 15
  if (fraction === 0) return sign;
  // Subnormal, fraction · 2^-24: its highest bit becomes the implied one.
  const highest = 31 - Math.clz32(fraction);
  return sign | ((highest + 103) << 23) | ((fraction << (23 - highest)) & 0x7fffff); // 127 - 24
}
