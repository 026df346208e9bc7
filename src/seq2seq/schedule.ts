/** Learning rates by step, as shares of the highest one. t counts steps from 0, T is their number. */

/** How the learning rate goes after its warm-up: see {@link TrainOptions.schedule}. */
export type Schedule = "linear" | "constant" | "plateau" | "inverse-root" | "cosine";

/** What a schedule depends on but the step. */
export interface ScheduleOptions {
  readonly schedule: Schedule;
  /** Steps over which the rate rises. */
  readonly warmup: number;
  /** Share reached at the end of "linear" and "cosine". */
  readonly finalRate: number;
  /** What a reduction of "plateau" multiplies by. */
  readonly plateauFactor: number;
}

/**
 * The share of the highest rate that step t of T is taken with:
 *
 *     warm-up of w steps    (t + 1) / w  for t < w, in any schedule
 *     then, with p = (t − w) / (T − 1 − w) from 0 to 1:
 *     "constant"      1
 *     "linear"        1 − (1 − f) · p
 *     "cosine"        f + (1 − f) · (1 + cos πp) / 2     (Loshchilov & Hutter 2017, equation 5)
 *     "inverse-root"  √(w / (t + 1))                     (Vaswani et al. 2017, equation 3, over its peak)
 *     "plateau"       factorʳ after r reductions
 *
 * Steps past the last have the share of the last, but for "inverse-root", which goes on falling.
 *
 * @param reductions how often the dev measure came to a plateau; only "plateau" asks
 */
export function rateShare(
  step: number,
  totalSteps: number,
  options: ScheduleOptions,
  reductions: number,
): number {
  const { warmup } = options;
  if (step < warmup) return (step + 1) / warmup;
  const progress = Math.min((step - warmup) / Math.max(totalSteps - 1 - warmup, 1), 1);
  return SHARES[options.schedule](progress, step, options, reductions);
}

type Share = (
  progress: number,
  step: number,
  options: ScheduleOptions,
  reductions: number,
) => number;

const SHARES: Readonly<Record<Schedule, Share>> = {
  constant: () => 1,
  linear: (progress, _step, { finalRate }) => 1 + (finalRate - 1) * progress,
  cosine: (progress, _step, { finalRate }) =>
    finalRate + ((1 - finalRate) * (1 + Math.cos(Math.PI * progress))) / 2,
  "inverse-root": (_progress, step, { warmup }) => Math.sqrt(Math.max(warmup, 1) / (step + 1)),
  plateau: (_progress, _step, { plateauFactor }, reductions) => plateauFactor ** reductions,
};

/** The names of all schedules. */
export const SCHEDULES = Object.keys(SHARES) as readonly Schedule[];
