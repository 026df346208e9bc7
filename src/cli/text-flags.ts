import type { Command } from "commander";
import {
  type Normalization,
  type Pair,
  type TextOptions,
  type Tokens,
  tokenize,
} from "../index.ts";
import { UsageError } from "./errors.ts";
import { oneOf, wholeNumber } from "./numbers.ts";

/** Flags that say where a file has its pairs, and how their texts become symbols. */
export interface TextFlags {
  readonly columns?: readonly [number, number];
  readonly features?: number;
  readonly sourceTokens?: Tokens;
  readonly targetTokens?: Tokens;
  readonly normalize?: Normalization;
  readonly sourceNormalize?: Normalization;
  readonly targetNormalize?: Normalization;
}

const TOKENS = ["chars", "codepoints", "spaces"] as const satisfies readonly Tokens[];
const FORMS = {
  nfc: "NFC",
  nfd: "NFD",
  nfkc: "NFKC",
  nfkd: "NFKD",
  none: "none",
} as const satisfies Record<string, Normalization>;

/** Adds `--features`. */
export function withFeatures(command: Command): Command {
  return command.option(
    "--features <n>",
    "column of tags with semicolons between, such as V;PST;1;SG (source and target: 1,2)",
    wholeNumber("--features", 1, 999_999_999),
  );
}

/** Adds the flags that say how texts become symbols. */
export function withTextFlags(command: Command): Command {
  const tokens = "chars, codepoints or spaces";
  const forms = "nfc, nfd, nfkc, nfkd or none";
  return command
    .option(
      "--source-tokens <how>",
      `${tokens} (default: chars; codepoints where a script asks for them)`,
      oneOf("--source-tokens", TOKENS),
    )
    .option(
      "--target-tokens <how>",
      `${tokens} (default: chars; codepoints if decomposed)`,
      oneOf("--target-tokens", TOKENS),
    )
    .option(
      "--normalize <form>",
      `normal form of Unicode: ${forms} (default: nfc; nfd for Korean sources)`,
      normalForm("--normalize"),
    )
    .option(
      "--source-normalize <form>",
      "the same of sources alone",
      normalForm("--source-normalize"),
    )
    .option(
      "--target-normalize <form>",
      "the same of targets alone",
      normalForm("--target-normalize"),
    );
}

/**
 * A parser for a flag whose value is a normal form, in small or capital letters.
 *
 * @throws UsageError (from the parser) that lists the forms
 * @example
 * normalForm("--normalize")("nfd"); // → "NFD"
 */
export function normalForm(flag: string): (text: string) => Normalization {
  const word = oneOf(flag, Object.keys(FORMS) as (keyof typeof FORMS)[]);
  return (text) => {
    const small = text.toLowerCase();
    return FORMS[word(small in FORMS ? small : text)];
  };
}

/** What the flags ask of texts; what they leave open is for `defaultText` to say. */
export function textOptions(flags: TextFlags): TextOptions {
  const sourceNormalization = flags.sourceNormalize ?? flags.normalize;
  const targetNormalization = flags.targetNormalize ?? flags.normalize;
  return {
    ...(flags.sourceTokens === undefined ? {} : { sourceTokens: flags.sourceTokens }),
    ...(flags.targetTokens === undefined ? {} : { targetTokens: flags.targetTokens }),
    ...(sourceNormalization === undefined ? {} : { sourceNormalization }),
    ...(targetNormalization === undefined ? {} : { targetNormalization }),
  };
}

/** Refuses features from a column that has source or target. */
export function checkFeatures({ columns = [1, 2], features }: TextFlags): void {
  if (features === undefined || !columns.includes(features)) return;
  const what = columns[0] === features ? "sources" : "targets";
  throw new UsageError({
    where: "--features",
    expected: "a column of its own",
    received: `${features}, which has the ${what}`,
    fix: "count columns from 1; --columns says where sources and targets are",
  });
}

/**
 * One line of advice where targets are cut by characters but look like symbols with spaces between, as
 * phonemes are written; else null. Most targets have a space inside of them then, and what stands between
 * spaces has fewer than 2.5 code points on average: words of a language have more.
 *
 * @example
 * const phonemes = [{ source: "cat", target: "k æ t", line: 1 }];
 * targetAdvice(phonemes, {})?.includes("--target-tokens spaces"); // → true
 * targetAdvice(phonemes, { targetTokens: "chars" }); // → null
 */
export function targetAdvice(pairs: readonly Pair[], flags: TextFlags): string | null {
  if (flags.targetTokens !== undefined) return null;
  let spaced = 0;
  let symbols = 0;
  let codepoints = 0;
  for (const { target } of pairs) {
    const found = tokenize(target, "spaces");
    if (found.length > 1) spaced += 1;
    symbols += found.length;
    for (const symbol of found) codepoints += tokenize(symbol, "codepoints").length;
  }
  if (2 * spaced <= pairs.length || 2 * codepoints >= 5 * symbols) return null;
  return "the targets look like symbols with spaces between; if they are, add --target-tokens spaces";
}
