import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError, DataError } from "../../src/core/errors.ts";
import { NORMALIZATIONS } from "../../src/seq2seq/normalization.ts";
import { TOKENS } from "../../src/seq2seq/tokens.ts";
import { Vocabulary } from "../../src/seq2seq/vocabulary.ts";
import type { VocabularyParts } from "../../src/seq2seq/vocabulary-parts.ts";

const SPECIALS = ["<pad>", "<begin>", "<end>", "<unknown>"];
/** As the book's date model has it: padding is a space, decoding starts from "_" and counts steps. */
const book: VocabularyParts = {
  symbols: ["1", "6", " ", "_", "-"],
  tokens: "chars",
  normalization: "none",
  pad: 2,
  begin: 3,
  end: null,
  unknown: null,
};

describe("a vocabulary from texts", () => {
  it("has the special symbols first, then symbols in order of first appearance", () => {
    const { symbols, pad, begin, end, unknown, size } = Vocabulary.fromTexts(
      ["ba", "caé"],
      "chars",
    );
    expect(symbols).toEqual([...SPECIALS, "b", "a", "c", "é"]);
    expect({ pad, begin, end, unknown, size }).toEqual({
      pad: 0,
      begin: 1,
      end: 2,
      unknown: 3,
      size: 8,
    });
  });

  it("encodes what it has seen, and the rest as unknown", () => {
    const vocabulary = Vocabulary.fromTexts(["abc"], "chars");
    expect(vocabulary.encode("cabx🙂")).toEqual([6, 4, 5, 3, 3]);
    expect(vocabulary.encode("")).toEqual([]);
    expect(vocabulary.unknownIn("xax🙂y")).toEqual(["x", "🙂", "y"]);
  });

  it("decodes what it encoded, for any text", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (texts) => {
        const vocabulary = Vocabulary.fromTexts(texts, "chars");
        for (const text of texts) {
          expect(vocabulary.decode(vocabulary.encode(text))).toBe(text.normalize());
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it("gives names that objects inherit no meaning of their own", () => {
    const vocabulary = Vocabulary.fromTexts(["__proto__ constructor"], "spaces");
    expect(vocabulary.encode("constructor __proto__ toString")).toEqual([5, 4, 3]);
  });
});

describe("a token spelled like a special symbol", () => {
  it("is a symbol of its own", () => {
    const vocabulary = Vocabulary.fromTexts(["a <pad> <end>"], "spaces");
    expect(vocabulary.symbols).toEqual([...SPECIALS, "a", "<pad>", "<end>"]);
    expect(vocabulary.encode("<end> <pad>")).toEqual([6, 5]);
    expect(vocabulary.decode([5, 6, 2, 4])).toBe("<pad> <end>");
    expect(Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)), "m")).toEqual(vocabulary);
  });

  it("is unknown when it was not among the texts", () => {
    const vocabulary = Vocabulary.fromTexts(["a"], "spaces");
    expect(vocabulary.encode("<pad> <unknown>")).toEqual([3, 3]);
    expect(vocabulary.unknownIn("<pad>")).toEqual(["<pad>"]);
  });

  it("is just characters with tokens chars", () => {
    const vocabulary = Vocabulary.fromTexts(["<pad>"], "chars");
    expect(vocabulary.encode("<pad>")).toEqual([4, 5, 6, 7, 8]);
  });
});

describe("a foreign model's vocabulary", () => {
  const vocabulary = new Vocabulary(book);

  it("may read its padding in a text", () => {
    expect(vocabulary.encode("1 6_")).toEqual([0, 2, 1, 3]);
    expect(vocabulary.decode([0, 4, 1, 2, 2])).toBe("1-6");
  });

  it("refuses unknown symbols where nothing stands for them, naming them", () => {
    expect(() => vocabulary.encode("1x1y")).toThrow(DataError);
    expect(() => vocabulary.encode("1x1y")).toThrow(/"x" in "1x1y"; leave out "x", "y"/);
    expect(vocabulary.unknownIn("1x1y")).toEqual(["x", "y"]);
  });
});

describe("decoding", () => {
  const vocabulary = Vocabulary.fromTexts(["ab"], "chars");

  it("stops at the end symbol and leaves special symbols out", () => {
    expect(vocabulary.symbolsOf([1, 4, 0, 3, 5, 2, 4])).toEqual(["a", "b"]);
    expect(Vocabulary.fromTexts(["a b"], "spaces").decode([4, 5])).toBe("a b");
  });

  it.each([6, -1, 0.5, Number.NaN])("refuses the id %s", (id) => {
    expect(() => vocabulary.decode([id])).toThrow(DataError);
  });
});

describe("parts that make no vocabulary", () => {
  const wrong: [string, Partial<Record<keyof VocabularyParts, unknown>>, RegExp][] = [
    ["a symbol twice", { symbols: ["1", "6", " ", "_", "1"] }, /"1" as symbol 0 and as symbol 4/],
    ["an empty symbol", { symbols: ["", "6", " ", "_"] }, /symbol 0, got an empty string/],
    ["no symbols", { symbols: [] }, /id of "pad"/],
    ["an id behind the last symbol", { pad: 5 }, /from 0 to 4 as id of "pad", got 5/],
    ["a negative id", { begin: -1 }, /id of "begin", got -1/],
    ["a fractional id", { end: 0.5 }, /id of "end", got 0.5/],
    ["one id for two", { unknown: 2 }, /2 for both "pad" and "unknown"/],
  ];
  const malformed: [string, unknown, RegExp][] = [
    ["null", null, /an object as vocabulary, got null/],
    ["an array", [], /got an array/],
    ["text", "{}", /got text/],
    ["no pad", { ...book, pad: undefined }, /a number as "pad" of the vocabulary, got nothing/],
    ["no pad at all", { ...book, pad: null }, /got null/],
    ["no end", { ...book, end: undefined }, /a number or null as "end"/],
    ["other tokens", { ...book, tokens: "words" }, /"spaces" or "tags" as "tokens"/],
    ["another normal form", { ...book, normalization: "NFX" }, /"NFKD" or "none" as "normalizatio/],
    ["no normal form but null", { ...book, normalization: null }, /or "none" .*got null/],
    ["symbols of numbers", { ...book, symbols: [1, 2, 3, 4] }, /an array of strings/],
    ["symbols as text", { ...book, symbols: "16 _-" }, /an array of strings/],
    ["inherited parts", Object.create(book), /got nothing/],
  ];

  it.each(wrong)("%s: refused by the constructor and in a file", (_, change, message) => {
    const parts = { ...book, ...change } as VocabularyParts;
    expect(() => new Vocabulary(parts)).toThrow(DataError);
    expect(() => new Vocabulary(parts)).toThrow(message);
    expect(() => Vocabulary.fromJSON(parts, "m.safetensors")).toThrow(CheckpointError);
    expect(() => Vocabulary.fromJSON(parts, "m.safetensors")).toThrow(message);
    expect(() => Vocabulary.fromJSON(parts, "m.safetensors")).toThrow(/^m\.safetensors: /);
  });

  it.each(malformed)("%s: refused in a file", (_, value, message) => {
    expect(() => Vocabulary.fromJSON(value, "m")).toThrow(CheckpointError);
    expect(() => Vocabulary.fromJSON(value, "m")).toThrow(message);
  });

  it("is never anything but a CheckpointError, for any JSON", () => {
    const part = fc.oneof(fc.jsonValue(), fc.integer({ min: -1, max: 5 }), fc.constant(null));
    const value = fc.record(
      {
        symbols: fc.oneof(fc.array(fc.oneof(fc.string(), fc.jsonValue())), fc.jsonValue()),
        tokens: fc.oneof(fc.constantFrom(...TOKENS), fc.jsonValue()),
        normalization: fc.oneof(fc.constantFrom(...NORMALIZATIONS), fc.jsonValue()),
        pad: part,
        begin: part,
        end: part,
        unknown: part,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(value, fc.jsonValue()), (json) => {
        try {
          Vocabulary.fromJSON(json, "m");
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw error;
        }
      }),
      { seed: 4, numRuns: 1000 },
    );
  });
});

it("JSON keeps everything, half surrogate pairs included", () => {
  for (const vocabulary of [new Vocabulary(book), Vocabulary.fromTexts(["\ud800é"], "chars")]) {
    const text = JSON.stringify(vocabulary);
    const again = Vocabulary.fromJSON(JSON.parse(text), "m");
    expect(again).toEqual(vocabulary);
    expect(again.encode(vocabulary.symbols[4] ?? "")).toEqual([4]);
    expect(JSON.stringify(again)).toBe(text);
  }
});

it("JSON without a normal form means text as it comes", () => {
  const { normalization: _, ...old } = Vocabulary.fromTexts(["e\u0301"], "chars").toJSON();
  const again = Vocabulary.fromJSON(old, "m");
  expect(again.normalization).toBe("none");
  expect(again.symbolsIn("e\u0301")).toEqual(["e\u0301"]);
});

it("a vocabulary cannot be altered through what it was made from", () => {
  const symbols = [...book.symbols];
  const vocabulary = new Vocabulary({ ...book, symbols });
  symbols[0] = "changed";
  expect(vocabulary.symbols[0]).toBe("1");
  expect(Object.isFrozen(vocabulary.symbols)).toBe(true);
});
