import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/plot/attention-labels.ts";
import { attentionToText } from "../../src/plot/attention-text.ts";

const reversal = {
  sourceSymbols: [..."abcd"],
  outputSymbols: [..."DCBA"],
  attention: [
    [0, 0, 0.1, 0.9],
    [0, 0.2, 0.8, 0],
    [0.01, 0.5, 0.25, 0.24],
    [1, 0, 0, 0],
  ],
};

/** Maps of any size with any symbols. */
const anyMap = fc
  .record({
    sourceSymbols: fc.array(fc.string({ unit: "binary", maxLength: 4 }), { maxLength: 20 }),
    outputSymbols: fc.array(fc.string({ unit: "binary", maxLength: 4 }), { maxLength: 5 }),
    weight: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ weight, ...symbols }) => ({
    ...symbols,
    attention: symbols.outputSymbols.map(() => symbols.sourceSymbols.map(() => weight)),
  }));

/** Escape characters as pictures, which a regular expression may hold. */
function readable(text: string): string {
  return text.replaceAll("\u001b", "␛");
}

function withoutColor(text: string): string {
  return readable(text).replaceAll(/␛\[(?:0|48;5;\d+)m/g, "");
}

describe("attentionToText without colour", () => {
  it("draws a row per output symbol and a column per source symbol", () => {
    expect(attentionToText(reversal).split("\n")).toEqual([
      "  a b c d",
      "D     ░░██",
      "C   ▒▒██",
      "B   ▓▓▒▒▒▒",
      "A ██",
    ]);
  });

  it("keeps wide, emoji and combining labels over their columns", () => {
    const sourceSymbols = ["日", "e\u0301", "👩‍👩‍👧", "x", "AH0", "本"];
    const attention = sourceSymbols.map((_, d) => sourceSymbols.map((_, e) => (d === e ? 1 : 0)));
    const text = attentionToText({ sourceSymbols, outputSymbols: [..."123456"], attention });
    const [head = "", ...rows] = text.split("\n");
    rows.forEach((row, d) => {
      const label = sourceSymbols[d] ?? "";
      const before = head.slice(0, head.indexOf(label));
      expect(displayWidth(row.slice(0, row.indexOf("█")))).toBe(displayWidth(before));
      expect(row.length - row.indexOf("█")).toBe(label === "AH0" ? 4 : 2);
    });
  });

  it("aligns the cells of all rows whatever the width of their labels", () => {
    const rows = attentionToText({
      sourceSymbols: ["a"],
      outputSymbols: ["x", "日", "long"],
      attention: [[1], [1], [1]],
    }).split("\n");
    expect(rows.slice(1).map((row) => displayWidth(row.slice(0, row.indexOf("█"))))).toEqual([
      5, 5, 5,
    ]);
  });

  it("cuts a map that is too wide into bands with their own labels", () => {
    const text = attentionToText(reversal, { width: 6 });
    expect(text.split("\n\n").map((band) => band.split("\n")[0])).toEqual(["  a b", "  c d"]);
  });

  it("marks what the map does not hold", () => {
    const text = attentionToText({ sourceSymbols: ["a"], outputSymbols: ["x"], attention: [] });
    expect(text).toBe("  a\nx ??");
  });

  it("says that there is no output, also without a source", () => {
    expect(attentionToText({ sourceSymbols: ["a"], outputSymbols: [], attention: [] })).toBe(
      "  a\n(no output)",
    );
    expect(attentionToText({ sourceSymbols: [], outputSymbols: [], attention: [] })).toContain(
      "(no output)",
    );
  });

  it("keeps a right-to-left symbol from turning its line around", () => {
    const text = attentionToText({ sourceSymbols: ["ש"], outputSymbols: ["s"], attention: [[1]] });
    expect(text).toContain("\u200eש\u200e");
  });
});

describe("attentionToText on any map", () => {
  it("holds no control character, and is never wider than asked unless one column is", () => {
    fc.assert(
      fc.property(anyMap, fc.integer({ min: 1, max: 100 }), (map, width) => {
        for (const line of attentionToText(map, { width }).split("\n")) {
          expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
          const oneColumn = 16 + 1 + 13; // the longest label of a row, a gap, the widest column
          expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(width, oneColumn));
        }
      }),
    );
  });

  it("differs with colour only in how cells are filled", () => {
    fc.assert(
      fc.property(anyMap, (map) => {
        const text = attentionToText(map);
        const coloured = withoutColor(attentionToText(map, { color: true }));
        const bare = (drawn: string): string[] =>
          drawn.split("\n").map((line) => line.replaceAll(/[░▒▓█]/g, " ").trimEnd());
        expect(bare(coloured)).toEqual(bare(text));
      }),
    );
  });
});

describe("attentionToText with colour", () => {
  const text = attentionToText(reversal, { color: true });

  it("shades by 256-colour backgrounds, and resets at the end of every row", () => {
    const rows = text.split("\n").slice(1);
    for (const row of rows) expect(readable(row)).toMatch(/^[A-D] (␛\[48;5;\d+m +)+␛\[0m$/);
  });

  it("gives a weight of 1 the brightest and of 0 the darkest colour", () => {
    expect(readable(text.split("\n")[4] ?? "")).toBe("A ␛[48;5;229m  ␛[48;5;232m      ␛[0m");
  });
});

it("draws maps of very many symbols", () => {
  const outputSymbols = Array.from({ length: 150_000 }, () => "b");
  const map = { sourceSymbols: ["a"], outputSymbols, attention: [[1]] };
  const lines = attentionToText(map).split("\n");
  expect(lines).toHaveLength(150_001);
  expect(lines[1]).toBe("b ██");
  expect(lines[2]).toBe("b ??");
});
