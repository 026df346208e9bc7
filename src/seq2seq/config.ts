import { checkOptions, describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { checkPairs } from "./arguments.ts";
import { tokenize } from "./tokens.ts";
import type { ModelConfig, Pair, Tokens } from "./types.ts";

/** Most symbols of a padded source or of an output: a file that asks for more asks for trouble. */
const MOST_SYMBOLS = 2 ** 16;
/** Largest size of a layer. */
const LARGEST = 2 ** 16;

/** The fields of a config. */
const FIELDS: readonly (keyof ModelConfig)[] = [
  "embeddingSize",
  "hiddenSize",
  "reverseSource",
  "maskPadding",
  "sourceLength",
  "targetLength",
  "targetLimit",
  "initialCell",
  "dropout",
];

/**
 * A config that suits the pairs: sizes grow with their number, and the limit of an output comes from
 * the longest target.
 *
 * @param overrides fields to set otherwise; `sourceTokens` and `targetTokens` say what a symbol is
 * @throws DataError when a field is out of range
 *
 * @example
 * const pairs = [{ source: "3/4/05", target: "2005-03-04", line: 1 }];
 * const config = defaultConfig(pairs, { hiddenSize: 32 });
 * config.hiddenSize; // → 32
 * config.targetLimit; // → 30
 */
export function defaultConfig(
  pairs: readonly Pair[],
  overrides: Partial<ModelConfig> & {
    readonly sourceTokens?: Tokens;
    readonly targetTokens?: Tokens;
  } = {},
): ModelConfig {
  checkPairs("defaultConfig", pairs);
  checkOptions("defaultConfig", overrides, [...FIELDS, "sourceTokens", "targetTokens"]);
  const { sourceTokens = "chars", targetTokens = "chars", ...fields } = overrides;
  const longest = (side: "source" | "target", tokens: Tokens): number =>
    pairs.reduce((most, pair) => Math.max(most, tokenize(pair[side], tokens).length), 0);
  const maskPadding = fields.maskPadding ?? true;
  const few = pairs.length < 3000;
  return checkConfig("defaultConfig", {
    embeddingSize: few ? 48 : 64,
    hiddenSize: few ? 128 : 192,
    reverseSource: true,
    maskPadding,
    sourceLength: maskPadding ? null : longest("source", sourceTokens),
    targetLength: null,
    targetLimit: Math.min(2 * longest("target", targetTokens) + 10, MOST_SYMBOLS),
    initialCell: "encoder",
    dropout: few ? 0.3 : 0.1,
    ...fields,
  });
}

/** Refuses a config with a field out of range, and gives back the fields of a config alone. */
export function checkConfig(where: string, config: ModelConfig): ModelConfig {
  if (typeof config !== "object" || config === null) {
    const expected = "the config as an object";
    throw new DataError({ where, expected, received: describe(config) });
  }
  const whole = (name: keyof ModelConfig, least: number, most: number): void => {
    const value = config[name];
    if (
      typeof value !== "number" ||
      !Number.isSafeInteger(value) ||
      value < least ||
      value > most
    ) {
      throw refusal(where, name, `a whole number from ${least} to ${most}`, value);
    }
  };
  whole("embeddingSize", 1, LARGEST);
  whole("hiddenSize", 1, LARGEST);
  whole("targetLimit", 1, MOST_SYMBOLS);
  if (config.sourceLength !== null) whole("sourceLength", 0, MOST_SYMBOLS);
  if (config.targetLength !== null) whole("targetLength", 1, MOST_SYMBOLS);
  for (const name of ["reverseSource", "maskPadding"] as const) {
    if (typeof config[name] !== "boolean") {
      throw refusal(where, name, "true or false", config[name]);
    }
  }
  if (config.initialCell !== "zero" && config.initialCell !== "encoder") {
    throw refusal(where, "initialCell", '"zero" or "encoder"', config.initialCell);
  }
  if (!(typeof config.dropout === "number" && config.dropout >= 0 && config.dropout < 1)) {
    throw refusal(where, "dropout", "a number from 0 to less than 1", config.dropout);
  }
  if (config.maskPadding !== (config.sourceLength === null)) {
    throw refusal(
      where,
      "sourceLength",
      config.maskPadding
        ? "null, since padding is masked"
        : "a length, since padding is not masked",
      config.sourceLength,
    );
  }
  return {
    embeddingSize: config.embeddingSize,
    hiddenSize: config.hiddenSize,
    reverseSource: config.reverseSource,
    maskPadding: config.maskPadding,
    sourceLength: config.sourceLength,
    targetLength: config.targetLength,
    targetLimit: config.targetLimit,
    initialCell: config.initialCell,
    dropout: config.dropout,
  };
}

function refusal(where: string, name: string, expected: string, value: unknown): DataError {
  return new DataError({
    where,
    expected: `${name} to be ${expected}`,
    received: describe(value),
  });
}
