import { BACKWARD, type KernelCase, type Tolerance } from "../case.ts";
import {
  MASKED,
  type RowsOptions,
  rowsBackwardCase,
  rowsForwardCase,
  SHAPES,
  sharesOf,
} from "../softmax/case-builders.ts";

const LOW = Number.NEGATIVE_INFINITY;
const OPS = ["sparsemax", "entmax"] as const;

export interface SparseOptions extends Omit<RowsOptions, "tolerance"> {
  readonly op: (typeof OPS)[number];
}

const AGAINST_TERMS: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "few numbers have a share: the gradient is a difference of nearly equal terms",
};

export function sparseForwardCase(options: SparseOptions): KernelCase {
  return rowsForwardCase(options);
}

export function sparseBackwardCase(
  options: SparseOptions,
  valuesOfUpstream: Record<number, number> = {},
): KernelCase {
  return rowsBackwardCase({ ...options, tolerance: AGAINST_TERMS }, valuesOfUpstream);
}

/** Of 17 columns: in two rows, whose gradients either spoils where it falls on a share. */
const UPSTREAM = { 3: Number.NaN, 40: Number.POSITIVE_INFINITY };

function casesOf(op: SparseOptions["op"]): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [rows, columns] of SHAPES) {
    for (const inPlace of [false, true]) {
      cases.push(sparseForwardCase({ op, rows, columns, inPlace }));
      cases.push(sparseBackwardCase({ op, rows, columns, inPlace }));
    }
  }
  const shape = { op, rows: 4, columns: 17 };
  const special: SparseOptions[] = [
    { ...shape, scale: 0, special: ", ties alone" },
    { ...shape, grid: 0.5, special: ", ties" },
    { ...shape, scale: 1e-4, special: ", tiny scores" },
    { ...shape, scale: 1e-30, special: ", vanishing scores" },
    { ...shape, scale: 10, special: ", scores in the tens" },
    { ...shape, scale: 300, special: ", scores about 300" },
    { ...shape, scale: 3e4, special: ", scores about 30000" },
    { ...shape, values: { 0: 3e38, 1: -3e38, 20: 3e38, 21: 3e38 }, special: ", the largest" },
    { ...shape, values: { 20: 1e6, 21: 1e6 + 0.5 }, special: ", large and close" },
    { ...shape, values: MASKED, special: ", rows of −∞" },
    { ...shape, values: { 20: Number.NaN }, special: ", NaN" },
    { ...shape, values: { 20: Number.POSITIVE_INFINITY }, special: ", +∞" },
    { ...shape, values: { ...MASKED, 3: Number.NaN }, special: ", NaN among −∞" },
    { op, rows: 3, columns: 1, values: { 0: LOW, 1: Number.NaN }, special: ", single keys" },
    // Longer than what is added up at once, on all sides of it.
    { op, rows: 2, columns: 4099, scale: 0.01, special: ", a long support" },
  ];
  for (const options of special) {
    cases.push(sparseForwardCase(options), sparseForwardCase({ ...options, inPlace: true }));
    cases.push(sparseBackwardCase(options));
  }
  for (const inPlace of [false, true]) {
    const options = { ...shape, inPlace, scale: 0.5, special: ", NaN and +∞ in dy" };
    cases.push(sparseBackwardCase(options, UPSTREAM));
    const wide = { ...options, scale: 30, special: ", NaN in dy without a share" };
    cases.push(sparseBackwardCase(wide, withoutShare(wide)));
  }
  return cases;
}

/** NaN for whatever has no share. */
function withoutShare(options: SparseOptions): Record<number, number> {
  const places = [...sharesOf(options).entries()].filter(([, share]) => share === 0);
  return Object.fromEntries(places.map(([i]) => [i, Number.NaN]));
}

export function sparseSoftmaxCases(): KernelCase[] {
  return OPS.flatMap(casesOf);
}
