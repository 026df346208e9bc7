import { type Pair, Random } from "heed";
import { DATE_STREAM } from "../../../src/cli/demo/date-model.ts";
import { generateDatePairs } from "../../../src/cli/demo/date-pairs.ts";

/** Pairs that the page can make up, so that nobody needs a file to begin with. */
export const SAMPLE_SETS = ["dates", "roman", "words"] as const;

/** One of them. */
export type SampleSet = (typeof SAMPLE_SETS)[number];

const DATES = 12_000;
const LARGEST_ROMAN = 3999;
const LARGEST_WORDS = 9999;

/** The pairs of a set; the seed decides which dates. */
export function samplePairs(set: SampleSet, seed: number): Pair[] {
  switch (set) {
    case "dates":
      return generateDatePairs(DATES, new Random(seed, DATE_STREAM));
    case "roman":
      return Array.from({ length: LARGEST_ROMAN }, (_, i) => {
        return { source: romanNumeral(i + 1), target: String(i + 1), line: i + 1 };
      });
    case "words":
      return Array.from({ length: LARGEST_WORDS }, (_, i) => {
        return { source: inWords(i + 1), target: String(i + 1), line: i + 1 };
      });
  }
}

const ROMAN = [
  [1000, "M"],
  [900, "CM"],
  [500, "D"],
  [400, "CD"],
  [100, "C"],
  [90, "XC"],
  [50, "L"],
  [40, "XL"],
  [10, "X"],
  [9, "IX"],
  [5, "V"],
  [4, "IV"],
  [1, "I"],
] as const;

function romanNumeral(number: number): string {
  let [left, text] = [number, ""];
  for (const [value, letters] of ROMAN) {
    while (left >= value) {
      text += letters;
      left -= value;
    }
  }
  return text;
}

const ONES = [
  "",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
  "thirteen",
  "fourteen",
  "fifteen",
  "sixteen",
  "seventeen",
  "eighteen",
  "nineteen",
];
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/** `two thousand and seventeen`, below 10,000. */
function inWords(number: number): string {
  const [thousands, hundreds, rest] = [
    Math.floor(number / 1000),
    Math.floor(number / 100) % 10,
    number % 100,
  ];
  const large = [
    thousands > 0 ? `${ONES[thousands]} thousand` : "",
    hundreds > 0 ? `${ONES[hundreds]} hundred` : "",
  ].filter((part) => part !== "");
  const tens = [TENS[Math.floor(rest / 10)], ONES[rest % 10]].filter((part) => part !== "");
  const small = rest < 20 ? ONES[rest] : tens.join("-");
  if (large.length === 0) return `${small}`;
  return rest === 0 ? large.join(" ") : `${large.join(" ")} and ${small}`;
}
