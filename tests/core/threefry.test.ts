import { describe, expect, it } from "vitest";
import { threefry } from "../../src/core/threefry.ts";

function words(key: [number, number], counter: [number, number]): [number, number] {
  const out = new Uint32Array(2);
  threefry(...key, ...counter, out);
  return [out[0]!, out[1]!];
}

describe("threefry", () => {
  // The known answers of the Random123 distribution for threefry2x32 with 20 rounds.
  it("gives the known answer for zeros", () => {
    expect(words([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
  });

  it("gives the known answer for ones", () => {
    const ones = 0xffffffff;
    expect(words([ones, ones], [ones, ones])).toEqual([0x1cb996fc, 0xbb002be7]);
  });

  it("gives the known answer for the digits of π", () => {
    const words_ = words([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]);
    expect(words_).toEqual([0xc4923a9c, 0x483df7a0]);
  });

  it("depends on every word of key and counter", () => {
    const all = [
      words([1, 0], [0, 0]),
      words([0, 1], [0, 0]),
      words([0, 0], [1, 0]),
      words([0, 0], [0, 1]),
    ];
    expect(new Set(all.map(String)).size).toBe(4);
  });
});
