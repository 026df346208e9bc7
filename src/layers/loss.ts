import { checkNumber, checkOptions, describe } from "../core/arguments.ts";
import { DataError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../core/shapes.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkIndices, checkTensor, sameDevice } from "./checks.ts";
import { newTensor } from "./layer.ts";

/** How {@link SoftmaxCrossEntropy} and {@link NegativeLogLikelihood} count. */
export interface LossOptions {
  /** Targets of this index have no part in the loss; −1 unless given. */
  readonly ignoredIndex?: number;
  /** The mean over the targets that count (default), or their sum, to be divided when all shares are in. */
  readonly reduction?: "mean" | "sum";
  /**
   * ε of label smoothing (Szegedy et al. 2016, section 7), from 0 to less than 1: so much of each target's
   * weight goes to all symbols alike. 0 unless given.
   */
  readonly smoothing?: number;
}

/** What one call of a loss does otherwise. */
export interface LossCall {
  /** ε of this call: 0, say, where a loss is measured rather than learnt from. */
  readonly smoothing?: number;
}

/** The options of a loss, checked. */
export interface LossSettings {
  readonly ignored: number;
  readonly reduction: "mean" | "sum";
  readonly smoothing: number;
}

/** The settings of a layer; `more` are the names of options that are its own. */
export function lossSettings(
  where: string,
  options: LossOptions,
  more: readonly string[] = [],
): LossSettings {
  checkOptions(where, options, ["ignoredIndex", "reduction", "smoothing", ...more]);
  const { ignoredIndex = -1, reduction = "mean", smoothing = 0 } = options;
  const range = "a whole number of 32 bits";
  checkNumber(where, "ignoredIndex", ignoredIndex, range, (value) => (value | 0) === value);
  if (reduction !== "mean" && reduction !== "sum") {
    throw new DataError({
      where,
      expected: 'reduction to be "mean" or "sum"',
      received: describe(reduction),
    });
  }
  checkSmoothing(where, smoothing);
  return { ignored: ignoredIndex, reduction, smoothing };
}

/** The smoothing of a call. */
export function smoothingOf(where: string, call: LossCall, settings: LossSettings): number {
  checkOptions(where, call, ["smoothing"]);
  const { smoothing = settings.smoothing } = call;
  checkSmoothing(where, smoothing);
  return smoothing;
}

function checkSmoothing(where: string, smoothing: number): void {
  const share = (value: number): boolean => value >= 0 && value < 1;
  checkNumber(where, "smoothing", smoothing, "from 0 to less than 1", share);
}

/** Rows and columns of x (…, V), whose targets (…) are checked, and how many of them count. */
export function countTargets(
  where: string,
  name: string,
  x: Tensor,
  targets: Indices,
  ignored: number,
): { rows: number; columns: number; count: number } {
  checkTensor(where, name, x);
  checkIndices(where, "targets", targets);
  sameDevice(where, name, x, "targets", targets);
  const columns = x.shape.at(-1) ?? 0;
  const outer = x.shape.slice(0, -1);
  if (x.shape.length === 0 || !sameShape(outer, targets.shape)) {
    throw new ShapeError({
      where,
      expected: `targets to have the axes of ${name} but the last`,
      received: `${name} ${formatShape(x.shape)}, targets ${formatShape(targets.shape)}`,
    });
  }
  const { data } = targets;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    const target = data[i]!;
    if (target === ignored) continue;
    if (target < 0 || target >= columns) {
      throw new ShapeError({
        where,
        expected: `every target from 0 to ${columns - 1}, or the ignored index ${ignored}`,
        received: `${target} at element ${i}`,
      });
    }
    count++;
  }
  return { rows: sizeOf(outer), columns, count };
}

/** The sum or mean of the rows' losses, which are given back. */
export function reduceLosses(losses: Tensor, count: number, reduction: "mean" | "sum"): Tensor {
  const loss = newTensor(losses, []);
  const { kernels } = deviceOf(losses);
  kernels.sum(losses.storage, loss.storage, losses.size);
  if (reduction === "mean" && count > 0) kernels.scale(loss.storage, 1 / count, loss.storage, 1);
  losses.dispose();
  return loss;
}

/** By what the gradient of a row's loss is multiplied. */
export function lossFactor(
  where: string,
  dLoss: number,
  count: number,
  reduction: "mean" | "sum",
): number {
  checkNumber(where, "dLoss", dLoss, "a number, not a tensor", () => true);
  return reduction === "mean" ? dLoss / Math.max(count, 1) : dLoss;
}
