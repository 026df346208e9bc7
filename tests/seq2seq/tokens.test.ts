import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { joinSymbols, tokenize } from "../../src/seq2seq/tokens.ts";
import type { Tokens } from "../../src/seq2seq/types.ts";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const graphemes = (text: string): string[] => Array.from(segmenter.segment(text), (s) => s.segment);

/** Text whose clusters are long and depend on what came before. */
const trickyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom(
        "a",
        "é",
        "e\u0301",
        "🇩🇪",
        "🇩",
        "👩‍👩‍👧",
        "👍🏽",
        "한",
        "\u1112\u1161",
        "\r\n",
      ),
      fc.constantFrom("क्षि", "\u0600", "\u200d", "\ud83c", "\udf08", "न\u094d", "ำ"),
    ),
    { maxLength: 300 },
  )
  .map((parts) => parts.join(""));

describe("chars", () => {
  it("are what a reader calls characters", () => {
    expect(tokenize("Sept. 9", "chars")).toEqual(["S", "e", "p", "t", ".", " ", "9"]);
    expect(tokenize("e\u0301🇩🇪👩‍👩‍👧한", "chars")).toEqual(["e\u0301", "🇩🇪", "👩‍👩‍👧", "한"]);
    expect(tokenize("", "chars")).toEqual([]);
  });

  it("are the graphemes of Intl.Segmenter, whatever the length of text and cluster", () => {
    const seeded = { seed: 7, numRuns: 300 };
    fc.assert(
      fc.property(trickyText, (text) => {
        expect(tokenize(text, "chars")).toEqual(graphemes(text));
      }),
      seeded,
    );
    for (let length = 505; length < 520; length++) {
      for (const tail of ["👍🏽👍🏽", "🇩🇪🇫🇷", `e${"\u0301".repeat(1500)}x`, "\ud83d"]) {
        const text = "é".repeat(length) + tail;
        expect(tokenize(`ж${text}ж`, "chars")).toEqual(graphemes(`ж${text}ж`));
      }
    }
    const flags = "🇩🇪".repeat(700);
    expect(tokenize(flags, "chars")).toEqual(graphemes(flags));
  });

  it("need no segmenter where every code point stands alone", () => {
    for (let code = 0x20; code < 0x300; code++) {
      const text = `a${String.fromCharCode(code)}b`;
      expect(tokenize(text, "chars")).toEqual(graphemes(text));
    }
  });

  it("take time in proportion to the text", () => {
    const count = 300_000;
    expect(tokenize("ж".repeat(count), "chars").length).toBe(count);
    expect(tokenize(`e${"\u0301".repeat(count)}`, "chars").length).toBe(1);
    expect(tokenize("x".repeat(5_000_000), "chars").length).toBe(5_000_000);
  });
});

describe("spaces", () => {
  it("separate symbols and are none", () => {
    expect(tokenize("\t s p  iː\u00a0k\u3000\n", "spaces")).toEqual(["s", "p", "iː", "k"]);
    expect(tokenize(" \t ", "spaces")).toEqual([]);
  });
});

describe("codepoints", () => {
  it("stand alone, whatever they join", () => {
    expect(tokenize("e\u0301🇩🇪", "codepoints")).toEqual(["e", "\u0301", "🇩", "🇪"]);
    expect(tokenize("한".normalize("NFD"), "codepoints")).toEqual(["\u1112", "\u1161", "\u11ab"]);
    expect(tokenize("\ud83da\udf08\ud83c\udf08", "codepoints")).toEqual([
      "\ud83d",
      "a",
      "\udf08",
      "🌈",
    ]);
  });
});

describe("tags", () => {
  it("stand between semicolons, trimmed, without empty ones", () => {
    expect(tokenize("V; PST ;1;;SG;", "tags")).toEqual(["V", "PST", "1", "SG"]);
    expect(tokenize(" ; ;", "tags")).toEqual([]);
    expect(tokenize("", "tags")).toEqual([]);
  });

  it("take time in proportion to the text", () => {
    expect(tokenize(`V;${" ".repeat(1_000_000)};N`, "tags")).toEqual(["V", "N"]);
    expect(tokenize(";".repeat(1_000_000), "tags")).toEqual([]);
  });
});

describe("joinSymbols", () => {
  it("gives back the text, or the text with single separators", () => {
    fc.assert(
      fc.property(trickyText, (text) => {
        expect(joinSymbols(tokenize(text, "chars"), "chars")).toBe(text);
        const joined = joinSymbols(tokenize(text, "spaces"), "spaces");
        expect(joined).toBe(text.split(/\s+/).filter(Boolean).join(" "));
        expect(joinSymbols(tokenize(text, "codepoints"), "codepoints")).toBe(text);
        const tags = tokenize(text, "tags");
        expect(tokenize(joinSymbols(tags, "tags"), "tags")).toEqual(tags);
      }),
      { seed: 8, numRuns: 100 },
    );
  });
});

it("other tokens are refused", () => {
  expect(() => tokenize("a", "words" as Tokens)).toThrow(DataError);
  expect(() => joinSymbols(["a"], "words" as Tokens)).toThrow(DataError);
});
