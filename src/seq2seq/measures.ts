import type { TrainOptions } from "./training-options.ts";

/** How a model does on pairs that it does not learn from. */
export interface Measure {
  /** Share of pairs whose output is the target exactly, 0 to 1. */
  readonly exactMatch: number;
  /** Edits over target symbols; can exceed 1. */
  readonly symbolErrorRate: number;
}

/** The best measure of a training, and where it was. */
export interface BestMeasure extends Measure {
  /** Passes over the pairs begun, from 1. */
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
}

/** What a training remembers of its measures. */
export interface Measures {
  /** The one to keep the model of; null before the first. */
  readonly best: BestMeasure | null;
  /** Steps done at the last one; 0 before the first. */
  readonly lastStep: number;
  /** How many there were since one was better than all before. */
  readonly withoutBetter: number;
  /** How many there were since then or since the rate was last reduced. */
  readonly onPlateau: number;
  /** How often the rate was reduced. */
  readonly reductions: number;
}

/** Before the first measure. */
export const NO_MEASURES: Measures = {
  best: null,
  lastStep: 0,
  withoutBetter: 0,
  onPlateau: 0,
  reductions: 0,
};

/**
 * What is remembered after one more measure. More exact matches are better, and of equally many fewer
 * symbol errors. Of equal ones the last is kept, whose model has learnt most, but it is no better.
 */
export function afterMeasure(
  before: Measures,
  measure: BestMeasure,
  options: Pick<Required<TrainOptions>, "schedule" | "plateauPatience">,
): Measures {
  const order = before.best === null ? 1 : compare(measure, before.best);
  const onPlateau = order > 0 ? 0 : before.onPlateau + 1;
  const reduces = options.schedule === "plateau" && onPlateau >= options.plateauPatience;
  return {
    best: order >= 0 ? measure : before.best,
    lastStep: measure.step,
    withoutBetter: order > 0 ? 0 : before.withoutBetter + 1,
    onPlateau: reduces ? 0 : onPlateau,
    reductions: before.reductions + (reduces ? 1 : 0),
  };
}

/** Above 0 where `a` is better than `b`, 0 where it is as good. */
function compare(a: Measure, b: Measure): number {
  return a.exactMatch - b.exactMatch || b.symbolErrorRate - a.symbolErrorRate;
}
