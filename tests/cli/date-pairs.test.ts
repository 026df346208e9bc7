import { describe, expect, it } from "vitest";
import { DATE_FORMATS, dateParts } from "../../src/cli/demo/date-formats.ts";
import { generateDatePairs } from "../../src/cli/demo/date-pairs.ts";
import { DataError } from "../../src/core/errors.ts";
import { Random } from "../../src/core/random.ts";

const DAY = 86_400_000;
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const WEEKDAYS = "sun mon tue wed thu fri sat".split(" ");

/** Reads a date by the rules that the formats promise, knowing none of the formats. */
function read(text: string): string {
  const lower = text.toLowerCase();
  const name = MONTHS.findIndex((month) => new RegExp(`(?<![a-z])${month}`).test(lower));
  const numbers = lower.match(/\d+/g) ?? [];
  const [a = "", b = "", c = ""] = /^\d{8}$/.test(lower)
    ? [lower.slice(0, 4), lower.slice(4, 6), lower.slice(6)]
    : numbers;
  let [year, month, day] = [a, b, c];
  if (name >= 0) {
    const isYearFirst = a.length === 4;
    [year, month, day] = [isYearFirst ? a : b, String(name + 1), isYearFirst ? b : a];
  } else if (a.length < 4) {
    [year, month, day] = lower.includes("/") ? [c, a, b] : [c, b, a];
  }
  if (year.length === 2) year = (Number(year) >= 50 ? "19" : "20") + year;
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

describe("the demo's dates", () => {
  const pairs = generateDatePairs(200_000, new Random(2));

  it("are as many as asked for, all different, of 6 to 30 printable characters", () => {
    expect(pairs.length).toBe(200_000);
    expect(new Set(pairs.map(({ source }) => source)).size).toBe(pairs.length);
    expect(pairs.filter(({ source }) => !/^[\x20-\x7e]{6,30}$/.test(source))).toEqual([]);
  });

  it("are days of 1950 to 2049 that exist, and cover them", () => {
    const wrong = pairs.filter(({ target }) => {
      const date = new Date(`${target}T00:00:00Z`);
      return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== target;
    });
    expect(wrong).toEqual([]);
    const days = new Set(pairs.map(({ target }) => target));
    expect([...days].sort().at(0)).toBe("1950-01-01");
    expect([...days].sort().at(-1)).toBe("2049-12-31");
    expect(days.size).toBeGreaterThan(36_000);
  });

  it("mean what a reader of the stated rules reads", () => {
    expect(pairs.filter(({ source, target }) => read(source) !== target)).toEqual([]);
  });

  it("have the right weekday where they have one", () => {
    let found = 0;
    const wrong = pairs.filter(({ source, target }) => {
      const weekday = /^(sun|mon|tue|wed|thu|fri|sat)[a-z]*[, ]/i.exec(source)?.[1]?.toLowerCase();
      if (weekday === undefined) return false;
      found += 1;
      return WEEKDAYS[new Date(target).getUTCDay()] !== weekday;
    });
    expect(wrong).toEqual([]);
    expect(found).toBeGreaterThan(pairs.length / 10);
  });

  it("are the same for the same seed and others for another", () => {
    const sources = (seed: number): string[] =>
      generateDatePairs(50, new Random(seed)).map(({ source }) => source);
    expect(sources(2)).toEqual(pairs.slice(0, 50).map(({ source }) => source));
    expect(sources(3)).not.toEqual(sources(2));
  });

  it("can be none, and not more than there are", () => {
    expect(generateDatePairs(0, new Random(1))).toEqual([]);
    for (const count of [-1, 0.5, 500_001, Number.NaN]) {
      expect(() => generateDatePairs(count, new Random(1))).toThrow(DataError);
    }
  });
});

describe("no text can be read in two ways", () => {
  it("in any format or case, on any day of the hundred years", () => {
    const targets = new Map<string, string>();
    for (let day = Date.UTC(1950, 0, 1) / DAY; day < Date.UTC(2050, 0, 1) / DAY; day++) {
      const parts = dateParts(day);
      const target = `${parts.year}-${parts.paddedMonth}-${parts.paddedDay}`;
      for (const write of DATE_FORMATS) {
        const source = write(parts).toLowerCase();
        const before = targets.get(source);
        if (before !== undefined && before !== target)
          expect.fail(`${source}: ${before}, ${target}`);
        targets.set(source, target);
      }
    }
    expect(targets.size).toBeGreaterThan(700_000);
  });

  it("shown for one day in all formats", () => {
    const parts = dateParts(Date.UTC(2008, 8, 4) / DAY);
    expect(DATE_FORMATS.map((write) => write(parts))).toEqual([
      "Thursday, September 4, 2008",
      "Thursday, 4 September 2008",
      "Thu 4 Sep 2008",
      "Thu, Sep 4, 2008",
      "September 4, 2008",
      "September 4 2008",
      "Sep 4, 2008",
      "Sept. 4, 2008",
      "Sep 4, '08",
      "4 September 2008",
      "4 Sep 2008",
      "4 Sept. 2008",
      "04 Sep 08",
      "4 Sep '08",
      "04-Sep-2008",
      "04Sep2008",
      "4th of September 2008",
      "September 4th, 2008",
      "the 4th of September, 2008",
      "2008 Sep 4",
      "9/4/08",
      "09/04/08",
      "9/4/2008",
      "09/04/2008",
      "4.9.2008",
      "04.09.2008",
      "04.09.08",
      "2008/09/04",
      "2008-09-04",
      "2008.09.04",
      "20080904",
    ]);
  });

  it("and ordinals end as they are spoken", () => {
    const endings = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31].map(
      (day) => dateParts(Date.UTC(2000, 0, day) / DAY).ordinal,
    );
    expect(endings.join(" ")).toBe("1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th 31st");
  });
});
