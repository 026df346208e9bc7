import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import type { Normalization } from "./types.ts";

/** The normal forms of Unicode, and none of them. */
export const NORMALIZATIONS = ["NFC", "NFD", "NFKC", "NFKD", "none"] as const;

/** What decomposed text is composed to when it is given back. */
const COMPOSED = { NFC: "NFC", NFD: "NFC", NFKC: "NFKC", NFKD: "NFKC" } as const;

/** A text in a normal form. Lone surrogates stay what they are. */
export function normalized(text: string, form: Normalization): string {
  return form === "none" ? text : text.normalize(form);
}

/** A text whose symbols are in a normal form, as people write it: composed, unless the form is "none". */
export function composed(text: string, form: Normalization): string {
  return form === "none" ? text : text.normalize(COMPOSED[form]);
}

/** Whether a form takes apart what others write as one code point: é, and the syllables of Hangul. */
export function decomposes(form: Normalization): boolean {
  return form === "NFD" || form === "NFKD";
}

/** Whether a value names a normal form. */
export function isNormalization(value: unknown): value is Normalization {
  return NORMALIZATIONS.some((form) => form === value);
}

/** Refuses anything but the name of a normal form. */
export function checkNormalization(where: string, form: unknown): asserts form is Normalization {
  if (isNormalization(form)) return;
  const expected = `${NORMALIZATION_WORDS} as normalization`;
  throw new DataError({ where, expected, received: describe(form) });
}

/** The forms as messages list them. */
export const NORMALIZATION_WORDS = '"NFC", "NFD", "NFKC", "NFKD" or "none"';
