import { checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { checkText, checkTexts } from "./arguments.ts";
import { checkNormalization, composed, normalized } from "./normalization.ts";
import { joinSymbols, keepsAll, tokenize } from "./tokens.ts";
import type { Normalization, Tokens } from "./types.ts";
import {
  asCheckpointError,
  checkParts,
  quoteText,
  readParts,
  SPECIALS,
  type VocabularyParts,
} from "./vocabulary-parts.ts";

/**
 * Symbols and their ids, with four special ones: `pad` fills up short rows, `begin` starts decoding,
 * `end` ends a text, `unknown` stands for what was never seen. A foreign model's vocabulary may have
 * no end and no unknown.
 *
 * Text is brought to a normal form of Unicode before it is cut, so that `é` typed as one code point and
 * as two is the same symbol; what {@link decode} gives back is composed again.
 *
 * With tokens "chars" and "codepoints" all symbols differ, and a special symbol that is spelled as one
 * character can also stand in a text: in a vocabulary whose pad is `" "`, a space in the text is the pad
 * symbol. With tokens "spaces" and "tags" special symbols never stand in a text: a token that happens to
 * be spelled `<pad>` is a symbol like any other, with an id of its own, or unknown.
 *
 * @example
 * const vocabulary = Vocabulary.fromTexts(["abba"], "chars");
 * vocabulary.symbols; // → ["<pad>", "<begin>", "<end>", "<unknown>", "a", "b"]
 * vocabulary.encode("bac"); // → [5, 4, 3]
 * vocabulary.decode([5, 4]); // → "ba"
 */
export class Vocabulary implements VocabularyParts {
  readonly symbols: readonly string[];
  readonly tokens: Tokens;
  readonly normalization: Normalization;
  readonly pad: number;
  readonly begin: number;
  readonly end: number | null;
  readonly unknown: number | null;
  readonly #ids = new Map<string, number>();
  readonly #specials: ReadonlySet<number>;

  /**
   * @throws DataError when symbols repeat or are empty, an id names no symbol, two special ids are the
   * same, or tokens or normalization are none
   *
   * @example
   * const vocabulary = new Vocabulary({
   *   symbols: [" ", "_", "0", "1"], tokens: "chars", normalization: "none",
   *   pad: 0, begin: 1, end: null, unknown: null,
   * });
   * vocabulary.encode("10 "); // → [3, 2, 0]
   * vocabulary.encode("12"); // → throws DataError
   */
  constructor(parts: VocabularyParts) {
    checkParts("Vocabulary", parts);
    this.symbols = Object.freeze([...parts.symbols]);
    this.tokens = parts.tokens;
    this.normalization = parts.normalization;
    this.pad = parts.pad;
    this.begin = parts.begin;
    this.end = parts.end;
    this.unknown = parts.unknown;
    this.#specials = new Set(SPECIALS.map((name) => parts[name]).filter((id) => id !== null));
    for (const [id, symbol] of this.symbols.entries()) {
      if (keepsAll(this.tokens) || !this.#specials.has(id)) this.#ids.set(symbol, id);
    }
  }

  /**
   * The vocabulary of some texts: `<pad>`, `<begin>`, `<end>`, `<unknown>`, then the symbols in order
   * of first appearance. A token that is spelled like one of the four gets an id of its own.
   *
   * @param options.normalization the normal form of its symbols, "NFC" unless given
   *
   * @example
   * Vocabulary.fromTexts(["k æ t", "k ɔ"], "spaces").symbols.slice(4); // → ["k", "æ", "t", "ɔ"]
   * const jamo = Vocabulary.fromTexts(["한"], "codepoints", { normalization: "NFD" });
   * jamo.size; // → 7
   * jamo.decode(jamo.encode("한")); // → "한"
   */
  static fromTexts(
    texts: Iterable<string>,
    tokens: Tokens,
    options: { readonly normalization?: Normalization } = {},
  ): Vocabulary {
    checkOptions("Vocabulary.fromTexts", options, ["normalization"]);
    const { normalization = "NFC" } = options;
    checkNormalization("Vocabulary.fromTexts", normalization);
    if (typeof texts?.[Symbol.iterator] !== "function" || typeof texts === "string") {
      throw new DataError({
        where: "Vocabulary.fromTexts",
        expected: "texts to be strings that can be iterated over, such as an array",
        received: describe(texts),
      });
    }
    const seen = new Set<string>();
    for (const text of texts) {
      checkText("Vocabulary.fromTexts", "each text", text);
      for (const symbol of tokenize(normalized(text, normalization), tokens)) seen.add(symbol);
    }
    const symbols = [...SPECIALS.map((name) => `<${name}>`), ...seen];
    return new Vocabulary({ symbols, tokens, normalization, pad: 0, begin: 1, end: 2, unknown: 3 });
  }

  /**
   * The vocabulary that {@link toJSON} gave.
   *
   * @param value what `JSON.parse` returned
   * @param where the file it came from, for the message
   * @throws CheckpointError when it is not one
   *
   * @example
   * const text = JSON.stringify(Vocabulary.fromTexts(["ab"], "chars"));
   * Vocabulary.fromJSON(JSON.parse(text), "model.safetensors").size; // → 6
   */
  static fromJSON(value: unknown, where: string): Vocabulary {
    const parts = readParts(value, where);
    try {
      return new Vocabulary(parts);
    } catch (cause) {
      if (cause instanceof DataError) throw asCheckpointError(cause, where);
      throw cause;
    }
  }

  /** Number of symbols V, special ones included. */
  get size(): number {
    return this.symbols.length;
  }

  /** The symbols of a text, in this vocabulary's normal form; it may have them or not. */
  symbolsIn(text: string): string[] {
    checkText("Vocabulary.symbolsIn", "text", text);
    return tokenize(normalized(text, this.normalization), this.tokens);
  }

  /**
   * The ids of a text's symbols; `unknown` for those it does not have.
   *
   * @throws DataError for those it does not have when `unknown` is null
   */
  encode(text: string): number[] {
    checkText("Vocabulary.encode", "text", text);
    return this.encodeSymbols(this.symbolsIn(text));
  }

  /**
   * {@link encode} for a text that {@link symbolsIn} has cut.
   *
   * @throws DataError as `encode`
   */
  encodeSymbols(symbols: readonly string[]): number[] {
    if (!Array.isArray(symbols)) checkTexts("Vocabulary.encodeSymbols", "symbols", symbols);
    return symbols.map((symbol) => this.#ids.get(symbol) ?? this.#unknownIn(symbol, symbols));
  }

  /** The id of a symbol of a text that has none of its own. What is no text has none either, and is refused. */
  #unknownIn(symbol: string, symbols: readonly string[]): number {
    checkTexts("Vocabulary.encodeSymbols", "symbols", symbols);
    if (this.unknown !== null) return this.unknown;
    const unknown = this.unknownAmong(symbols).slice(0, 10);
    throw new DataError({
      where: "Vocabulary.encode",
      expected: `only symbols that the vocabulary has, since it has none for unknown ones`,
      received: `${quoteText(symbol)} in ${quoteText(joinSymbols(symbols, this.tokens))}`,
      fix: `leave out ${unknown.map(quoteText).join(", ")}`,
    });
  }

  /** The symbols of a text that the vocabulary does not have, each once, in order of appearance. */
  unknownIn(text: string): string[] {
    checkText("Vocabulary.unknownIn", "text", text);
    return this.unknownAmong(this.symbolsIn(text));
  }

  /** {@link unknownIn} for a text that {@link symbolsIn} has cut. */
  unknownAmong(symbols: readonly string[]): string[] {
    checkTexts("Vocabulary.unknownAmong", "symbols", symbols);
    const unknown = symbols.filter((symbol) => !this.#ids.has(symbol));
    return unknown.length === 0 ? unknown : [...new Set(unknown)];
  }

  /** The text that symbols spell, composed where the vocabulary has a normal form. */
  textOf(symbols: readonly string[]): string {
    return composed(joinSymbols(symbols, this.tokens), this.normalization);
  }

  /**
   * The symbols that ids stand for, up to the first `end`, special ones left out.
   *
   * @throws DataError for an id that names no symbol
   */
  symbolsOf(ids: Iterable<number>): string[] {
    const symbols: string[] = [];
    if (typeof ids?.[Symbol.iterator] !== "function") {
      throw new DataError({
        where: "Vocabulary.symbolsOf",
        expected: "ids to be numbers that can be iterated over, such as an array",
        received: describe(ids),
      });
    }
    for (const id of ids) {
      const symbol = this.symbols[id];
      if (symbol === undefined) {
        throw new DataError({
          where: "Vocabulary.symbolsOf",
          expected: `ids from 0 to ${this.size - 1}`,
          received: describe(id),
        });
      }
      if (id === this.end) break;
      if (!this.#specials.has(id)) symbols.push(symbol);
    }
    return symbols;
  }

  /**
   * The text that ids stand for: {@link symbolsOf}, joined by {@link textOf}.
   *
   * @throws DataError for an id that names no symbol
   */
  decode(ids: Iterable<number>): string {
    return this.textOf(this.symbolsOf(ids));
  }

  /** The parts, for `JSON.stringify`. */
  toJSON(): VocabularyParts {
    const { symbols, tokens, normalization, pad, begin, end, unknown } = this;
    return { symbols, tokens, normalization, pad, begin, end, unknown };
  }
}
