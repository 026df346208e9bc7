import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { checkText, checkTexts } from "./arguments.ts";
import type { Tokens } from "./types.ts";

/**
 * Text as symbols.
 *
 * - `"chars"`: Unicode graphemes, what a reader calls a character: `e` with a combining accent, a flag
 *   or a family emoji is one symbol. White space counts.
 * - `"codepoints"`: Unicode code points, one symbol each: a combining accent is one of its own, and so is
 *   a jamo of a decomposed Hangul syllable.
 * - `"spaces"`: what stands between white space; white space itself is no symbol.
 * - `"tags"`: what stands between semicolons, without white space around it.
 *
 * Nothing is normalised: `é` as one code point and `é` as two are different symbols. A `Vocabulary`
 * normalises first. A surrogate without its other half is a symbol like any other. Empty text has no
 * symbols.
 *
 * Time is linear in the length of the text. Engines follow the Unicode version of their own, and
 * versions disagree about a few clusters (conjuncts of Indic scripts most of all).
 *
 * @throws DataError when `tokens` is none of these, or when the engine has no `Intl.Segmenter` and the
 * text is not plain Latin
 *
 * @example
 * tokenize("naïve", "chars"); // → ["n", "a", "ï", "v", "e"]
 * tokenize("naïve".normalize("NFD"), "codepoints").length; // → 6
 * tokenize(" s p  iː k ", "spaces"); // → ["s", "p", "iː", "k"]
 * tokenize("V; PST;1;SG", "tags"); // → ["V", "PST", "1", "SG"]
 */
export function tokenize(text: string, tokens: Tokens): string[] {
  checkText("tokenize", "text", text);
  checkTokens("tokenize", tokens);
  switch (tokens) {
    case "chars":
      return LONE_SYMBOLS.test(text) ? text.split("") : graphemes(text);
    case "codepoints":
      return Array.from(text);
    case "spaces":
      return text.match(/\S+/g) ?? [];
    case "tags":
      return tags(text);
  }
}

/**
 * The text that symbols spell: the other way round from {@link tokenize}, but for white space that
 * `"spaces"` and `"tags"` do not keep.
 *
 * @throws DataError when `tokens` is none that `tokenize` knows
 *
 * @example
 * joinSymbols(["a", "b"], "chars"); // → "ab"
 * joinSymbols(["a", "b"], "spaces"); // → "a b"
 * joinSymbols(["V", "PST"], "tags"); // → "V;PST"
 */
export function joinSymbols(symbols: readonly string[], tokens: Tokens): string {
  checkTexts("joinSymbols", "symbols", symbols);
  checkTokens("joinSymbols", tokens);
  return symbols.join(SEPARATORS[tokens]);
}

/** What stands between symbols where they are joined. */
const SEPARATORS: Readonly<Record<Tokens, string>> = {
  chars: "",
  codepoints: "",
  spaces: " ",
  tags: ";",
};

/** The ways of cutting text into symbols. */
export const TOKENS = Object.keys(SEPARATORS) as readonly Tokens[];

/** The ways as messages list them. */
export const TOKENS_WORDS = '"chars", "codepoints", "spaces" or "tags"';

/** Whether a value names a way of cutting text into symbols. */
export function isTokens(value: unknown): value is Tokens {
  return TOKENS.some((tokens) => tokens === value);
}

/** Whether symbols are pieces of the text that leave nothing out: then any symbol can stand in a text. */
export function keepsAll(tokens: Tokens): boolean {
  return SEPARATORS[tokens] === "";
}

/** What stands between semicolons. `trim` once a tag: a text of white space alone takes linear time. */
function tags(text: string): string[] {
  return text
    .split(";")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}

/** Printable ASCII, Latin-1, extended Latin and IPA: code points that join nothing before them. */
const LONE_SYMBOLS = /^[\x20-\x7e\u00a0-\u02ff]*$/;

/**
 * Code units segmented at a time. V8's iterator over segments takes time proportional to the whole
 * string at every step (100,000 characters took 4 s), so long texts are cut.
 */
const WINDOW = 512;

let sharedSegmenter: Intl.Segmenter | null = null;

function segmenter(): Intl.Segmenter {
  if (typeof Intl.Segmenter !== "function") {
    throw new DataError({
      where: "tokenize",
      expected: "an engine with Intl.Segmenter, which finds the characters of text beyond Latin",
      received: "one without",
      fix: 'update the browser, or separate the symbols by spaces and use tokens "spaces"',
    });
  }
  sharedSegmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return sharedSegmenter;
}

/**
 * The graphemes of a text, window by window. A window starts at a boundary, and boundaries depend on
 * nothing before the last boundary. Only the last grapheme of a window may go on behind its end, so
 * that one starts the next window; a grapheme longer than the window is met with ever larger ones.
 */
function graphemes(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  let width = WINDOW;
  while (start < text.length) {
    const end = windowEnd(text, start + width);
    const segments = segmenter().segment(text.slice(start, end));
    const isLast = end === text.length;
    let taken = start;
    if (width === WINDOW) {
      let previous: string | null = null;
      for (const { segment } of segments) {
        if (previous !== null) {
          found.push(previous);
          taken += previous.length;
        }
        previous = segment;
      }
      if (isLast && previous !== null) {
        found.push(previous);
        taken += previous.length;
      }
    } else {
      const first = segments.containing(0)?.segment ?? "";
      if (isLast || start + first.length < end) {
        found.push(first);
        taken += first.length;
      }
    }
    width = taken === start ? width * 2 : WINDOW;
    start = taken;
  }
  return found;
}

/** `end`, or one less where that would part a surrogate pair, and at most the length of the text. */
function windowEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const isPair = (text.codePointAt(end - 1) ?? 0) > 0xffff;
  return isPair ? end - 1 : end;
}

/** Refuses anything but a way of cutting text into symbols. */
export function checkTokens(where: string, tokens: unknown): asserts tokens is Tokens {
  if (isTokens(tokens)) return;
  const expected = `${TOKENS_WORDS} as tokens`;
  throw new DataError({ where, expected, received: describe(tokens) });
}
