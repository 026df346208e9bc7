import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clipLabel,
  countGraphemes,
  displayWidth,
  visibleSymbol,
  visibleText,
} from "../../src/plot/attention-labels.ts";

/** What would steer a terminal, hide in it, or make XML ill-formed. */
const HARMFUL =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u;

const anyText = fc.string({ unit: "binary", maxLength: 12 });

describe("visibleSymbol", () => {
  it.each([
    ["a", "a"],
    ["日本", "日本"],
    [" ", "␣"],
    ["a b", "a␣b"],
    ["", "∅"],
    ["\t", "␉"],
    ["\u001b[31m", "␛[31m"],
    ["\u007f", "␡"],
    ["\u009b", "U+009B"],
    ["\r\n", "␍␊"],
    ["\u202e", "U+202E"],
    ["\u200b", "U+200B"],
    ["\u00a0", "U+00A0"],
    ["\u0301", "◌\u0301"],
    ["\ud800", "U+D800"],
    ["\uffff", "U+FFFF"],
    ["e\u0301", "e\u0301"],
    ["👩‍👩‍👧", "👩‍👩‍👧"],
    ["❤️", "❤️"],
  ])("shows %j as %j", (symbol, shown) => {
    expect(visibleSymbol(symbol)).toBe(shown);
  });

  it("lets nothing harmful through, whatever the data", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visibleSymbol(text)).not.toMatch(HARMFUL);
        expect(visibleSymbol(text)).not.toBe("");
        expect(visibleText(text)).not.toMatch(HARMFUL);
      }),
    );
  });

  it("cuts a pile of combining marks", () => {
    expect([...visibleSymbol(`a${"\u0301".repeat(500)}`)].length).toBeLessThanOrEqual(16);
  });

  it("keeps the spaces of a text", () => {
    expect(visibleText("june 27")).toBe("june 27");
  });
});

describe("displayWidth", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本語", 6],
    ["한글", 4],
    ["かな", 4],
    ["ｶﾅ", 2],
    ["Ａ", 2],
    ["。", 2],
    ["𠀀", 2],
    ["😀", 2],
    ["👩‍👩‍👧", 2],
    ["👍🏽", 2],
    ["🇯🇵", 2],
    ["❤", 1],
    ["❤️", 2],
    ["1️⃣", 2],
    ["ß", 1],
    ["ש", 1],
    ["क्षि", 1],
    ["␣", 1],
    ["█", 1],
    ["◌\u0301", 1],
  ])("%j takes %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("clipLabel", () => {
  it("leaves what fits", () => {
    expect(clipLabel("AH0", 3)).toBe("AH0");
  });

  it("never exceeds the columns, and ends in … where it cut", () => {
    fc.assert(
      fc.property(anyText.map(visibleSymbol), fc.integer({ min: 1, max: 8 }), (label, columns) => {
        const clipped = clipLabel(label, columns);
        expect(displayWidth(clipped)).toBeLessThanOrEqual(columns);
        if (clipped !== label) expect(clipped).toMatch(/…$/);
      }),
    );
  });

  it("cuts between characters, not within", () => {
    expect(clipLabel("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5)).toBe("👩‍👩‍👧👩‍👩‍👧…");
    expect(countGraphemes("👩‍👩‍👧é")).toBe(2);
  });
});
