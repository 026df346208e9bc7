import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.ts";
import { parsePairs } from "../../src/seq2seq/pairs.ts";
import { findInvalidUtf8 } from "../../src/seq2seq/pairs-utf8.ts";
import type { Pair } from "../../src/seq2seq/types.ts";
import { missing, sharedPath } from "../support/shared-files.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
const parse = (
  content: string | Uint8Array,
  columns?: readonly [number, number],
  features?: number,
): Pair[] => {
  const bytes = typeof content === "string" ? encode(content) : content;
  return parsePairs(bytes, {
    file: "a.tsv",
    ...(columns === undefined ? {} : { columns }),
    ...(features === undefined ? {} : { features }),
  });
};

describe("pairs are read", () => {
  it("with their line numbers, past empty lines, with or without a last line end", () => {
    const pairs = [
      { source: "one", target: "1", line: 1 },
      { source: "zwei é 🙂", target: "2", line: 4 },
    ];
    expect(parse("one\t1\n\n \t \nzwei é 🙂\t2")).toEqual(pairs);
    expect(parse("one\t1\n\n \t \nzwei é 🙂\t2\n")).toEqual(pairs);
    expect(parse("\ufeffone\t1\r\n\r\n \t \r\nzwei é 🙂\t2\r\n")).toEqual(pairs);
  });

  it("without altering them", () => {
    expect(parse(" a \t b c \n")).toEqual([{ source: " a ", target: " b c ", line: 1 }]);
    expect(parse("a\t\ufeff\u0001b\n")).toEqual([
      { source: "a", target: "\ufeff\u0001b", line: 1 },
    ]);
  });

  it("from the columns asked for, in any order", () => {
    expect(parse("id1\tone\t1\textra\n", [2, 3])).toEqual([
      { source: "one", target: "1", line: 1 },
    ]);
    expect(parse("id1\tone\t1\n", [3, 2])).toEqual([{ source: "1", target: "one", line: 1 }]);
  });

  it("with features from a column of their own, which may be empty", () => {
    const text = "spielen\tspielte\tV; PST\r\nHaus\tHaus\t\r\n";
    expect(parse(text, undefined, 3)).toEqual([
      { source: "spielen", target: "spielte", features: "V; PST", line: 1 },
      { source: "Haus", target: "Haus", features: "", line: 2 },
    ]);
    expect(parse("V\ta\tb\textra\n", [3, 2], 1)).toEqual([
      { source: "b", target: "a", features: "V", line: 1 },
    ]);
  });

  it("from a Buffer", () => {
    const buffer = Buffer.from("xa\tb\n").subarray(1);
    expect(parse(buffer)).toEqual([{ source: "a", target: "b", line: 1 }]);
  });

  it("across the pieces that long files are decoded in", () => {
    const long = "ж".repeat(600_000); // 1.2 MB
    const lines = [
      `${long}\ta`,
      "b\tc",
      ...Array.from({ length: 200_000 }, (_, i) => `é${i}\t${i}`),
    ];
    const pairs = parse(`${lines.join("\n")}\n${long}\tz`);
    expect(pairs.length).toBe(lines.length + 1);
    expect(pairs.every(({ line }, i) => line === i + 1)).toBe(true);
    expect(pairs[0]?.source).toBe(long);
    expect(pairs[150_000]).toEqual({ source: "é149998", target: "149998", line: 150_001 });
    expect(pairs.at(-1)).toEqual({ source: long, target: "z", line: lines.length + 1 });
  });

  const file = "data/names/hebrew.dev.tsv";
  it.skipIf(missing(file))("from files with more columns, by --columns", () => {
    const bytes = readFileSync(sharedPath(file));
    expect(() => parsePairs(bytes, { file })).toThrow(/3 columns.*--columns 1,2/);
    expect(parsePairs(bytes, { file, columns: [1, 2] })[0]).toEqual({
      source: "reeve",
      target: "ר י ב",
      line: 1,
    });
  });
});

describe("a file is refused, with file and line, that has", () => {
  const utf16 = Uint8Array.from([0xff, 0xfe, ...Buffer.from("a\tb\n", "utf16le")]);
  it.each<[string, string | Uint8Array, RegExp]>([
    ["no bytes", "", /^a\.tsv: expected lines of source<TAB>target, got an empty file/],
    ["a byte-order mark only", "\ufeff", /^a\.tsv: .*empty lines only/],
    ["empty lines only", "\n\r\n \t\n", /^a\.tsv: .*empty lines only/],
    ["no tab", "a\tb\n1994 _x\n", /^a\.tsv, line 2: .*no tab in "1994 _x"; .*tab character/],
    [
      "three columns",
      "a\tb\nc\td\te\n",
      /^a\.tsv, line 2: .*3 columns in "c\\td\\te".*--columns 1,2/,
    ],
    ["a tab at the end", "a\tb\t\n", /line 1: .*3 columns/],
    ["an empty source", "a\tb\n\tc\n", /line 2: expected a source .*got an empty one/],
    ["an empty target", "c\t\r\n", /line 1: expected a target .*got an empty one/],
    ["a target of white space", "c\t \n", /line 1: expected a target .*only white space/],
    ["a NUL", "a\tb\nc\t\0\n", /line 2: expected text, got a NUL character/],
    ["UTF-16 with a mark", utf16, /line 1: expected UTF-8, got UTF-16/],
    ["UTF-16 without", utf16.subarray(2), /line 1: .*NUL.*UTF-16/],
    [
      "Latin-1",
      latin1("a\tb\n\nna\xefve\tx\n"),
      /line 3: expected UTF-8, got the byte 0xef at byte offset 7/,
    ],
    ["half a sequence at its end", latin1("a\tb\n\xe2\x82"), /line 2: .*0xe2 at byte offset 4/],
    ["an overlong NUL", latin1("\xc0\x80\tb"), /line 1: .*0xc0 at byte offset 0/],
    ["an encoded surrogate", latin1("a\t\xed\xa0\x80"), /line 1: .*0xed at byte offset 2/],
  ])("%s", (_, content, message) => {
    expect(() => parse(content)).toThrow(DataError);
    expect(() => parse(content)).toThrow(message);
  });

  it("a line without the column asked for", () => {
    expect(() => parse("a\tb\tc\nd\te\n", [1, 3])).toThrow(
      /line 2: expected a column 3, got 2 columns/,
    );
    expect(() => parse("a\tb\t\n", [1, 3])).toThrow(/line 1: expected a target/);
    expect(() => parse("ab\n", [1, 2])).toThrow(/no tab/);
  });

  it("a line without the column of features", () => {
    expect(() => parse("a\tb\tV\na\tb\n", undefined, 3)).toThrow(
      /^a\.tsv, line 2: expected a column 3, got 2 columns .*--features/,
    );
    for (const features of [0, 1.5, "3", null] as unknown as number[]) {
      expect(() => parse("a\tb\tV", undefined, features)).toThrow(
        /column number from 1 as features/,
      );
    }
  });

  it("a line of more than 16 MiB", () => {
    const bytes = new Uint8Array(2 ** 24 + 10).fill(0x61);
    bytes.set(encode("a\tb\n"));
    expect(() => parse(bytes)).toThrow(/line 2: expected a line of at most 16 MiB/);
  });

  it("a bad byte far inside, whose line is counted right", () => {
    const bytes = encode("é\tb\n".repeat(400_000));
    bytes[5 * 300_000] = 0xff;
    expect(() => parse(bytes)).toThrow(/line 300001: .*0xff at byte offset 1500000/);
  });

  it("columns that are none", () => {
    for (const columns of [[0, 1], [1, 1.5], [1], ["1", "2"]] as unknown as [number, number][]) {
      expect(() => parse("a\tb", columns)).toThrow(DataError);
    }
  });
});

describe("findInvalidUtf8", () => {
  it("agrees with TextDecoder about all pairs of bytes, and random ones", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const isValid = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const check = (bytes: Uint8Array): void => {
      const offset = findInvalidUtf8(bytes, 0, bytes.length);
      if ((offset === -1) !== isValid(bytes)) expect.fail(`${bytes}: ${offset}`);
      if (offset > 0 && !isValid(bytes.subarray(0, offset))) expect.fail(`${bytes}: ${offset}`);
    };
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) check(Uint8Array.of(first, second));
    }
    const byte = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 6 }), (bytes) => check(Uint8Array.from(bytes))),
      { seed: 5, numRuns: 5000 },
    );
  });
});

describe("nothing but pairs or a DataError comes out of", () => {
  const check = (
    bytes: Uint8Array,
    columns?: readonly [number, number],
    tags?: number,
  ): boolean => {
    try {
      for (const { source, target, features, line } of parse(bytes, columns, tags)) {
        expect(typeof features).toBe(tags === undefined ? "undefined" : "string");
        expect(/[\t\n]/.test(features ?? "")).toBe(false);
        expect(source.trim() === "" || target.trim() === "").toBe(false);
        expect(/[\t\n]/.test(source + target)).toBe(false);
        expect(line).toBeGreaterThan(0);
      }
      return true;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      expect(error.message).toMatch(/^a\.tsv(, line \d+)?: /);
      return false;
    }
  };
  const columns = fc.constantFrom<readonly [number, number] | undefined>(undefined, [1, 2], [3, 1]);
  const tags = fc.constantFrom(undefined, 1, 2, 3);

  it("random bytes", () => {
    const byte = fc.oneof(fc.constantFrom(0x09, 0x0a, 0x0d, 0x20, 0x41), fc.nat(255));
    const seeded = { seed: 6, numRuns: 3000 };
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), columns, tags, (bytes, asked, features) => {
        check(Uint8Array.from(bytes), asked, features);
      }),
      seeded,
    );
  });

  it("a file of pairs with some bytes changed or cut off", () => {
    const whole = encode("\ufeffnaïve\tn a i v\r\n🙂 b\tc\n\nd\te\n");
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    let read = 0;
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), fc.nat(whole.length), (changes, length) => {
        const bytes = whole.slice(0, length);
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        if (check(bytes)) read += 1;
      }),
      { seed: 9, numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(2900);
  });

  it("large files of one kind, in time proportional to their size", () => {
    const large = 4_000_000;
    for (const unit of ["a", "\t", "\n", "\r", "\0", "a\t", "\t\n", " \n", "é", "\n\r"]) {
      expect(check(encode(unit.repeat(large / unit.length)))).toBe(false);
      expect(check(encode(unit.repeat(large / unit.length)), [1, 1_000_000_000])).toBe(false);
    }
    expect(parse("a\tb\n".repeat(large / 4)).length).toBe(large / 4);
  });
});
