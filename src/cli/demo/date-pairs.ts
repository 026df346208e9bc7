import { DataError, type Pair, type Random } from "../../index.ts";
import { DATE_FORMATS, dateParts } from "./date-formats.ts";

const FIRST_DAY = Date.UTC(1950, 0, 1) / 86_400_000;
const DAYS = Date.UTC(2050, 0, 1) / 86_400_000 - FIRST_DAY;
/** Few enough that a new source is soon found; there are about 2 million. */
const MOST = 500_000;

const CASES: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase(),
];

/**
 * Dates as people write them, and the same dates as ISO 8601 writes them (`2008-11-13`): days from
 * 1950 to 2049, in the 31 ways of `DATE_FORMATS`, in usual, lower or upper case. All sources differ,
 * have at most 30 characters, and can be read in one way only. Day, format and case are drawn
 * uniformly; a source that was there before is drawn anew.
 *
 * @param count how many, at most 500,000
 * @throws DataError when the count is out of range
 *
 * @example
 * const pairs = generateDatePairs(2, new Random(1));
 * pairs.length; // → 2
 * pairs[0]; // → { source: "2009.12.07", target: "2009-12-07", line: 0 }
 */
export function generateDatePairs(count: number, random: Random): Pair[] {
  if (!Number.isSafeInteger(count) || count < 0 || count > MOST) {
    throw new DataError({
      where: "generateDatePairs",
      expected: `a whole number of dates from 0 to ${MOST}`,
      received: String(count),
    });
  }
  const pairs: Pair[] = [];
  const seen = new Set<string>();
  while (pairs.length < count) {
    const parts = dateParts(FIRST_DAY + random.integer(DAYS));
    const write = DATE_FORMATS[random.integer(DATE_FORMATS.length)]!;
    const inCase = CASES[random.integer(CASES.length)]!;
    const source = inCase(write(parts));
    if (seen.has(source)) continue;
    seen.add(source);
    const target = `${parts.year}-${parts.paddedMonth}-${parts.paddedDay}`;
    pairs.push({ source, target, line: 0 });
  }
  return pairs;
}
