import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  composed,
  decomposes,
  NORMALIZATIONS,
  normalized,
} from "../../src/seq2seq/normalization.ts";
import { TOKENS, tokenize } from "../../src/seq2seq/tokens.ts";
import { Vocabulary } from "../../src/seq2seq/vocabulary.ts";

/** Any string, lone surrogates included, and the kinds of text whose normal forms differ. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.constantFrom("é", "e\u0301", "\u0301", "한국", "\u1112\u1161\u11ab", "ﬁ", "Å", "\u212b"),
      fc.constantFrom("\ud83c", "\udf08", "🌈", "\u0300\u0323", "ｶﾞ", "שּׁ", "\ufdfa", "\0", "\ufeff"),
      fc.constantFrom(" ", "\u00a0", "\u00b4", ";", "\u037e", "\u200d", "\u202e"),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
const form = fc.constantFrom(...NORMALIZATIONS);
const tokens = fc.constantFrom(...TOKENS);
const seeded = { seed: 21, numRuns: 1000 };

describe("a normal form", () => {
  it("changes nothing the second time, and gives back composed text", () => {
    fc.assert(
      fc.property(anyText, form, (text, form) => {
        const once = normalized(text, form);
        expect(normalized(once, form)).toBe(once);
        expect(composed(once, form)).toBe(composed(text, form));
        expect(composed(composed(text, form), form)).toBe(composed(text, form));
      }),
      seeded,
    );
  });

  it("keeps surrogates that have no other half, and makes no text of them", () => {
    for (const form of NORMALIZATIONS)
      expect(normalized("a\ud800é\udc00", form)).toContain("\ud800");
  });

  it("decomposes if its name says so", () => {
    const apart = NORMALIZATIONS.filter((form) => normalized("é", form).length === 2);
    expect(NORMALIZATIONS.filter(decomposes)).toEqual(apart);
  });
});

describe("a vocabulary with a normal form", () => {
  it("makes one symbol of what is written in two ways", () => {
    const vocabulary = Vocabulary.fromTexts(["é"], "chars");
    expect(vocabulary.encode("e\u0301é")).toEqual([4, 4]);
    expect(vocabulary.unknownIn("e\u0301")).toEqual([]);
    const literal = Vocabulary.fromTexts(["é"], "chars", { normalization: "none" });
    expect(literal.encode("e\u0301é")).toEqual([3, 4]);
    const wide = Vocabulary.fromTexts(["ﬁ"], "chars", { normalization: "NFKC" });
    expect(wide.encode("fi")).toEqual([4, 5]);
  });

  it("cuts Hangul into jamo and puts them together again", () => {
    const vocabulary = Vocabulary.fromTexts(["한글"], "codepoints", { normalization: "NFD" });
    expect(vocabulary.symbolsIn("한")).toEqual(["\u1112", "\u1161", "\u11ab"]);
    expect(vocabulary.unknownIn("흔간")).toEqual([]);
    expect(vocabulary.decode(vocabulary.encode("흔간"))).toBe("흔간");
  });

  it("composes what only the decoded symbols bring together", () => {
    const vocabulary = Vocabulary.fromTexts(["e", "x\u0301"], "codepoints");
    expect(vocabulary.textOf(["e", "\u0301"])).toBe("é");
  });

  it("encodes and decodes any text to its composed form, with single separators", () => {
    fc.assert(
      fc.property(anyText, form, tokens, (text, normalization, tokens) => {
        const vocabulary = Vocabulary.fromTexts([text], tokens, { normalization });
        const symbols = vocabulary.symbolsIn(text);
        expect(vocabulary.unknownAmong(symbols)).toEqual([]);
        expect(vocabulary.encodeSymbols(symbols)).toEqual(vocabulary.encode(text));
        expect(vocabulary.symbolsOf(vocabulary.encode(text))).toEqual(symbols);
        const output = vocabulary.decode(vocabulary.encode(text));
        if (tokens === "chars" || tokens === "codepoints") {
          expect(output).toBe(composed(text, normalization));
        } else {
          expect(vocabulary.symbolsIn(output)).toEqual(symbols);
        }
      }),
      seeded,
    );
  });

  it("has symbols that are in its normal form themselves", () => {
    fc.assert(
      fc.property(anyText, form, tokens, (text, form, tokens) => {
        for (const symbol of tokenize(normalized(text, form), tokens)) {
          expect(normalized(symbol, form)).toBe(symbol);
        }
      }),
      seeded,
    );
  });
});
