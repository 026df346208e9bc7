import { checkArray } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import type { Prediction } from "./types.ts";

/** Predictions about as sure of themselves as each other, and how many of them are right. */
export interface CalibrationBin {
  /** The least confidence in it, 0 to 1. */
  readonly from: number;
  /** The confidence below which it ends; the last bin holds 1. */
  readonly to: number;
  /** Predictions in it. */
  readonly pairs: number;
  /** Their mean confidence, exp(score). */
  readonly confidence: number;
  /** Share of them that are exactly right. */
  readonly exactMatch: number;
}

/** What to accept so that a share of it is right. */
export interface AcceptanceRule {
  /** The share that should be right, 0 to 1. */
  readonly exactMatch: number;
  /** The least score to accept; null where no choice of scores does it. */
  readonly score: number | null;
  /** Share of the predictions that are accepted. */
  readonly coverage: number;
}

/** How far a model's scores say whether it is right. */
export interface Calibration {
  /** Ten bins of equal width, lowest first, without those that are empty. */
  readonly bins: readonly CalibrationBin[];
  /** The mean distance between confidence and exact match, 0 to 1. */
  readonly expectedCalibrationError: number;
  /** The area under the risk-coverage curve, 0 to 1: the lower, the better scores tell right from wrong. */
  readonly riskCoverageArea: number;
  /** For 90, 95, 99 and 99.9 % right among the accepted, which scores to accept. */
  readonly acceptance: readonly AcceptanceRule[];
}

/** Bins of the table. */
const BINS = 10;
/** Shares of right predictions that one may want. */
const SHARES = [0.9, 0.95, 0.99, 0.999];

/**
 * What the scores of predictions say about their being right. The confidence cᵢ of prediction i is the
 * probability that the model gives to all of its output, exp(scoreᵢ); the bins B are tenths of confidence.
 *
 *     expectedCalibrationError = Σ_B |B| / n · |exact match in B − mean c in B|
 *     riskCoverageArea = 1/n · Σₖ (share of wrong ones among the k surest)
 *
 * The first is 0 when confidence can be read as a probability (Naeini et al. 2015; Guo et al. 2017). The
 * second needs the order only (Geifman & El-Yaniv 2017): it is the mean share of wrong outputs, over all
 * ways of answering the surest k of n. Of equal scores, each order counts alike.
 *
 * @param predictions those of an `Evaluation`, on pairs that the model did not learn from
 * @throws DataError when there are none, or a score is not a number ≤ 0
 *
 * @example
 * const predictions = [-0.01, -0.2, -1, -3].map((score) => ({ score, exact: score > -0.5 }));
 * const { bins, riskCoverageArea, acceptance } = calibration(predictions);
 * bins.at(-1); // → { from: 0.9, to: 1, pairs: 1, confidence: 0.99, exactMatch: 1 }
 * riskCoverageArea; // → 0.2083
 * acceptance[0]; // → { exactMatch: 0.9, score: -0.2, coverage: 0.5 }
 */
export function calibration(
  predictions: readonly Pick<Prediction, "score" | "exact">[],
): Calibration {
  const where = "calibration";
  checkArray(where, "predictions", predictions, "{ score, exact }, with scores ≤ 0", isScored);
  if (predictions.length === 0) {
    throw new DataError({ where, expected: "at least one prediction", received: "none" });
  }
  const bins = binsOf(predictions);
  const expectedCalibrationError = bins.reduce(
    (sum, { pairs, confidence, exactMatch }) => sum + pairs * Math.abs(exactMatch - confidence),
    0,
  );
  const levels = levelsOf(predictions);
  return {
    bins,
    expectedCalibrationError: expectedCalibrationError / predictions.length,
    riskCoverageArea: areaOf(levels),
    acceptance: SHARES.map((share) => acceptanceOf(levels, share)),
  };
}

function isScored(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { score, exact } = value as { score?: unknown; exact?: unknown };
  return typeof score === "number" && score <= 0 && typeof exact === "boolean";
}

function binsOf(predictions: readonly Pick<Prediction, "score" | "exact">[]): CalibrationBin[] {
  const sums = Array.from({ length: BINS }, () => ({ pairs: 0, confidence: 0, exact: 0 }));
  for (const { score, exact } of predictions) {
    const confidence = Math.exp(score);
    const bin = sums[Math.min(Math.floor(confidence * BINS), BINS - 1)]!;
    bin.pairs += 1;
    bin.confidence += confidence;
    if (exact) bin.exact += 1;
  }
  return sums
    .map(({ pairs, confidence, exact }, i) => ({
      from: i / BINS,
      to: (i + 1) / BINS,
      pairs,
      confidence: confidence / pairs,
      exactMatch: exact / pairs,
    }))
    .filter(({ pairs }) => pairs > 0);
}

/** All predictions of one score. */
interface Level {
  readonly score: number;
  pairs: number;
  wrong: number;
}

/** Surest first. */
function levelsOf(predictions: readonly Pick<Prediction, "score" | "exact">[]): Level[] {
  const levels = new Map<number, Level>();
  for (const { score, exact } of predictions) {
    const level = levels.get(score) ?? { score, pairs: 0, wrong: 0 };
    level.pairs += 1;
    if (!exact) level.wrong += 1;
    levels.set(score, level);
  }
  return [...levels.values()].sort((a, b) => b.score - a.score);
}

function areaOf(levels: readonly Level[]): number {
  let taken = 0;
  let wrong = 0;
  let area = 0;
  for (const level of levels) {
    // Among equals, the expected number of wrong ones grows by the same with each.
    for (let k = 1; k <= level.pairs; k++) {
      area += (wrong + (k * level.wrong) / level.pairs) / (taken + k);
    }
    taken += level.pairs;
    wrong += level.wrong;
  }
  return area / taken;
}

/** The most predictions of which at least `share` are right, surest first. */
function acceptanceOf(levels: readonly Level[], share: number): AcceptanceRule {
  let best: Omit<AcceptanceRule, "exactMatch"> = { score: null, coverage: 0 };
  const all = levels.reduce((sum, { pairs }) => sum + pairs, 0);
  let taken = 0;
  let wrong = 0;
  for (const { score, pairs, wrong: missed } of levels) {
    taken += pairs;
    wrong += missed;
    if (taken - wrong >= share * taken) best = { score, coverage: taken / all };
  }
  return { exactMatch: share, ...best };
}
