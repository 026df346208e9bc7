/** A label longer than this many code points in one grapheme is a pile of marks; the rest is cut. */
const LONGEST_GRAPHEME = 16;

/** Most symbols of most maps, which need no closer look. */
const PLAIN = /^[!-~]+$/;

let segmenter: Intl.Segmenter | null = null;

/** What a reader calls the characters of a text. */
function graphemesOf(text: string): Intl.Segments {
  // Not before it is needed: making one takes longer than loading all of heed.
  segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/**
 * A symbol of a vocabulary as something safe to look at: a space becomes `␣`, control characters
 * become their pictures (`␛`), other invisible characters their code point (`U+202E`), a mark
 * without a base gets one (`◌`), and nothing at all becomes `∅`. What is left of the text is its
 * own; no terminal escape and nothing that XML forbids gets through.
 *
 * @example
 * visibleSymbol("a"); // → "a"
 * visibleSymbol(" "); // → "␣"
 * visibleSymbol("\u001b["); // → "␛["
 */
export function visibleSymbol(symbol: string): string {
  if (symbol === "") return "∅";
  if (PLAIN.test(symbol)) return symbol;
  let shown = "";
  for (const { segment } of graphemesOf(symbol)) shown += visibleGrapheme(segment);
  return shown;
}

/**
 * A whole text on one line, safe for a terminal: as {@link visibleSymbol}, but spaces stay spaces.
 *
 * @example
 * visibleText("not\ta \u001b[31mred line"); // → "not␉a ␛[31mred line"
 */
export function visibleText(text: string): string {
  let shown = "";
  for (const { segment } of graphemesOf(text)) {
    shown += segment === " " ? " " : visibleGrapheme(segment);
  }
  return shown;
}

function visibleGrapheme(grapheme: string): string {
  if (grapheme === " ") return "␣";
  const points = [...grapheme];
  if (/^\p{M}/u.test(grapheme)) return `◌${points.slice(0, LONGEST_GRAPHEME).join("")}`;
  if (HIDDEN.test(points[0] ?? "")) return points.map(visibleCodePoint).join("");
  return points.slice(0, LONGEST_GRAPHEME).join("");
}

/** Control, format, surrogate and noncharacter code points, and every separator. */
const HIDDEN =
  /^[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/u;

function visibleCodePoint(character: string): string {
  if (!HIDDEN.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * Columns that a text takes in a terminal: 2 for wide graphemes (CJK, emoji), 0 for marks and
 * joiners within a grapheme, 1 for everything else. Follows the East Asian Width of Unicode 16 and
 * treats an emoji sequence as one wide character.
 *
 * @example
 * displayWidth("abc"); // → 3
 * displayWidth("日本"); // → 4
 * displayWidth("e\u0301"); // → 1
 */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

/** The number of characters as a reader counts them. */
export function countGraphemes(text: string): number {
  return [...graphemesOf(text)].length;
}

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (ZERO_WIDTH.test(grapheme)) return 0;
  if (EMOJI.test(grapheme)) return 2;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

/** Drawn as a picture: by default, by the variation selector 16, or as a flag. */
const EMOJI =
  /^(?:\p{Emoji_Presentation}|\p{RI}{2}|\p{Extended_Pictographic}\ufe0f|[0-9#*]\ufe0f?\u20e3)/u;

/** The code points of East Asian Width W and F outside the emoji, as ranges. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], // Hangul initial consonants
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e], // CJK radicals and punctuation
  [0x3041, 0xa4cf], // kana, Hangul compatibility letters, Han, Yi
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60], // full-width forms
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff], // Tangut, Khitan
  [0x1aff0, 0x1b2ff], // old kana, Nüshu
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd], // Han extensions
];

/**
 * A label cut to at most `columns` terminal columns, the cut shown as `…`.
 *
 * @example
 * clipLabel("international", 8); // → "interna…"
 */
export function clipLabel(label: string, columns: number): string {
  if (displayWidth(label) <= columns) return label;
  let kept = "";
  let width = 0;
  for (const { segment } of graphemesOf(label)) {
    const next = width + graphemeWidth(segment);
    if (next > columns - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}
