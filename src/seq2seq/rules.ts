/** What the fields of a config may be, as tables that one function goes through. */

import { describe } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";

/** Null where a value is as it has to be; otherwise how that is, in words. */
export type Rule = (value: unknown) => string | null;

/** A whole number in a range. */
export const whole =
  (least: number, most: number): Rule =>
  (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
      ? null
      : most === Number.MAX_SAFE_INTEGER
        ? `a whole number ≥ ${least}`
        : `a whole number from ${least} to ${most}`;

/** What another rule takes, or null. */
export const orNull =
  (rule: Rule): Rule =>
  (value) => {
    const refused = value === null ? null : rule(value);
    return refused === null ? null : `${refused}, or null`;
  };

/** True or false. */
export const flag: Rule = (value) => (typeof value === "boolean" ? null : "true or false");

/** One of a few words. */
export const word =
  (...words: readonly string[]): Rule =>
  (value) =>
    words.some((each) => each === value)
      ? null
      : words.map((each) => JSON.stringify(each)).join(" or ");

/** A number for which `holds`; `range` says which that are. */
export const numberThat =
  (range: string, holds: (value: number) => boolean): Rule =>
  (value) =>
    typeof value === "number" && holds(value) ? null : `a number ${range}`;

/** A share that leaves something. */
export const share: Rule = numberThat("from 0 to less than 1", (value) => value >= 0 && value < 1);

/** A rule for each field of an object. */
export type Rules<Fields> = { readonly [Field in keyof Fields]-?: Rule };

/**
 * Refuses an object with a field out of range, and gives back the fields that there are rules for alone.
 *
 * @param what what the object is, for messages
 * @throws DataError
 */
export function checkFields<Fields>(
  where: string,
  what: string,
  rules: Rules<Fields>,
  fields: Fields,
): Fields {
  if (typeof fields !== "object" || fields === null) {
    throw new DataError({
      where,
      expected: `${what} as an object`,
      received: describe(fields),
    });
  }
  const names = Object.keys(rules) as (keyof Fields & string)[];
  for (const name of names) {
    const refused = rules[name](fields[name]);
    if (refused !== null) throw fieldRefusal(where, name, refused, fields[name]);
  }
  return Object.fromEntries(names.map((name) => [name, fields[name]])) as Fields;
}

/** The refusal of one field. */
export function fieldRefusal(
  where: string,
  name: string,
  expected: string,
  value: unknown,
): DataError {
  return new DataError({
    where,
    expected: `${name} to be ${expected}`,
    received: describe(value),
  });
}
