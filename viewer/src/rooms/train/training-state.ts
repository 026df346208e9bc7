import type {
  EpochNotice,
  LookNotice,
  StepNotice,
  TrainingEnd,
  TrainingNotice,
  TrainingPlan,
} from "../../engine/training-task.ts";

/** A curve: x and y by point. */
export interface Curve {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

/** What the page knows of a training. */
export interface TrainingView {
  readonly phase: "preparing" | "training" | "paused" | "ended";
  readonly plan: TrainingPlan | null;
  readonly step: StepNotice | null;
  readonly look: LookNotice | null;
  readonly epochs: readonly EpochNotice[];
  readonly loss: Curve;
  readonly exact: Curve;
  readonly end: TrainingEnd | null;
}

/** A training that has been asked for. */
export const BEGINNING: TrainingView = {
  phase: "preparing",
  plan: null,
  step: null,
  look: null,
  epochs: [],
  loss: { xs: [], ys: [] },
  exact: { xs: [], ys: [] },
  end: null,
};

/** Most points of a curve: more than a screen has columns are of no use. */
const MOST_POINTS = 600;

/** What is known after a notice. */
export function afterNotice(view: TrainingView, notice: TrainingNotice): TrainingView {
  switch (notice.kind) {
    case "step":
      return { ...view, step: notice, loss: withPoint(view.loss, notice.step, notice.loss) };
    case "look":
      return { ...view, look: notice };
    case "epoch":
      return {
        ...view,
        epochs: withinMemory([...view.epochs, notice]),
        exact: withPoint(view.exact, notice.epoch, notice.exactMatch),
      };
  }
}

/** Most bytes of models that are kept beside one another. */
const MOST_BYTES = 64 * 2 ** 20;

/** The epochs, the oldest of which give their models up when all of them are too large; the best keeps its. */
function withinMemory(epochs: readonly EpochNotice[]): readonly EpochNotice[] {
  const best = epochs.findLast(({ isBest }) => isBest);
  let left = MOST_BYTES - (best?.model?.length ?? 0);
  return epochs
    .toReversed()
    .map((epoch) => {
      if (epoch === best) return epoch;
      left -= epoch.model?.length ?? 0;
      return left >= 0 ? epoch : { ...epoch, model: null };
    })
    .toReversed();
}

/** A curve with a point more; of too many, every second is left out. */
export function withPoint({ xs, ys }: Curve, x: number, y: number): Curve {
  if (xs.length < MOST_POINTS) return { xs: [...xs, x], ys: [...ys, y] };
  const isKept = (_: number, i: number): boolean => i % 2 === 0;
  return { xs: [...xs.filter(isKept), x], ys: [...ys.filter(isKept), y] };
}

/** `1 min 5 s`, for people. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
