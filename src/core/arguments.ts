/** Checks of what plain JavaScript may pass: each refusal is one error that says what came. */

import { DataError, ShapeError } from "./errors.ts";

/** The largest size of an axis: kernels count in int32. */
export const LARGEST_SIZE = 2 ** 31 - 1;

/** What a value is, in words for a message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `the BigInt ${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (value instanceof Promise) return "a Promise";
  // null prototypes have no constructor, and an object may call itself anything.
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an object of class ${name}`
    : "an object";
}

/** Refuses options that are no object, and names that are not among `known`: a typing error, most likely. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  const expected = `options as an object of ${known.join(", ")}`;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new DataError({ where, expected, received: describe(options) });
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const what = describe(options);
    const received = what === "an object" ? `the option ${JSON.stringify(name)}` : what;
    throw new DataError({ where, expected, received });
  }
}

/** The properties of those names, as far as they are there. */
export function picked<Whole extends object, Name extends keyof Whole>(
  whole: Whole,
  names: readonly Name[],
): Pick<Whole, Name> {
  const part: Partial<Pick<Whole, Name>> = {};
  for (const name of names) if (whole[name] !== undefined) part[name] = whole[name];
  return part as Pick<Whole, Name>;
}

/** Refuses a size that is not a whole number from 0 to 2^31 - 1. */
export function checkSize(where: string, name: string, size: unknown): void {
  if (Number.isSafeInteger(size) && (size as number) >= 0 && (size as number) <= LARGEST_SIZE)
    return;
  throw new ShapeError({
    where,
    expected: `${name} to be a whole number from 0 to ${LARGEST_SIZE}`,
    received: describe(size),
  });
}

/** Refuses anything but true and false. */
export function checkFlag(where: string, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new DataError({
    where,
    expected: `${name} to be true or false`,
    received: describe(value),
  });
}

/** Refuses anything but a number for which `accept` holds; `range` says which that are. */
export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  range: string,
  accept: (value: number) => boolean,
): void {
  if (typeof value === "number" && accept(value)) return;
  throw new DataError({ where, expected: `${name} to be ${range}`, received: describe(value) });
}

/** Refuses anything but a finite number above 0. */
export function checkPositive(where: string, name: string, value: unknown): void {
  const positive = (number: number): boolean => number > 0 && Number.isFinite(number);
  checkNumber(where, name, value, "a finite number above 0", positive);
}

/** Refuses anything but an array of items for which `accept` holds. */
export function checkArray(
  where: string,
  name: string,
  value: unknown,
  items: string,
  accept: (item: unknown) => boolean,
): void {
  const expected = `${name} to be an array of ${items}`;
  if (!Array.isArray(value)) throw new DataError({ where, expected, received: describe(value) });
  const wrong = value.findIndex((item) => !accept(item));
  if (wrong < 0) return;
  throw new DataError({
    where,
    expected,
    received: `${describe(value[wrong])} at index ${wrong}`,
  });
}
