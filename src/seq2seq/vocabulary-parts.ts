import { describe } from "../core/arguments.ts";
import { CheckpointError, DataError, type ErrorFacts } from "../core/errors.ts";
import { checkNormalization, isNormalization, NORMALIZATION_WORDS } from "./normalization.ts";
import { checkTokens, isTokens, keepsAll, TOKENS_WORDS } from "./tokens.ts";
import type { Normalization, Tokens } from "./types.ts";

/** What makes a vocabulary; also its form in JSON. */
export interface VocabularyParts {
  /** The symbols; a symbol's id is its index. */
  readonly symbols: readonly string[];
  /** How text becomes symbols. */
  readonly tokens: Tokens;
  /** The normal form that text is brought to before that. JSON without it means "none". */
  readonly normalization: Normalization;
  /** Id of the symbol that fills up short rows. */
  readonly pad: number;
  /** Id of the symbol that decoding starts from. */
  readonly begin: number;
  /** Id of the symbol that ends a text; null: there is none. */
  readonly end: number | null;
  /** Id that stands for symbols the vocabulary does not have; null: there is none. */
  readonly unknown: number | null;
}

/** The names of the special ids, in the order in which `fromTexts` numbers them. */
export const SPECIALS = ["pad", "begin", "end", "unknown"] as const;

/**
 * Refuses parts that make no vocabulary; see `Vocabulary` for the rules.
 *
 * @throws DataError
 */
export function checkParts(where: string, parts: VocabularyParts): void {
  if (typeof parts !== "object" || parts === null) {
    throw new DataError({ where, expected: "its parts as an object", received: describe(parts) });
  }
  const { symbols, tokens, normalization } = parts;
  if (!Array.isArray(symbols)) {
    const expected = "symbols to be an array of strings";
    throw new DataError({ where, expected, received: describe(symbols) });
  }
  checkTokens(where, tokens);
  checkNormalization(where, normalization);
  const specials = new Map<number, string>();
  for (const name of SPECIALS) {
    const id = parts[name];
    if (id === null && (name === "end" || name === "unknown")) continue;
    if (id === null || !Number.isSafeInteger(id) || id < 0 || id >= symbols.length) {
      throw new DataError({
        where,
        expected: `a whole number from 0 to ${symbols.length - 1} as id of "${name}"`,
        received: describe(id),
      });
    }
    const other = specials.get(id);
    if (other !== undefined) {
      throw new DataError({
        where,
        expected: `an id of its own for each of ${SPECIALS.join(", ")}`,
        received: `${id} for both "${other}" and "${name}"`,
      });
    }
    specials.set(id, name);
  }
  checkSymbols(where, symbols, (id) => !keepsAll(tokens) && specials.has(id));
}

/** All symbols are distinct; those set apart (specials that stand in no text) only among themselves. */
function checkSymbols(
  where: string,
  symbols: readonly string[],
  isApart: (id: number) => boolean,
): void {
  const seen = new Map<string, number>();
  const seenApart = new Map<string, number>();
  for (const [id, symbol] of symbols.entries()) {
    if (typeof symbol !== "string" || symbol === "") {
      throw new DataError({
        where,
        expected: `text of at least one character as symbol ${id}`,
        received: symbol === "" ? "an empty string" : describeType(symbol),
      });
    }
    const group = isApart(id) ? seenApart : seen;
    const before = group.get(symbol);
    if (before !== undefined) {
      throw new DataError({
        where,
        expected: "symbols that all differ",
        received: `${quoteText(symbol)} as symbol ${before} and as symbol ${id}`,
      });
    }
    group.set(symbol, id);
  }
}

/**
 * The parts in a parsed JSON value. Keys it does not know are passed over.
 *
 * @throws CheckpointError when a part is missing or of another type
 */
export function readParts(value: unknown, where: string): VocabularyParts {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CheckpointError({
      where,
      expected: "an object as vocabulary",
      received: describeType(value),
    });
  }
  const part = (name: string): unknown =>
    Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  const refusal = (name: string, expected: string): CheckpointError =>
    new CheckpointError({
      where,
      expected: `${expected} as "${name}" of the vocabulary`,
      received: describeType(part(name)),
    });
  const id = (name: string): number => {
    const given = part(name);
    if (typeof given !== "number") throw refusal(name, "a number");
    return given;
  };
  const optionalId = (name: string): number | null => {
    const given = part(name);
    if (given !== null && typeof given !== "number") throw refusal(name, "a number or null");
    return given;
  };
  const symbols = part("symbols");
  if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === "string")) {
    throw refusal("symbols", "an array of strings");
  }
  const tokens = part("tokens");
  if (!isTokens(tokens)) throw refusal("tokens", TOKENS_WORDS);
  // Vocabularies once had no normal form: their models were trained on text as it came.
  const given = part("normalization");
  const normalization = given === undefined ? "none" : given;
  if (!isNormalization(normalization)) throw refusal("normalization", NORMALIZATION_WORDS);
  return {
    symbols,
    tokens,
    normalization,
    pad: id("pad"),
    begin: id("begin"),
    end: optionalId("end"),
    unknown: optionalId("unknown"),
  };
}

/** The same refusal about a file rather than about a call. */
export function asCheckpointError(error: DataError, where: string): CheckpointError {
  const { expected, received, fix } = error;
  const facts: ErrorFacts = { where, expected, received, ...(fix === undefined ? {} : { fix }) };
  return new CheckpointError(facts, { cause: error });
}

/** Text in quotation marks with control characters escaped, at most 40 code units of it. */
export function quoteText(text: string): string {
  return text.length <= 40 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 40))}…`;
}

function describeType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return `text ${quoteText(value)}`;
  if (Array.isArray(value)) return "an array";
  return `a value of type ${typeof value}`;
}
