import { checkOptions } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { checkPairs } from "./arguments.ts";
import { checkNormalization, decomposes } from "./normalization.ts";
import { checkTokens } from "./tokens.ts";
import type { Normalization, Pair, Tokens } from "./types.ts";
import { Vocabulary } from "./vocabulary.ts";

/** How the texts of pairs become symbols; `defaultText` says what each field is where it is not given. */
export interface TextOptions {
  /** How sources are cut. */
  readonly sourceTokens?: Tokens;
  /** The normal form of sources. */
  readonly sourceNormalization?: Normalization;
  /** How targets are cut. */
  readonly targetTokens?: Tokens;
  /** The normal form of targets. */
  readonly targetNormalization?: Normalization;
}

/** The fields of text options. */
export const TEXT_FIELDS = [
  "sourceTokens",
  "sourceNormalization",
  "targetTokens",
  "targetNormalization",
] as const satisfies readonly (keyof TextOptions)[];

/** The vocabularies of pairs. */
export interface Vocabularies {
  /** Of the sources. */
  readonly source: Vocabulary;
  /** Of the targets; the same object where both sides share one. */
  readonly target: Vocabulary;
  /** Of the features; null where no pair has any. */
  readonly features: Vocabulary | null;
}

/**
 * How to cut the texts of pairs into symbols, unless asked otherwise: in NFC, by graphemes. A side whose
 * normal form is asked to be a decomposing one (NFD, NFKD) is cut by code points, since graphemes would
 * put together again what the form has taken apart.
 *
 * Where more than half of the sources have Hangul in them, sources are by default decomposed (NFD) and cut
 * by code points. A syllable of Hangul is a code point of its own, of which there are 11,172, but it is
 * written with two or three of 67 letters (jamo), and it is these that say how it is pronounced.
 *
 * Where more than a tenth of the sources' code points are marks that combine with others even in NFC, as the
 * vowels of Khmer and Devanagari are, sources are cut by code points too: such graphemes are many, each is
 * seen seldom, and their parts have sounds of their own.
 *
 * @param options fields to set otherwise
 * @throws DataError when a field is none of its values
 *
 * @example
 * const latin = [{ source: "naïve", target: "n a i v", line: 1 }];
 * defaultText(latin, { targetTokens: "spaces" }).sourceTokens; // → "chars"
 * const korean = [{ source: "한글", target: "han-geul", line: 1 }];
 * const { sourceTokens, sourceNormalization } = defaultText(korean);
 * [sourceTokens, sourceNormalization]; // → ["codepoints", "NFD"]
 */
export function defaultText(
  pairs: readonly Pair[],
  options: TextOptions = {},
): Required<TextOptions> {
  const where = "defaultText";
  checkPairs(where, pairs);
  checkOptions(where, options, TEXT_FIELDS);
  const source = { tokens: options.sourceTokens, normalization: options.sourceNormalization };
  const target = { tokens: options.targetTokens, normalization: options.targetNormalization };
  for (const { tokens, normalization } of [source, target]) {
    if (tokens !== undefined) checkTokens(where, tokens);
    if (normalization !== undefined) checkNormalization(where, normalization);
  }
  const usual = isKorean(pairs) ? "NFD" : "NFC";
  const cut = haveMarks(pairs) ? "codepoints" : "chars";
  const [sourceTokens, sourceNormalization] = completed(source, usual, cut);
  const [targetTokens, targetNormalization] = completed(target, "NFC", "chars");
  return { sourceTokens, sourceNormalization, targetTokens, targetNormalization };
}

/** What is asked of one side, and what follows for the rest of it. */
function completed(
  asked: { readonly tokens: Tokens | undefined; readonly normalization: Normalization | undefined },
  usual: "NFC" | "NFD",
  cut: "chars" | "codepoints",
): [Tokens, Normalization] {
  const { tokens } = asked;
  // Taking apart is of use to code points only.
  const fallback = tokens === undefined || tokens === "codepoints" ? usual : "NFC";
  const normalization = asked.normalization ?? fallback;
  return [tokens ?? (decomposes(normalization) ? "codepoints" : cut), normalization];
}

/** Syllables, and the letters they consist of. */
const HANGUL = /[\uac00-\ud7a3\u1100-\u11ff]/;

function isKorean(pairs: readonly Pair[]): boolean {
  const korean = pairs.reduce((count, { source }) => count + Number(HANGUL.test(source)), 0);
  return 2 * korean > pairs.length;
}

const MARKS = /\p{M}/gu;

/** Whether more than a tenth of the sources' code points are marks, in NFC. */
function haveMarks(pairs: readonly Pair[]): boolean {
  let [marks, all] = [0, 0];
  for (const { source } of pairs) {
    const text = source.normalize("NFC");
    marks += text.match(MARKS)?.length ?? 0;
    all += text.length; // code units: a few more than there are code points
  }
  return marks > 0.1 * all;
}

/**
 * The vocabularies of pairs.
 *
 * @param shared whether both sides are to have one
 * @throws DataError when they are to share one, but are not cut alike
 */
export function vocabulariesOf(
  where: string,
  pairs: readonly Pair[],
  text: Required<TextOptions>,
  shared = false,
): Vocabularies {
  const { sourceTokens, sourceNormalization, targetTokens, targetNormalization } = text;
  const sources = pairs.map(({ source }) => source);
  const targets = pairs.map(({ target }) => target);
  const features = pairs.map((pair) => pair.features).filter((text) => text !== undefined);
  const tags = features.length === 0 ? null : Vocabulary.fromTexts(features, "tags");
  if (!shared) {
    const options = { normalization: sourceNormalization };
    const source = Vocabulary.fromTexts(sources, sourceTokens, options);
    const target = Vocabulary.fromTexts(targets, targetTokens, {
      normalization: targetNormalization,
    });
    return { source, target, features: tags };
  }
  if (sourceTokens !== targetTokens || sourceNormalization !== targetNormalization) {
    throw new DataError({
      where,
      expected: "sources and targets cut alike, since both sides share one vocabulary",
      received: `${sourceTokens} in ${sourceNormalization} and ${targetTokens} in ${targetNormalization}`,
      fix: "give both the same tokens and normalization, or tie no embeddings of the source",
    });
  }
  const both = Vocabulary.fromTexts([...sources, ...targets], sourceTokens, {
    normalization: sourceNormalization,
  });
  return { source: both, target: both, features: tags };
}
