import { type AttentionMap, checkMap, weightAt } from "./attention-map.ts";

/**
 * An attention map as a table for spreadsheets and programs: CSV by RFC 4180, in UTF-8 where it is
 * written. The first row holds the source symbols, the first column the output symbols, as they are,
 * with nothing made visible. A weight has the fewest digits that give the same float32 when they are
 * read; a missing or NaN weight is an empty field.
 *
 * @example
 * attentionToCsv({
 *   sourceSymbols: ["a", ","],
 *   outputSymbols: ["B"],
 *   attention: [[Math.fround(0.1), 0.9]],
 * }); // → ',a,","\r\nB,0.1,0.9\r\n'
 */
export function attentionToCsv(map: AttentionMap): string {
  checkMap("attentionToCsv", map);
  const rows = map.outputSymbols.map((output, d) => {
    const weights = map.sourceSymbols.map((_, e) => shortest(weightAt(map, d, e)));
    return [field(output), ...weights];
  });
  const head = ["", ...map.sourceSymbols.map(field)];
  return [head, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/** Quoted where it must be, and where nothing at all would be taken for a missing field. */
function field(text: string): string {
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The fewest digits that give the same float32; 9 always do. */
function shortest(weight: number): string {
  if (Number.isNaN(weight)) return "";
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(weight.toPrecision(digits));
    if (Math.fround(short) === Math.fround(weight)) return String(short);
  }
  return String(Number(weight.toPrecision(9)));
}
