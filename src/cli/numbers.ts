import { UsageError } from "./errors.ts";

/**
 * A parser for a flag whose value is a whole number in a range.
 *
 * @throws UsageError (from the parser) that names the flag, the range and what came
 * @example
 * const hidden = wholeNumber("--hidden", 1);
 * hidden("256"); // → 256
 * hidden("abc"); // → throws UsageError: --hidden: expected a whole number ≥ 1, got "abc"
 */
export function wholeNumber(
  flag: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `≥ ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw refusal(flag, `a whole number ${range}`, text);
  };
}

/** What a number must be, in words and as a test. */
interface Range {
  readonly words: string;
  readonly holds: (value: number) => boolean;
}

/** Any number above zero. */
export const POSITIVE: Range = { words: "> 0", holds: (value) => value > 0 };

/** A share that leaves something. */
export const SHARE: Range = { words: "≥ 0 and < 1", holds: (value) => value >= 0 && value < 1 };

/**
 * A parser for a flag whose value is a finite number in a range.
 *
 * @throws UsageError (from the parser) that names the flag, the range and what came
 * @example
 * number("--rate", POSITIVE)("1e-3"); // → 0.001
 */
export function number(flag: string, range: Range): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (Number.isFinite(value) && range.holds(value)) return value;
    throw refusal(flag, `a number ${range.words}`, text);
  };
}

/**
 * A parser for a flag whose value is one of a few words.
 *
 * @throws UsageError (from the parser) that lists the words
 * @example
 * oneOf("--bridge", ["state", "zero"])("zero"); // → "zero"
 */
export function oneOf<Word extends string>(
  flag: string,
  words: readonly Word[],
): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw refusal(flag, words.join(" or "), text);
  };
}

/**
 * The parser of `--columns`: which two columns of a file hold source and target, from 1.
 *
 * @throws UsageError unless it is two different whole numbers with a comma between
 * @example
 * columnPair("1,3"); // → [1, 3]
 */
export function columnPair(text: string): readonly [number, number] {
  const found = /^([1-9]\d{0,8}),([1-9]\d{0,8})$/.exec(text);
  const source = Number(found?.[1]);
  const target = Number(found?.[2]);
  if (found !== null && source !== target) return [source, target];
  throw refusal("--columns", "two different column numbers from 1, such as 1,2", text);
}

function refusal(flag: string, expected: string, text: string): UsageError {
  return new UsageError({ where: flag, expected, received: JSON.stringify(text) });
}
