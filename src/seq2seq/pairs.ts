import { checkOptions, describe } from "../core/arguments.ts";
import { DataError, type ErrorFacts } from "../core/errors.ts";
import { checkText } from "./arguments.ts";
import { findInvalidUtf8 } from "./pairs-utf8.ts";
import type { Pair } from "./types.ts";
import { quoteText } from "./vocabulary-parts.ts";

/** How to read a file of pairs. */
export interface PairsOptions {
  /** The file's name, for messages. */
  readonly file: string;
  /** Columns of source and target, from 1; without it the file has exactly two. */
  readonly columns?: readonly [number, number];
  /**
   * Column of the features, from 1; source and target are columns 1 and 2 then, unless `columns` says
   * otherwise. Features may be empty.
   */
  readonly features?: number;
}

/** Where a line has what. */
interface Layout {
  readonly columns: readonly [number, number] | undefined;
  readonly features: number | undefined;
}

const NEWLINE = 0x0a;
/** Bytes decoded at a time, cut at the end of a line. */
const CHUNK = 2 ** 20;
/** Longest line in bytes; what is longer is not a file of pairs. */
const LONGEST_LINE = 2 ** 24;

/**
 * The pairs of a text file: UTF-8, one `source<TAB>target` per line. A byte-order mark, CR LF line
 * ends, and lines of white space only are tolerated; nothing else is altered or passed over. Time is
 * linear in the size of the file.
 *
 * @throws DataError that names the file and the line, for bytes that are not UTF-8, a line without a
 * tab, with more columns than expected or without the column asked for, an empty source or target, a
 * NUL character, a line of more than 16 MiB, and a file without any pair
 *
 * @example
 * const bytes = new TextEncoder().encode("one\t1\ntwo\t2\n");
 * parsePairs(bytes, { file: "numbers.tsv" })[1]; // → { source: "two", target: "2", line: 2 }
 * const verbs = new TextEncoder().encode("spielen\tspielte\tV;PST;1;SG\n");
 * parsePairs(verbs, { file: "verbs.tsv", features: 3 })[0]?.features; // → "V;PST;1;SG"
 */
export function parsePairs(bytes: Uint8Array, options: PairsOptions): Pair[] {
  if (!(bytes instanceof Uint8Array)) {
    throw new DataError({
      where: "parsePairs",
      expected: "the file's bytes as a Uint8Array",
      received: describe(bytes),
      fix: "encode text with new TextEncoder().encode(text)",
    });
  }
  checkOptions("parsePairs", options, ["file", "columns", "features"]);
  const { file } = options;
  checkText("parsePairs", "file", file);
  const layout = checkLayout(options);
  checkEncoding(bytes, file);
  const pairs: Pair[] = [];
  let number = 0;
  for (const chunk of textChunks(bytes, file)) {
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf("\n", start);
      const end = newline === -1 ? chunk.length : newline;
      const line = chunk.slice(start, chunk[end - 1] === "\r" && end > start ? end - 1 : end);
      start = end + 1;
      number += 1;
      if (line.trim() !== "") pairs.push(parseLine(line, number, file, layout));
    }
  }
  if (pairs.length > 0) return pairs;
  throw new DataError({
    where: file,
    expected: "lines of source<TAB>target",
    received: bytes.length === 0 ? "an empty file" : "empty lines only",
  });
}

function parseLine(line: string, number: number, file: string, layout: Layout): Pair {
  const { columns, features } = layout;
  const where = `${file}, line ${number}`;
  if (line.includes("\0")) {
    throw new DataError({
      where,
      expected: "text",
      received: "a NUL character",
      fix: "if the file is UTF-16, save it as UTF-8",
    });
  }
  const first = line.indexOf("\t");
  if (first === -1) {
    throw new DataError({
      where,
      expected: "source<TAB>target",
      received: `no tab in ${quoteText(line)}`,
      fix: "separate source and target with a tab character",
    });
  }
  if (columns !== undefined) {
    const source = filled(columnOf(line, columns[0], where), "source", where);
    const target = filled(columnOf(line, columns[1], where), "target", where);
    if (features === undefined) return { source, target, line: number };
    return { source, target, features: columnOf(line, features, where), line: number };
  }
  if (line.includes("\t", first + 1)) {
    throw new DataError({
      where,
      expected: "2 columns, source<TAB>target",
      received: `${countColumns(line)} columns in ${quoteText(line)}`,
      fix: "choose two with --columns 1,2 (in code: columns: [1, 2])",
    });
  }
  const source = filled(line.slice(0, first), "source", where);
  const target = filled(line.slice(first + 1), "target", where);
  return { source, target, line: number };
}

function filled(text: string, what: string, where: string): string {
  if (text.trim() !== "") return text;
  throw new DataError({
    where,
    expected: `a ${what} of at least one character`,
    received: text === "" ? "an empty one" : "only white space",
    fix: "fill it in or remove the line",
  });
}

/** Column `column` of a line, from 1. */
function columnOf(line: string, column: number, where: string): string {
  let start = 0;
  for (let passed = 1; passed < column; passed++) {
    const tab = line.indexOf("\t", start);
    if (tab === -1) {
      throw new DataError({
        where,
        expected: `a column ${column}`,
        received: `${countColumns(line)} columns in ${quoteText(line)}`,
        fix: "choose others with --columns and --features (in code: columns and features)",
      });
    }
    start = tab + 1;
  }
  const end = line.indexOf("\t", start);
  return end === -1 ? line.slice(start) : line.slice(start, end);
}

function countColumns(line: string): number {
  let count = 1;
  for (let tab = line.indexOf("\t"); tab !== -1; tab = line.indexOf("\t", tab + 1)) count += 1;
  return count;
}

function checkLayout({ columns, features }: PairsOptions): Layout {
  const isColumn = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 1;
  if (features !== undefined && !isColumn(features)) {
    throw new DataError({
      where: "parsePairs",
      expected: "a column number from 1 as features",
      received: describe(features),
    });
  }
  if (columns === undefined) {
    return { columns: features === undefined ? undefined : [1, 2], features };
  }
  if (Array.isArray(columns) && columns.length === 2 && columns.every(isColumn)) {
    return { columns, features };
  }
  throw new DataError({
    where: "parsePairs",
    expected: "two column numbers from 1, such as [1, 2]",
    received: Array.isArray(columns) ? `[${columns.map(describe).join(", ")}]` : describe(columns),
  });
}

function checkEncoding(bytes: Uint8Array, file: string): void {
  const [first, second] = bytes;
  if (!((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))) return;
  throw new DataError({
    where: `${file}, line 1`,
    expected: "UTF-8",
    received: "UTF-16 (byte-order mark at byte 0)",
    fix: "save the file as UTF-8",
  });
}

/** The text in pieces that end with a line, each at most one line longer than the chunk size. */
function* textChunks(bytes: Uint8Array, file: string): Generator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let start = hasMark ? 3 : 0;
  while (start < bytes.length) {
    const end = chunkEnd(bytes, start);
    if (end - start > LONGEST_LINE) throw lineTooLong(bytes, start, file);
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(start, end));
    } catch (cause) {
      const offset = findInvalidUtf8(bytes, start, end);
      if (offset === -1) throw cause;
      throw new DataError(invalidUtf8(bytes, offset, file), { cause });
    }
    yield text;
    start = end;
  }
}

/** Behind the last line that ends within a chunk, or else behind the line that is longer. */
function chunkEnd(bytes: Uint8Array, start: number): number {
  if (bytes.length - start <= CHUNK) return bytes.length;
  const last = bytes.subarray(start, start + CHUNK).lastIndexOf(NEWLINE);
  if (last !== -1) return start + last + 1;
  const next = bytes.indexOf(NEWLINE, start + CHUNK);
  return next === -1 ? bytes.length : next + 1;
}

function invalidUtf8(bytes: Uint8Array, offset: number, file: string): ErrorFacts {
  const byte = bytes[offset]!.toString(16).padStart(2, "0");
  return {
    where: `${file}, line ${lineAt(bytes, offset)}`,
    expected: "UTF-8",
    received: `the byte 0x${byte} at byte offset ${offset}, which is not part of any`,
    fix: "save the file as UTF-8",
  };
}

function lineTooLong(bytes: Uint8Array, start: number, file: string): DataError {
  return new DataError({
    where: `${file}, line ${lineAt(bytes, start)}`,
    expected: "a line of at most 16 MiB",
    received: "a longer one",
    fix: "check that the file is text with one pair per line",
  });
}

/** The line that a byte is in, from 1. */
function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let i = bytes.indexOf(NEWLINE); i !== -1 && i < offset; i = bytes.indexOf(NEWLINE, i + 1)) {
    line += 1;
  }
  return line;
}
