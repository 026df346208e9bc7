import { checkArray, checkOptions } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { Steering } from "../types.ts";
import { quoteText } from "../vocabulary-parts.ts";
import type { Members, Reading } from "./readings.ts";
import type { OutputRules } from "./stepper.ts";

/** Logarithms of a step's weights, but for a constant; null where a step has its own. */
export type SteeredRow = readonly number[] | null;

/** What is given of outputs and their attention, checked as far as it can be without a text. */
export interface Steered {
  readonly output: readonly string[];
  readonly rows: readonly SteeredRow[];
}

/**
 * What a call says of steering, which may be changed once it is read.
 *
 * @throws DataError
 */
export function readSteering(steering: Steering, where: string): Steered {
  checkOptions(`${where}: steer`, steering, ["output", "attention"]);
  const { output = [], attention = [] } = steering;
  checkArray(where, "steer.output", output, "strings", (symbol) => typeof symbol === "string");
  const isRow = (row: unknown): boolean => row === null || Array.isArray(row);
  checkArray(where, "steer.attention", attention, "arrays of numbers, or null", isRow);
  const rows = attention.map(
    (row, step) => row && logarithms(row, `steer.attention[${step}]`, where),
  );
  return { output: [...output], rows };
}

/** Of weights, as they are or in other units: their sum may be more than a number can be. */
function logarithms(row: readonly number[], name: string, where: string): number[] {
  const isWeight = (weight: unknown): boolean => Number.isFinite(weight) && Number(weight) >= 0;
  checkArray(where, name, row, "finite numbers of 0 or more", isWeight);
  const most = row.reduce((largest, weight) => Math.max(largest, weight), 0);
  if (most > 0) return row.map((weight) => Math.log(weight / most));
  throw new DataError({
    where,
    expected: `${name} to have a number above 0`,
    received: row.length === 0 ? "no numbers" : "zeros only",
    fix: "give null for a step that is to look where it wants to",
  });
}

/**
 * Refuses what these models cannot be asked about their attention.
 *
 * @throws DataError
 */
export function checkAttending(
  members: Members,
  { attention, steer }: { readonly attention: boolean | "heads"; readonly steer: Steered | null },
  where: string,
): void {
  if (attention === "heads" && members.length > 1) {
    throw new DataError({
      where,
      expected: "attention to be true or false, since heads of several models have no mean",
      received: '"heads"',
      fix: "ask each of the models",
    });
  }
  const attends = members.some(({ config }) => config.attention !== "none");
  if (attends || steer === null || steer.rows.every((row) => row === null)) return;
  throw new DataError({
    where,
    expected: "a model that attends to what it reads, since steer has attention",
    received: "one without attention",
    fix: "steer its output alone",
  });
}

/** Symbols that can be copied from a text, although no target has them: the same to all models that copy. */
export function extraOf(reading: Reading): readonly string[] {
  return reading.find(({ extra }) => extra.length > 0)?.extra ?? [];
}

/**
 * The ids of the symbols that an output of this text is to begin with.
 *
 * @throws DataError where the text and what is given do not go together
 */
export function steeredIds(
  members: Members,
  reading: Reading,
  { output, rows }: Steered,
  { end, limit, forbidden }: OutputRules,
  where: string,
): number[] {
  const { length } = reading[0].symbols;
  const wrong = rows.findIndex((row) => row !== null && row.length !== length);
  if (wrong !== -1) {
    throw new DataError({
      where,
      expected: `steer.attention[${wrong}] to have one number for each of the ${length} symbols of the source`,
      received: String(rows[wrong]?.length),
    });
  }
  if (output.length > limit) {
    const expected = `steer.output to have at most ${limit} symbols, which is all that the model writes`;
    throw new DataError({ where, expected, received: String(output.length) });
  }
  const { targetVocabulary } = members[0];
  const extra = extraOf(reading);
  return output.map((symbol, i) => {
    const isKnown = targetVocabulary.unknownAmong([symbol]).length === 0;
    const id = isKnown
      ? targetVocabulary.encodeSymbols([symbol])[0]!
      : targetVocabulary.size + extra.indexOf(symbol);
    if ((isKnown || extra.includes(symbol)) && id !== end && !forbidden.has(id)) return id;
    const copies = members.some(({ config }) => config.copy);
    throw new DataError({
      where,
      expected: `steer.output[${i}] to be a symbol of the targets${copies ? ", or of the source" : ""}`,
      received: quoteText(symbol),
    });
  });
}
