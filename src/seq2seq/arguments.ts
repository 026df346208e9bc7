/** Checks of what plain JavaScript may pass for texts, pairs, vocabularies and models. */

import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import type { Pair, TransductionInput } from "./types.ts";

/** Refuses anything but text. */
export function checkText(where: string, name: string, text: unknown): asserts text is string {
  if (typeof text === "string") return;
  throw new DataError({ where, expected: `${name} to be a string`, received: describe(text) });
}

/** Refuses anything but an array of texts. */
export function checkTexts(where: string, name: string, texts: unknown): void {
  if (!Array.isArray(texts)) {
    const expected = `${name} to be an array of strings`;
    throw new DataError({ where, expected, received: describe(texts) });
  }
  // The words of a refusal are made for a refusal alone: symbols of texts come by the million.
  const wrong = texts.findIndex((text) => typeof text !== "string");
  if (wrong !== -1) checkText(where, `${name}[${wrong}]`, texts[wrong]);
}

/** Refuses anything but a pair of texts. */
export function checkPair(where: string, name: string, pair: unknown): asserts pair is Pair {
  if (typeof pair !== "object" || pair === null) {
    const expected = `${name} to be a pair, { source, target }`;
    throw new DataError({ where, expected, received: describe(pair) });
  }
  checkText(where, `${name}.source`, "source" in pair ? pair.source : undefined);
  checkText(where, `${name}.target`, "target" in pair ? pair.target : undefined);
  checkFeatures(where, name, pair);
}

/** Features may be left out, but are text if they are there. */
function checkFeatures(where: string, name: string, value: object): void {
  if (!("features" in value) || value.features === undefined) return;
  checkText(where, `${name}.features`, value.features);
}

/** The text and the features (none: empty) of what a model is asked about; refuses anything else. */
export function inputParts(
  where: string,
  name: string,
  input: TransductionInput,
): { readonly source: string; readonly features: string } {
  if (typeof input === "string") return { source: input, features: "" };
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    const expected = `${name} to be a string, or { source, features }`;
    throw new DataError({ where, expected, received: describe(input) });
  }
  checkText(where, `${name}.source`, input.source);
  checkFeatures(where, name, input);
  return { source: input.source, features: input.features ?? "" };
}

/** Refuses anything but an array of pairs. */
export function checkPairs(where: string, pairs: unknown): asserts pairs is readonly Pair[] {
  if (!Array.isArray(pairs)) {
    const expected = "pairs to be an array of { source, target }";
    throw new DataError({ where, expected, received: describe(pairs) });
  }
  for (const [i, pair] of pairs.entries()) checkPair(where, `pairs[${i}]`, pair);
}

/** Refuses anything but an object that `kind` made. */
export function checkInstance(
  where: string,
  name: string,
  value: unknown,
  kind: abstract new (...given: never[]) => object,
): void {
  if (value instanceof kind) return;
  const expected = `${name} to be of class ${kind.name}`;
  throw new DataError({ where, expected, received: describe(value) });
}
