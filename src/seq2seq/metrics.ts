import { DataError } from "../core/errors.ts";
import type { Evaluation, Prediction } from "./types.ts";
import type { Vocabulary } from "./vocabulary.ts";

/**
 * The edit distance of two sequences (Levenshtein 1966): the fewest insertions, deletions and
 * substitutions of one symbol that make `b` of `a`.
 *
 *     d(i, j) = min(d(i-1, j) + 1, d(i, j-1) + 1, d(i-1, j-1) + [aᵢ ≠ bⱼ])
 *
 * Time is the product of the lengths; memory is the shorter length.
 *
 * @example
 * editDistance([..."kitten"], [..."sitting"]); // → 3
 */
export function editDistance(a: readonly string[], b: readonly string[]): number {
  if (a.length < b.length) return editDistance(b, a);
  const row = Uint32Array.from({ length: b.length + 1 }, (_, j) => j); // d(0, j)
  for (const [i, symbol] of a.entries()) {
    let diagonal = i; // d(i, 0)
    row[0] = i + 1;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      const substituted = diagonal + (symbol === b[j - 1] ? 0 : 1);
      row[j] = Math.min(above + 1, row[j - 1]! + 1, substituted);
      diagonal = above;
    }
  }
  return row[b.length]!;
}

/**
 * Predictions as one figure each for exact matches and for symbols:
 *
 *     exactMatch = exact predictions / predictions
 *     symbolErrorRate = Σ edits / Σ symbols of the targets
 *
 * @param vocabulary cuts the targets into symbols
 * @throws DataError when there are no predictions, or no target has a symbol
 *
 * @example
 * const pair = { source: "4", target: "four", line: 1 };
 * const prediction = { pair, output: "for", exact: false, edits: 1, score: -0.7 };
 * const { symbolErrorRate } = summarise([prediction], Vocabulary.fromTexts([], "chars"));
 * symbolErrorRate; // → 0.25
 */
export function summarise(
  predictions: readonly Prediction[],
  vocabulary: Pick<Vocabulary, "symbolsIn">,
): Evaluation {
  if (predictions.length === 0) {
    throw new DataError({
      where: "evaluate",
      expected: "at least one pair to measure on",
      received: "none",
    });
  }
  let exact = 0;
  let edits = 0;
  let symbols = 0;
  for (const prediction of predictions) {
    if (prediction.exact) exact += 1;
    edits += prediction.edits;
    symbols += vocabulary.symbolsIn(prediction.pair.target).length;
  }
  if (symbols === 0) {
    throw new DataError({
      where: "evaluate",
      expected: "targets with at least one symbol",
      received: "empty targets only",
    });
  }
  return {
    pairs: predictions.length,
    exactMatch: exact / predictions.length,
    symbolErrorRate: edits / symbols,
    predictions,
  };
}
