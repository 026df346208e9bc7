import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { editDistance, summarise } from "../../src/seq2seq/metrics.ts";
import type { Prediction } from "../../src/seq2seq/types.ts";
import { Vocabulary } from "../../src/seq2seq/vocabulary.ts";

/** The definition, by recursion. */
function distance(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return distance(restA, restB);
  return 1 + Math.min(distance(restA, b), distance(a, restB), distance(restA, restB));
}

const word = (maxLength: number) => fc.array(fc.constantFrom("a", "b", "ʃ"), { maxLength });

describe("editDistance", () => {
  it("is the fewest insertions, deletions and substitutions", () => {
    expect(editDistance([..."kitten"], [..."sitting"])).toBe(3);
    expect(editDistance([], [])).toBe(0);
    expect(editDistance([], [..."abc"])).toBe(3);
    expect(editDistance(["tʃ", "a"], ["t", "ʃ", "a"])).toBe(2);
  });

  it("agrees with the definition", () => {
    fc.assert(
      fc.property(word(6), word(6), (a, b) => {
        expect(editDistance(a, b)).toBe(distance(a, b));
      }),
      { seed: 13, numRuns: 500 },
    );
  });

  it("is a metric: symmetric, 0 for equals alone, never longer by a detour", () => {
    fc.assert(
      fc.property(word(30), word(30), word(30), (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a.join() === b.join());
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
      { seed: 14, numRuns: 200 },
    );
  });
});

describe("summarise", () => {
  const chars = Vocabulary.fromTexts([], "chars");
  const spaces = Vocabulary.fromTexts([], "spaces");
  const prediction = (target: string, output: string, edits: number): Prediction => {
    const pair = { source: "s", target, line: 1 };
    return { pair, output, exact: edits === 0, edits, score: -1 };
  };

  it("counts exact matches per pair and edits per target symbol", () => {
    const predictions = [prediction("abc", "abc", 0), prediction("é", "xyz", 3)];
    const evaluation = summarise(predictions, chars);
    expect(evaluation).toEqual({ pairs: 2, exactMatch: 0.5, symbolErrorRate: 3 / 4, predictions });
  });

  it("counts tokens with tokens spaces, and can exceed 1", () => {
    const { symbolErrorRate } = summarise([prediction("tʃ a", "x y z w", 4)], spaces);
    expect(symbolErrorRate).toBe(2);
  });

  it("counts symbols of the normal form that the vocabulary has", () => {
    const decomposing = Vocabulary.fromTexts([], "codepoints", { normalization: "NFD" });
    expect(summarise([prediction("한é", "", 5)], decomposing).symbolErrorRate).toBe(1);
  });

  it("refuses what has no rate", () => {
    expect(() => summarise([], chars)).toThrow(DataError);
    expect(() => summarise([prediction("", "a", 1)], chars)).toThrow(DataError);
  });
});
