import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { type ConfigOverrides, defaultConfig } from "../../src/seq2seq/config.ts";
import { parsePairs } from "../../src/seq2seq/pairs.ts";
import { defaultText, type TextOptions, vocabulariesOf } from "../../src/seq2seq/text-options.ts";
import type { Pair } from "../../src/seq2seq/types.ts";
import { missing, sharedPath } from "../support/shared-files.ts";

const pairs = (...sources: string[]): Pair[] =>
  sources.map((source, i) => ({ source, target: "x", line: i + 1 }));
const sourceOf = (given: readonly Pair[], options: TextOptions = {}) => {
  const { sourceTokens, sourceNormalization } = defaultText(given, options);
  return `${sourceTokens} ${sourceNormalization}`;
};

describe("text is cut by default", () => {
  it("by graphemes in NFC", () => {
    expect(defaultText(pairs("a", "é"))).toEqual({
      sourceTokens: "chars",
      sourceNormalization: "NFC",
      targetTokens: "chars",
      targetNormalization: "NFC",
    });
    expect(defaultText([])).toEqual(defaultText(pairs("a")));
  });

  it("by code points where many are marks that no letter has swallowed, as in Khmer", () => {
    expect(sourceOf(pairs("កក្កដា", "កង"))).toBe("codepoints NFC");
    expect(sourceOf(pairs("नमस्ते"))).toBe("codepoints NFC");
    expect(sourceOf(pairs("e\u0301te\u0301"))).toBe("chars NFC"); // NFC has letters for these
    expect(sourceOf(pairs("abcdefghijklm", "x\u0301"))).toBe("chars NFC"); // few
    expect(sourceOf(pairs("កក្កដា"), { sourceTokens: "chars" })).toBe("chars NFC");
  });

  it("by code points in a decomposing form, on the side that asks for one", () => {
    const { sourceTokens, targetTokens } = defaultText(pairs("a"), { targetNormalization: "NFKD" });
    expect([sourceTokens, targetTokens]).toEqual(["chars", "codepoints"]);
    expect(sourceOf(pairs("a"), { sourceNormalization: "NFD", sourceTokens: "chars" })).toBe(
      "chars NFD",
    );
  });

  it("by jamo where most sources are Korean, however they are written", () => {
    expect(sourceOf(pairs("한글", "국", "abc"))).toBe("codepoints NFD");
    expect(sourceOf(pairs("한글".normalize("NFD")))).toBe("codepoints NFD");
    expect(sourceOf(pairs("한글", "abc"))).toBe("chars NFC");
    expect(sourceOf(pairs("한글"), { sourceTokens: "codepoints" })).toBe("codepoints NFD");
  });

  it("otherwise where it is asked otherwise, Korean or not", () => {
    expect(sourceOf(pairs("한글"), { sourceTokens: "chars" })).toBe("chars NFC");
    expect(sourceOf(pairs("한글"), { sourceTokens: "spaces" })).toBe("spaces NFC");
    expect(sourceOf(pairs("한글"), { sourceNormalization: "NFC" })).toBe("chars NFC");
    expect(sourceOf(pairs("한글"), { sourceNormalization: "none" })).toBe("chars none");
    expect(defaultText(pairs("한글"), { targetTokens: "spaces" }).targetTokens).toBe("spaces");
  });

  it("never in a way that is none", () => {
    for (const options of [{ sourceTokens: "words" }, { targetNormalization: "nfc" }, { a: 1 }]) {
      expect(() => defaultText(pairs("a"), options as TextOptions)).toThrow(DataError);
    }
  });

  const medium = "data/g2p/medium";
  it.skipIf(missing(medium))("by jamo for Korean alone among the ten languages of g2p", () => {
    const files = readdirSync(sharedPath(medium)).filter((file) => file.endsWith("_train.tsv"));
    expect(files.length).toBe(10);
    const byJamo = files.filter((file) => {
      const read = parsePairs(readFileSync(sharedPath(`${medium}/${file}`)), { file });
      return sourceOf(read) === "codepoints NFD";
    });
    expect(byJamo).toEqual(["kor_train.tsv"]);
  });
});

describe("a config that suits the pairs", () => {
  const suited = (source: string, target: string, options: ConfigOverrides = {}, features = "") =>
    defaultConfig([{ source, target, features, line: 1 }], options);

  it("limits outputs by the symbols of the longest target, however it is cut", () => {
    expect(suited("a", "한글").targetLimit).toBe(2 * 2 + 10);
    expect(suited("a", "한글", { targetNormalization: "NFD" }).targetLimit).toBe(2 * 6 + 10);
    expect(suited("a", "ab c", { targetTokens: "spaces" }).targetLimit).toBe(2 * 2 + 10);
  });

  it("pads sources to the symbols of the longest, jamo and tags counted", () => {
    const unmasked = { maskPadding: false };
    expect(suited("한글", "a", unmasked).sourceLength).toBe(6);
    expect(suited("한글", "a", { ...unmasked, sourceTokens: "chars" }).sourceLength).toBe(2);
    expect(suited("ab", "a", unmasked, "V;PST; ;SG").sourceLength).toBe(5);
  });
});

describe("the vocabularies of pairs", () => {
  const tagged: Pair[] = [
    { source: "ab", target: "b", features: "V;PST", line: 1 },
    { source: "c", target: "a", features: " PST ; SG", line: 2 },
  ];

  it("are one a side, and one of the features", () => {
    const { source, target, features } = vocabulariesOf("f", tagged, defaultText(tagged));
    expect(source.symbols.slice(4)).toEqual(["a", "b", "c"]);
    expect(target.symbols.slice(4)).toEqual(["b", "a"]);
    expect(features?.symbols.slice(4)).toEqual(["V", "PST", "SG"]);
    expect(features?.decode(features.encode("SG;V;new"))).toBe("SG;V");
    expect(vocabulariesOf("f", pairs("a"), defaultText(pairs("a"))).features).toBeNull();
  });

  it("are in the normal forms asked for", () => {
    const text = defaultText(tagged, { sourceNormalization: "NFD", targetNormalization: "none" });
    const { source, target } = vocabulariesOf("f", pairs("é"), text);
    expect(source.symbols.slice(4)).toEqual(["e", "\u0301"]);
    expect(target.normalization).toBe("none");
  });

  it("are the same one where it is shared, if both sides are cut alike", () => {
    const { source, target } = vocabulariesOf("f", tagged, defaultText(tagged), true);
    expect(source).toBe(target);
    expect(source.symbols.slice(4)).toEqual(["a", "b", "c"]);
    const unlike = defaultText(tagged, { targetTokens: "spaces" });
    expect(() => vocabulariesOf("f", tagged, unlike, true)).toThrow(
      /f: expected sources and targets cut alike.*got chars in NFC and spaces in NFC/,
    );
  });
});
