import { DataError } from "../core/errors.ts";
import { inputParts } from "./arguments.ts";
import { arrangeSource, IGNORED } from "./batch.ts";
import type { ModelParts } from "./model-parts.ts";
import type { TransductionInput } from "./types.ts";
import { quoteText } from "./vocabulary-parts.ts";

type Readers = Pick<
  ModelParts,
  "config" | "sourceVocabulary" | "featureVocabulary" | "targetVocabulary"
>;

/** A text as a model reads it. */
export interface ReadSource {
  /** The text as it came. */
  readonly text: string;
  /** The tags, where there are any, then the symbols of the text. */
  readonly symbols: readonly string[];
  /** How many of them are tags. */
  readonly tags: number;
  /** Ids as the encoder takes them: tags count on from the symbols; padded where the model wants it, reversed. */
  readonly source: readonly number[];
  /** Of a model that copies: what of the targets each is, `extra` counted on from their symbols; else empty. */
  readonly copies: readonly number[];
  /** Symbols that can be copied, although no target has them. */
  readonly extra: readonly string[];
  /** Symbols and tags that the model has never seen, each once. */
  readonly unknown: readonly string[];
}

/**
 * Cuts a text, and finds what its symbols are to a model.
 *
 * @throws DataError for a symbol it has never seen, where its vocabulary has none for unknown ones, and for
 *   tags to a model that reads none
 */
export function readSource(model: Readers, input: TransductionInput, where: string): ReadSource {
  const { config, sourceVocabulary, featureVocabulary } = model;
  const { source: text, features } = inputParts(where, "the input", input);
  if (features.trim() !== "" && featureVocabulary === null) {
    throw new DataError({
      where,
      expected: "a text without features, since the model reads none",
      received: quoteText(features),
      fix: "leave them out, or train with --features",
    });
  }
  const tags = featureVocabulary?.symbolsIn(features) ?? [];
  const symbols = sourceVocabulary.symbolsIn(text);
  const offset = sourceVocabulary.size;
  const tagIds = (featureVocabulary?.encodeSymbols(tags) ?? []).map((id) => id + offset);
  const textIds = sourceVocabulary.encodeSymbols(symbols);
  const ids = joined(tagIds, textIds);
  const unknownTags = featureVocabulary?.unknownAmong(tags) ?? [];
  // Where none has the id of unknown ones, none need be looked up again.
  const isKnown = !textIds.some((id) => id === sourceVocabulary.unknown);
  const { copies, extra } = config.copy
    ? copiesOf(model, tags.length, symbols)
    : { copies: [], extra: [] };
  return {
    text,
    symbols: joined(tags, symbols),
    tags: tags.length,
    source: arrangeSource(ids, config, sourceVocabulary),
    copies,
    extra,
    unknown: joined(unknownTags, isKnown ? [] : sourceVocabulary.unknownAmong(symbols)),
  };
}

/** Both lists in one; without a copy where the first is empty, as it mostly is. */
function joined<Item>(first: readonly Item[], second: readonly Item[]): readonly Item[] {
  return first.length === 0 ? second : [...first, ...second];
}

/** What of the targets the symbols of a source are; tags are nothing that can be copied. */
function copiesOf(
  { config, targetVocabulary }: Readers,
  tags: number,
  symbols: readonly string[],
): { copies: readonly number[]; extra: string[] } {
  const extra: string[] = [];
  const unknown = new Set(targetVocabulary.unknownAmong(symbols));
  const ids = symbols.map((symbol) => {
    if (!unknown.has(symbol)) return targetVocabulary.encodeSymbols([symbol])[0] ?? IGNORED;
    const known = extra.indexOf(symbol);
    return targetVocabulary.size + (known === -1 ? extra.push(symbol) - 1 : known);
  });
  const all = [...new Array<number>(tags).fill(IGNORED), ...ids];
  return { copies: arrangeSource(all, config, { pad: IGNORED }), extra };
}
