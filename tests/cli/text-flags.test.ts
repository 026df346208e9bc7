import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/errors.ts";
import { checkFeatures, normalForm, targetAdvice, textOptions } from "../../src/cli/text-flags.ts";
import { type Pair, parsePairs } from "../../src/index.ts";
import { missing, sharedPath } from "../support/shared-files.ts";

describe("a normal form on the command line", () => {
  it.each([
    ["nfc", "NFC"],
    ["NFD", "NFD"],
    ["Nfkc", "NFKC"],
    ["NFKD", "NFKD"],
    ["none", "none"],
  ])("may be written %s", (text, form) => {
    expect(normalForm("--normalize")(text)).toBe(form);
  });

  it.each(["", "nf", "utf8", "toString", "__proto__"])("is none if written %j", (text) => {
    expect(() => normalForm("--source-normalize")(text)).toThrow(
      `--source-normalize: expected nfc or nfd or nfkc or nfkd or none, got ${JSON.stringify(text)}`,
    );
  });
});

describe("what the flags ask of texts", () => {
  it("is nothing where there are none", () => {
    expect(textOptions({})).toEqual({});
  });

  it("is one form for both sides, or one of its own for a side", () => {
    expect(textOptions({ normalize: "NFD" })).toEqual({
      sourceNormalization: "NFD",
      targetNormalization: "NFD",
    });
    expect(
      textOptions({ normalize: "NFD", targetNormalize: "none", sourceTokens: "chars" }),
    ).toEqual({ sourceNormalization: "NFD", targetNormalization: "none", sourceTokens: "chars" });
    expect(textOptions({ sourceNormalize: "NFKC", targetTokens: "spaces" })).toEqual({
      sourceNormalization: "NFKC",
      targetTokens: "spaces",
    });
  });
});

describe("features come from a column of their own", () => {
  it.each<[readonly [number, number] | undefined, number, string | null]>([
    [undefined, 3, null],
    [[2, 3], 1, null],
    [undefined, 1, "1, which has the sources"],
    [[3, 1], 1, "1, which has the targets"],
  ])("columns %j, features %i", (columns, features, received) => {
    const check = () => checkFeatures({ features, ...(columns === undefined ? {} : { columns }) });
    if (received === null) expect(check()).toBeUndefined();
    else expect(check).toThrow(UsageError);
    if (received !== null) expect(check).toThrow(`expected a column of its own, got ${received}`);
  });
});

describe("advice about targets", () => {
  const pairs = (...targets: string[]): Pair[] =>
    targets.map((target, i) => ({ source: "x", target, line: i + 1 }));

  it.each<[string, string[], boolean]>([
    ["phonemes", ["k æ t", "d ɔ ɡ", "aɪ"], true],
    ["ARPAbet", ["K AE1 T", "D AO1 G"], true],
    ["dates", ["2008-11-13"], false],
    ["dates with spaces", ["13 November 2008"], false],
    ["sentences", ["the cat sat on the mat"], false],
    ["words", ["cat", "dog"], false],
    ["few targets with spaces", ["a b", "c", "d", "e"], false],
    ["no targets", [], false],
  ])("is given for %s: %s", (_, targets, given) => {
    expect(targetAdvice(pairs(...targets), {}) !== null).toBe(given);
    expect(targetAdvice(pairs(...targets), { targetTokens: "chars" })).toBeNull();
    expect(targetAdvice(pairs(...targets), { targetTokens: "spaces" })).toBeNull();
  });

  const files = ["g2p/medium", "g2p/low"].flatMap((folder) =>
    missing(`data/${folder}`)
      ? []
      : readdirSync(sharedPath(`data/${folder}`))
          .filter((name) => name.endsWith("_dev.tsv"))
          .map((name) => `data/${folder}/${name}`),
  );
  it.skipIf(files.length === 0)("is given for all of g2p, and not for dates", () => {
    const advice = (file: string) =>
      targetAdvice(parsePairs(readFileSync(sharedPath(file)), { file }), {});
    for (const file of files) expect(advice(file), file).toMatch(/--target-tokens spaces$/);
    expect(advice("data/dates/dev.tsv")).toBeNull();
  });
});
