import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { Random } from "../../src/core/random.ts";
import { holdOut } from "../../src/seq2seq/split.ts";
import type { Pair } from "../../src/seq2seq/types.ts";

const pairsOf = (sources: readonly (string | number)[]): Pair[] =>
  sources.map((source, i) => ({ source: String(source), target: `t${i}`, line: i + 1 }));
const numbered = (count: number): Pair[] => pairsOf(Array.from({ length: count }, (_, i) => i));

describe("holdOut", () => {
  it("parts the pairs so that no source is on both sides, each in its order", () => {
    const sources = fc.array(fc.nat(20), { minLength: 2, maxLength: 60 });
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(sources, share, fc.nat(), (names, part, seed) => {
        fc.pre(new Set(names).size >= 2);
        const pairs = pairsOf(names);
        const { train, heldOut } = holdOut(pairs, part, new Random(seed));
        const held = new Set(heldOut.map(({ source }) => source));
        expect(train.length).toBeGreaterThan(0);
        expect(heldOut.length).toBeGreaterThan(0);
        expect(train.filter(({ source }) => held.has(source))).toEqual([]);
        expect([...train, ...heldOut].sort((a, b) => a.line - b.line)).toEqual(pairs);
        for (const side of [train, heldOut]) {
          expect([...side].sort((a, b) => a.line - b.line)).toEqual(side);
        }
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it("holds out the share of the distinct sources, at least 1, never all, at most 1000", () => {
    const count = (size: number, share: number, most?: number): number =>
      holdOut(numbered(size), share, new Random(1), most).heldOut.length;
    expect(count(100, 0.1)).toBe(10);
    expect(count(2, 0.001)).toBe(1);
    expect(count(3, 0.999)).toBe(2);
    expect(count(20_000, 0.1)).toBe(1000);
    expect(count(20_000, 0.1, 1500)).toBe(1500);
    expect(count(100, 0.5, 7)).toBe(7);
  });

  it("gives the same split for the same seed and another for another", () => {
    const pairs = numbered(200);
    const split = (seed: number): number[] =>
      holdOut(pairs, 0.1, new Random(seed)).heldOut.map(({ line }) => line);
    expect(split(5)).toEqual(split(5));
    expect(split(5)).not.toEqual(split(6));
  });

  it("holds every source out equally often", () => {
    const counts = new Array<number>(10).fill(0);
    const random = new Random(12);
    for (let draw = 0; draw < 2000; draw++) {
      for (const { line } of holdOut(numbered(10), 0.3, random).heldOut) counts[line - 1]! += 1;
    }
    // 600 expected each, standard deviation 20.5.
    expect(Math.max(...counts.map((n) => Math.abs(n - 600)))).toBeLessThan(100);
  });

  it.each<[string, () => unknown]>([
    ["no pairs", () => holdOut([], 0.1, new Random(1))],
    ["one source", () => holdOut(pairsOf(["a", "a", "a"]), 0.1, new Random(1))],
    ["a share of 0", () => holdOut(numbered(9), 0, new Random(1))],
    ["a share of 1", () => holdOut(numbered(9), 1, new Random(1))],
    ["a share that is no number", () => holdOut(numbered(9), Number.NaN, new Random(1))],
    ["a limit of 0", () => holdOut(numbered(9), 0.1, new Random(1), 0)],
  ])("refuses %s", (_, call) => {
    expect(call).toThrow(DataError);
  });
});
