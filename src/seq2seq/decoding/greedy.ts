import type { OutputRules, Step, Stepper, Written } from "./stepper.ts";

/** Share of rows still being written up to which the others are worth leaving out: it costs a copy. */
const WORTH_DROPPING = 0.75;

/** An output on its way. */
interface Row {
  readonly symbols: number[];
  readonly attention: (readonly number[])[];
  score: number;
  finished: boolean;
  open: boolean;
}

/**
 * Greedy search: every step writes each row's most probable symbol, the first of equals. Rows that have
 * ended are left out of the batch as soon as enough of them have.
 *
 * @param count number of sources
 */
export async function greedySearch(
  stepper: Stepper,
  count: number,
  rules: OutputRules,
): Promise<Written[]> {
  const rows = Array.from({ length: count }, (): Row => {
    return { symbols: [], attention: [], score: 0, finished: false, open: true };
  });
  /** Who has which place in the batch; who has ended keeps it until it is left out. */
  let places: readonly Row[] = rows;
  let symbols = new Int32Array(count).fill(rules.begin);
  for (let step = 0; step < rules.limit && places.length > 0; step++) {
    const made = await stepper.advance(symbols);
    const open: number[] = [];
    for (const [place, row] of places.entries()) {
      if (row.open) symbols[place] = write(row, made, place, rules);
      if (row.open) open.push(place);
    }
    if (step + 1 === rules.limit || open.length > places.length * WORTH_DROPPING) continue;
    places = open.map((place) => places[place]!);
    symbols = Int32Array.from(open, (place) => symbols[place]!);
    if (open.length > 0) stepper.select(Int32Array.from(open));
  }
  if (rules.end === null) for (const row of rows) row.finished = row.open;
  return rows;
}

/** Takes the most probable symbol for a row's next, and gives it back. */
function write(row: Row, made: Step, place: number, rules: OutputRules): number {
  const { probabilities, width } = made;
  const offset = place * width;
  let best = 0;
  let symbol = -1;
  for (let candidate = 0; candidate < width; candidate++) {
    const probability = probabilities[offset + candidate]!;
    if (probability > best && !rules.forbidden.has(candidate)) {
      best = probability;
      symbol = candidate;
    }
  }
  // Probabilities that are no numbers lead nowhere: the output stays as it is, unfinished.
  row.open = symbol !== -1 && symbol !== rules.end;
  row.finished = symbol === rules.end;
  row.score += symbol === -1 ? Number.NEGATIVE_INFINITY : Math.min(Math.log(best), 0);
  if (!row.open) return rules.begin;
  row.symbols.push(symbol);
  if (made.attention !== null) row.attention.push(made.attention(place));
  return symbol;
}
