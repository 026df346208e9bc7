import { BACKWARD, type KernelCase } from "../case.ts";
import {
  MASKED,
  type RowsOptions,
  rowsBackwardCase,
  rowsForwardCase,
  SHAPES,
} from "./case-builders.ts";

export type SoftmaxOptions = Omit<RowsOptions, "op">;

/**
 * Logits in the hundreds need no wider bound here: the inputs are exact, and x − max is exact for the keys
 * near the maximum, which are those that weigh anything.
 */
export function softmaxForwardCase(options: SoftmaxOptions): KernelCase {
  return rowsForwardCase({ ...options, op: "softmax" });
}

export function softmaxBackwardCase(
  options: SoftmaxOptions,
  valuesOfUpstream: Record<number, number> = {},
): KernelCase {
  return rowsBackwardCase({ ...options, op: "softmax" }, valuesOfUpstream);
}

export function softmaxCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [rows, columns] of SHAPES) {
    for (const inPlace of [false, true]) {
      cases.push(softmaxForwardCase({ rows, columns, inPlace }));
      cases.push(softmaxBackwardCase({ rows, columns, inPlace }));
    }
  }
  const shape = { rows: 4, columns: 17 };
  const special: SoftmaxOptions[] = [
    { ...shape, scale: 1e-4, special: ", tiny logits" },
    { ...shape, scale: 1e-30, special: ", vanishing logits" },
    { ...shape, scale: 10, special: ", logits in the tens" },
    { ...shape, values: MASKED, special: ", rows of −∞" },
    { ...shape, values: { 20: Number.NaN }, special: ", NaN" },
    { ...shape, values: { 20: Number.POSITIVE_INFINITY }, special: ", +∞" },
    { ...shape, values: { ...MASKED, 3: Number.NaN }, special: ", NaN among −∞" },
    {
      rows: 3,
      columns: 1,
      values: { 0: Number.NEGATIVE_INFINITY, 1: Number.NaN },
      special: ", single keys",
    },
  ];
  for (const options of special) {
    cases.push(softmaxForwardCase(options), softmaxForwardCase({ ...options, inPlace: true }));
    cases.push(softmaxBackwardCase(options));
  }
  for (const scale of [300, 3e4]) {
    const options = { ...shape, scale, special: `, logits about ${scale}` };
    const reason = "nearly one-hot weights: the gradient is a difference of nearly equal terms";
    cases.push(softmaxForwardCase(options), softmaxForwardCase({ ...options, inPlace: true }));
    cases.push(
      softmaxBackwardCase({ ...options, tolerance: { ...BACKWARD, againstTerms: true, reason } }),
    );
  }
  const upstream = { 20: Number.NaN };
  cases.push(softmaxBackwardCase({ ...shape, special: ", NaN in dy" }, upstream));
  cases.push(softmaxBackwardCase({ ...shape, inPlace: true, special: ", NaN in dy" }, upstream));
  return cases;
}
