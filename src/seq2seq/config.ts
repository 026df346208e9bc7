import { checkOptions, picked } from "../core/arguments.ts";
import { checkPairs } from "./arguments.ts";
import { bySize } from "./by-size.ts";
import { CONFIG_FIELDS, checkConfig, MOST_SYMBOLS, type ModelConfig } from "./model-config.ts";
import { normalized } from "./normalization.ts";
import { defaultText, TEXT_FIELDS, type TextOptions } from "./text-options.ts";
import { tokenize } from "./tokens.ts";
import type { Pair } from "./types.ts";

/** What can be said of a config besides its fields: how texts are cut into symbols, and all dropout at once. */
export interface ConfigOverrides extends Partial<ModelConfig>, TextOptions {
  /** All three rates of dropout, where they are not given one by one. */
  readonly dropout?: number;
}

/**
 * A config that suits the pairs: an LSTM on each side with additive attention whose attentional vector is fed to
 * the next step. Sizes grow with the number of pairs, dropout falls, and the limit of an output comes from the
 * longest target.
 *
 * @param overrides fields to set otherwise; tokens and normalization say what a symbol is, as for `defaultText`
 * @throws DataError when a field is out of range, or fields do not go together
 *
 * @example
 * const pairs = [{ source: "3/4/05", target: "2005-03-04", line: 1 }];
 * const config = defaultConfig(pairs, { hiddenSize: 32 });
 * config.hiddenSize; // → 32
 * config.targetLimit; // → 30
 */
export function defaultConfig(
  pairs: readonly Pair[],
  overrides: ConfigOverrides = {},
): ModelConfig {
  const where = "defaultConfig";
  checkPairs(where, pairs);
  checkOptions(where, overrides, [...CONFIG_FIELDS, "dropout", ...TEXT_FIELDS]);
  const { dropout, ...named } = overrides;
  const text = defaultText(pairs, picked(named, TEXT_FIELDS));
  const fields: Partial<ModelConfig> = picked(named, CONFIG_FIELDS);
  const suited = bySize(pairs, {
    few: { hidden: 128, dropout: 0.4 },
    some: { hidden: 192, dropout: 0.3 },
    many: { hidden: 256, dropout: 0.2 },
  });
  const { architecture = "recurrent", maskPadding = true } = fields;
  const transformer = architecture === "transformer";
  const { hiddenSize = suited.hidden } = fields;
  const { embeddingSize = transformer ? hiddenSize : 64 } = fields;
  const { attention = transformer ? "multi-head" : "additive", tiedEmbeddings = "none" } = fields;
  const feeds = !transformer && attention !== "none";
  const tied = !transformer && tiedEmbeddings !== "none";
  const rate = dropout ?? suited.dropout;
  return checkConfig(where, {
    architecture,
    embeddingSize,
    hiddenSize,
    cell: "lstm",
    encoderLayers: transformer ? 3 : 1,
    decoderLayers: transformer ? 3 : 1,
    bidirectional: !transformer && hiddenSize % 2 === 0,
    attention,
    heads: attention === "multi-head" && hiddenSize % 4 === 0 ? 4 : 1,
    inputFeeding: feeds,
    attentionalSize: tied ? embeddingSize : feeds ? hiddenSize : null,
    bridge: "state",
    tiedEmbeddings,
    copy: false,
    feedForwardSize: 4 * hiddenSize,
    reverseSource: false,
    maskPadding,
    sourceLength: maskPadding ? null : longestSource(pairs, text),
    targetLength: null,
    targetLimit: Math.min(2 * longestTarget(pairs, text) + 10, MOST_SYMBOLS),
    embeddingDropout: rate,
    layerDropout: rate,
    outputDropout: rate,
    ...fields,
  });
}

/** Symbols of the longest source, its tags counted. */
function longestSource(pairs: readonly Pair[], text: Required<TextOptions>): number {
  const { sourceTokens: tokens, sourceNormalization: form } = text;
  return pairs.reduce((most, { source, features = "" }) => {
    const symbols = tokenize(normalized(source, form), tokens).length;
    return Math.max(most, symbols + tokenize(features, "tags").length);
  }, 0);
}

/** Symbols of the longest target. */
function longestTarget(pairs: readonly Pair[], text: Required<TextOptions>): number {
  const { targetTokens: tokens, targetNormalization: form } = text;
  return pairs.reduce(
    (most, { target }) => Math.max(most, tokenize(normalized(target, form), tokens).length),
    0,
  );
}
