import type { Storage } from "../../../core/storage.ts";
import { at, bit, elements, type Gpu, orNull } from "../gpu.ts";
import { lstmStatesBefore } from "../shaders.generated.ts";
import { product } from "./matmul-calls.ts";

/** Sides of what a workgroup of src/kernels/wgsl/recurrent-forward.wgsl and recurrent-backward.wgsl computes. */
const ROWS = 32;
const COLUMNS = 16;

/** Workgroups of one step of so many sequences and units. */
export function groupsOfStep(batch: number, hidden: number): readonly [number, number, number] {
  return [Math.ceil(hidden / COLUMNS), Math.ceil(batch / ROWS), 1];
}

/** The step's place in time, and that of the step before, of which the first has none to speak of. */
export function timesOf(
  step: number,
  steps: number,
  reverse: boolean,
): { t: number; before: number } {
  return reverse ? { t: steps - 1 - step, before: steps - step } : { t: step, before: step - 1 };
}

/** No step: NONE of src/kernels/wgsl/recurrent-backward.wgsl. */
const NONE = 0xffffffff;

/** The times of a step back: its own, and that of the step done before it; NONE behind the last and before the first. */
export function timesBack(
  step: number,
  steps: number,
  reverse: boolean,
): { step: number; after: number } {
  return {
    step: step < 0 ? NONE : timesOf(step, steps, reverse).t,
    after: step === steps - 1 ? NONE : timesOf(step + 1, steps, reverse).t,
  };
}

/** What a recurrent layer's weights learn from: its states, and how it went over the steps. */
export interface Run {
  readonly hs: Storage;
  readonly h0: Storage | null;
  readonly lengths: Storage | null;
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  readonly reverse: boolean;
}

/** Gradients of gates: the first `columns` of (N, T, row), which belong to columns from `first` on of wh. */
export interface GateGradients {
  readonly of: Storage;
  readonly row: number;
  readonly columns: number;
  readonly first: number;
}

/** dwh (H, whRow) += h of the step beforeᵀ · each of the gradients, over all sequences and steps at once. */
export function addWeightGradients(
  gpu: Gpu,
  run: Run,
  dwh: Storage,
  whRow: number,
  gradients: readonly GateGradients[],
): void {
  const { hs, h0, lengths, batch, steps, hidden, reverse } = run;
  const inner = batch * steps;
  const length = inner * hidden;
  if (length === 0) return;
  const before = gpu.scratch(length);
  gpu.run(lstmStatesBefore, "statesBefore", elements(length), {
    hs: at(hs),
    h0: orNull(h0),
    lengths: orNull(lengths),
    to: at(before),
    length,
    steps,
    hidden,
    reverse: bit(reverse),
  });
  for (const { of, row, columns, first } of gradients) {
    product(gpu, {
      a: at(before),
      aRow: 1,
      aColumn: hidden,
      b: at(of),
      bRow: row,
      bColumn: 1,
      bias: 0,
      c: at(dwh) + first,
      cRow: whRow,
      rows: hidden,
      columns,
      inner,
      accumulate: true,
    });
  }
  before.release();
}
