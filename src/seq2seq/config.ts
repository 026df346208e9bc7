import { checkOptions } from "../core/arguments.ts";
import { checkPairs } from "./arguments.ts";
import { CONFIG_FIELDS, checkConfig, MOST_SYMBOLS, type ModelConfig } from "./model-config.ts";
import { tokenize } from "./tokens.ts";
import type { Pair, Tokens } from "./types.ts";

/** What can be said of a config besides its fields. */
export interface ConfigOverrides extends Partial<ModelConfig> {
  /** All three rates of dropout, where they are not given one by one. */
  readonly dropout?: number;
  /** How sources are cut into symbols: `"chars"` unless given. */
  readonly sourceTokens?: Tokens;
  /** How targets are cut into symbols: `"chars"` unless given. */
  readonly targetTokens?: Tokens;
}

/**
 * A config that suits the pairs: sizes grow with their number, and the limit of an output comes from
 * the longest target.
 *
 * @param overrides fields to set otherwise; `sourceTokens` and `targetTokens` say what a symbol is
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
  checkOptions(where, overrides, [...CONFIG_FIELDS, "dropout", "sourceTokens", "targetTokens"]);
  const { sourceTokens = "chars", targetTokens = "chars", dropout, ...fields } = overrides;
  const longest = (side: "source" | "target", tokens: Tokens): number =>
    pairs.reduce((most, pair) => Math.max(most, tokenize(pair[side], tokens).length), 0);
  const few = pairs.length < 3000;
  const { architecture = "recurrent", maskPadding = true } = fields;
  const transformer = architecture === "transformer";
  const { hiddenSize = few ? 128 : 192 } = fields;
  const { embeddingSize = transformer ? hiddenSize : few ? 48 : 64 } = fields;
  const { attention = transformer ? "multi-head" : "dot", tiedEmbeddings = "none" } = fields;
  const rate = dropout ?? (few ? 0.3 : 0.1);
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
    inputFeeding: false,
    attentionalSize: tiedEmbeddings === "none" || transformer ? null : embeddingSize,
    bridge: "state",
    tiedEmbeddings,
    copy: false,
    feedForwardSize: 4 * hiddenSize,
    reverseSource: false,
    maskPadding,
    sourceLength: maskPadding ? null : longest("source", sourceTokens),
    targetLength: null,
    targetLimit: Math.min(2 * longest("target", targetTokens) + 10, MOST_SYMBOLS),
    embeddingDropout: rate,
    layerDropout: rate,
    outputDropout: rate,
    ...fields,
  });
}
