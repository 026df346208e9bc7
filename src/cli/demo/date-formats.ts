/** A day in every spelling that a format may ask for. */
export interface DateParts {
  /** `2008` */
  readonly year: string;
  /** `08`: the last two digits; 50–99 are 1950–1999, 00–49 are 2000–2049. */
  readonly shortYear: string;
  /** `7` */
  readonly month: string;
  /** `07` */
  readonly paddedMonth: string;
  /** `September` */
  readonly monthName: string;
  /** `Sep` */
  readonly shortMonthName: string;
  /** `Sept.`, but `May` without a dot */
  readonly dottedMonthName: string;
  /** `3` */
  readonly day: string;
  /** `03` */
  readonly paddedDay: string;
  /** `3rd` */
  readonly ordinal: string;
  /** `Thursday` */
  readonly weekday: string;
  /** `Thu` */
  readonly shortWeekday: string;
}

/** One way of writing a date. */
export type DateFormat = (date: DateParts) => string;

/**
 * The ways of writing a date that the demo learns. No text can be read in two ways:
 *
 * - slashes after one or two digits are American, month first (`11/13/2008`, `11/13/08`);
 * - dots after one or two digits are European, day first (`13.11.2008`, `13.11.08`);
 * - whatever begins with four digits is year, month, day (`2008/11/13`, `2008.11.13`, `20081113`);
 * - everywhere else the month has letters, and the day stands apart from the year: where a two-digit
 *   year follows, the day comes first or the year has an apostrophe.
 *
 * Upper and lower case mean the same.
 */
export const DATE_FORMATS: readonly DateFormat[] = [
  ({ weekday, monthName, day, year }) => `${weekday}, ${monthName} ${day}, ${year}`,
  ({ weekday, day, monthName, year }) => `${weekday}, ${day} ${monthName} ${year}`,
  ({ shortWeekday, day, shortMonthName, year }) =>
    `${shortWeekday} ${day} ${shortMonthName} ${year}`,
  ({ shortWeekday, shortMonthName, day, year }) =>
    `${shortWeekday}, ${shortMonthName} ${day}, ${year}`,
  ({ monthName, day, year }) => `${monthName} ${day}, ${year}`,
  ({ monthName, day, year }) => `${monthName} ${day} ${year}`,
  ({ shortMonthName, day, year }) => `${shortMonthName} ${day}, ${year}`,
  ({ dottedMonthName, day, year }) => `${dottedMonthName} ${day}, ${year}`,
  ({ shortMonthName, day, shortYear }) => `${shortMonthName} ${day}, '${shortYear}`,
  ({ day, monthName, year }) => `${day} ${monthName} ${year}`,
  ({ day, shortMonthName, year }) => `${day} ${shortMonthName} ${year}`,
  ({ day, dottedMonthName, year }) => `${day} ${dottedMonthName} ${year}`,
  ({ paddedDay, shortMonthName, shortYear }) => `${paddedDay} ${shortMonthName} ${shortYear}`,
  ({ day, shortMonthName, shortYear }) => `${day} ${shortMonthName} '${shortYear}`,
  ({ paddedDay, shortMonthName, year }) => `${paddedDay}-${shortMonthName}-${year}`,
  ({ paddedDay, shortMonthName, year }) => `${paddedDay}${shortMonthName}${year}`,
  ({ ordinal, monthName, year }) => `${ordinal} of ${monthName} ${year}`,
  ({ monthName, ordinal, year }) => `${monthName} ${ordinal}, ${year}`,
  ({ ordinal, monthName, year }) => `the ${ordinal} of ${monthName}, ${year}`,
  ({ year, shortMonthName, day }) => `${year} ${shortMonthName} ${day}`,
  ({ month, day, shortYear }) => `${month}/${day}/${shortYear}`,
  ({ paddedMonth, paddedDay, shortYear }) => `${paddedMonth}/${paddedDay}/${shortYear}`,
  ({ month, day, year }) => `${month}/${day}/${year}`,
  ({ paddedMonth, paddedDay, year }) => `${paddedMonth}/${paddedDay}/${year}`,
  ({ day, month, year }) => `${day}.${month}.${year}`,
  ({ paddedDay, paddedMonth, year }) => `${paddedDay}.${paddedMonth}.${year}`,
  ({ paddedDay, paddedMonth, shortYear }) => `${paddedDay}.${paddedMonth}.${shortYear}`,
  ({ year, paddedMonth, paddedDay }) => `${year}/${paddedMonth}/${paddedDay}`,
  ({ year, paddedMonth, paddedDay }) => `${year}-${paddedMonth}-${paddedDay}`,
  ({ year, paddedMonth, paddedDay }) => `${year}.${paddedMonth}.${paddedDay}`,
  ({ year, paddedMonth, paddedDay }) => `${year}${paddedMonth}${paddedDay}`,
];

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The spellings of the day that is so many days after 1 January 1970 in the Gregorian calendar. */
export function dateParts(daysSinceEpoch: number): DateParts {
  const date = new Date(daysSinceEpoch * 86_400_000);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const day = date.getUTCDate();
  const monthName = MONTHS[month] ?? "";
  const weekday = WEEKDAYS[date.getUTCDay()] ?? "";
  return {
    year: String(year),
    shortYear: twoDigits(year % 100),
    month: String(month + 1),
    paddedMonth: twoDigits(month + 1),
    monthName,
    shortMonthName: monthName.slice(0, 3),
    dottedMonthName: dotted(monthName),
    day: String(day),
    paddedDay: twoDigits(day),
    ordinal: `${day}${ordinalEnding(day)}`,
    weekday,
    shortWeekday: weekday.slice(0, 3),
  };
}

function twoDigits(n: number): string {
  return String(n).padStart(2, "0");
}

function dotted(monthName: string): string {
  if (monthName === "May") return monthName;
  return monthName === "September" ? "Sept." : `${monthName.slice(0, 3)}.`;
}

function ordinalEnding(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}
