import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { widenBfloat16, widenFloat16 } from "../../src/formats/float16.ts";

const PATTERNS = 65_536;
const allPatterns = new Uint8Array(Uint16Array.from({ length: PATTERNS }, (_, i) => i).buffer);

/** The value of an IEEE 754 number by its definition, from the widths of its fields. */
function valueByFields(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >>> (exponentBits + fractionBits) === 0 ? 1 : -1;
  const exponent = (bits >>> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe.each([
  ["widenFloat16", widenFloat16, 5, 10],
  ["widenBfloat16", widenBfloat16, 8, 7],
] as const)("%s", (_, widen, exponentBits, fractionBits) => {
  it("gives the value of every one of the 65,536 patterns, zeros with their sign", () => {
    const widened = widen(allPatterns);
    expect(widened.length).toBe(PATTERNS);
    const wrong: number[] = [];
    for (let bits = 0; bits < PATTERNS; bits++) {
      if (!Object.is(widened[bits], valueByFields(bits, exponentBits, fractionBits)))
        wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  it("keeps sign and payload of every NaN", () => {
    const bits = new Uint32Array(widen(allPatterns).buffer);
    const wrong: number[] = [];
    for (let half = 0; half < PATTERNS; half++) {
      if (!Number.isNaN(valueByFields(half, exponentBits, fractionBits))) continue;
      const sign = (half >>> 15) * 2 ** 31;
      const payload = (half & (2 ** fractionBits - 1)) * 2 ** (23 - fractionBits);
      if (bits[half] !== sign + 0x7f800000 + payload) wrong.push(half);
    }
    expect(wrong).toEqual([]);
  });

  it("reads at odd offsets and refuses an odd number of bytes", () => {
    const shifted = new Uint8Array(allPatterns.length + 1);
    shifted.set(allPatterns, 1);
    const bytesOf = (numbers: Float32Array) => Buffer.from(numbers.buffer);
    expect(bytesOf(widen(shifted.subarray(1))).equals(bytesOf(widen(allPatterns)))).toBe(true);
    expect(() => widen(new Uint8Array(3))).toThrow(DataError);
  });
});
