import { type BeamRules, Beams } from "./beams.ts";
import type { Stepper, Written } from "./stepper.ts";

/** Share of the batch still open up to which the rest is worth leaving out: it costs a copy. */
const WORTH_DROPPING = 0.75;

/**
 * Beam search of several sources as one batch, whose rows are the open outputs of all of them. Every source
 * gets up to `best` outputs, best first.
 *
 * @param count number of sources
 */
export async function beamSearch(
  stepper: Stepper,
  count: number,
  rules: BeamRules,
): Promise<(readonly Written[])[]> {
  const beams = Array.from({ length: count }, (_, source) => new Beams(rules, source));
  /** Of every source, the places of the batch that its outputs stand at, and may stand at. */
  let places = beams.map((_, i) => [i]);
  let symbols = new Int32Array(count).fill(rules.begin);
  for (let step = 0; step < rules.limit; step++) {
    const made = await stepper.advance(symbols);
    for (const [i, beam] of beams.entries()) if (beam.width > 0) beam.grow(made, places[i]!);
    const open = beams.reduce((sum, { width }) => sum + width, 0);
    if (open === 0) break;
    const room = symbols.length;
    if (open <= room * WORTH_DROPPING || beams.some(({ width }, i) => width > places[i]!.length)) {
      let next = 0;
      places = beams.map(({ width }) => Array.from({ length: width }, () => next++));
      symbols = new Int32Array(open);
    }
    // A place that nobody needs goes on with what it has.
    const rows = Int32Array.from(symbols, (_, place) => place);
    for (const [i, beam] of beams.entries()) {
      for (const [k, { from, symbol }] of beam.open.entries()) {
        const place = places[i]![k]!;
        rows[place] = from;
        symbols[place] = symbol;
      }
    }
    if (rows.length !== room || rows.some((row, place) => row !== place)) stepper.select(rows);
  }
  return beams.map(({ results }) => results);
}
