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
    const likeliest = likeliestOf(made, symbols.length, rules);
    let open = 0;
    for (let place = 0; place < places.length; place++) {
      const row = places[place]!;
      if (row.open) symbols[place] = write(row, made, place, likeliest[place]!, rules);
      if (row.open) open++;
    }
    if (step + 1 === rules.limit || open > places.length * WORTH_DROPPING) continue;
    const kept = Int32Array.from(places.keys()).filter((place) => places[place]!.open);
    places = places.filter((row) => row.open);
    symbols = kept.map((place) => symbols[place]!);
    if (open > 0) stepper.select(kept);
  }
  if (rules.end === null) for (const row of rows) row.finished = row.open;
  return rows;
}

/** The most probable symbol of every row that may be written; −1 where probabilities are no numbers. */
function likeliestOf({ probabilities, width }: Step, rows: number, rules: OutputRules): Int32Array {
  const likeliest = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const offset = row * width;
    let best = 0;
    let symbol = -1;
    for (let candidate = 0; candidate < width; candidate++) {
      const probability = probabilities[offset + candidate]!;
      if (probability > best && !rules.forbidden.has(candidate)) {
        best = probability;
        symbol = candidate;
      }
    }
    likeliest[row] = symbol;
  }
  return likeliest;
}

/** Takes a symbol for a row's next, and gives it back. */
function write(row: Row, made: Step, place: number, symbol: number, rules: OutputRules): number {
  // Probabilities that are no numbers lead nowhere: the output stays as it is, unfinished.
  row.open = symbol !== -1 && symbol !== rules.end;
  row.finished = symbol === rules.end;
  const probability = symbol === -1 ? 0 : made.probabilities[place * made.width + symbol]!;
  row.score += Math.min(Math.log(probability), 0);
  if (!row.open) return rules.begin;
  row.symbols.push(symbol);
  if (made.attention !== null) row.attention.push(made.attention(place));
  return symbol;
}
