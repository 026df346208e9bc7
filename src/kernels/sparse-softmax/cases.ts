import {
  BACKWARD,
  changed,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  largest,
  magnitude,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";
import { entmaxForward, sparsemaxForward } from "./definition.ts";

/** rows, columns */
const SHAPES = [
  [0, 5],
  [5, 0],
  [1, 1],
  [3, 1],
  [1, 3],
  [3, 4],
  [4, 5],
  [5, 17],
  [17, 33],
  [33, 65],
  [29, 256],
  [2, 1024],
] as const;

const LOW = Number.NEGATIVE_INFINITY;
const OPS = ["sparsemax", "entmax"] as const;
const DEFINITIONS = { sparsemax: sparsemaxForward, entmax: entmaxForward };

export interface SparseOptions {
  readonly op: (typeof OPS)[number];
  readonly rows: number;
  readonly columns: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
  /** Standard deviation of the scores. */
  readonly scale?: number;
  /** Scores are rounded down to multiples of this, so that many are equal. */
  readonly grid?: number;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

function scoresOf(options: SparseOptions): Float32Array {
  const { rows, columns, seed = rows * 31 + columns, grid } = options;
  const numbers = normals(seeded(seed), rows * columns, options.scale);
  const ties = grid === undefined ? numbers : numbers.map((x) => Math.floor(x / grid) * grid);
  return withValues(ties, options.values ?? {});
}

function nameOf(pass: "Forward" | "Backward", options: SparseOptions, alias: string): string {
  const { op, rows, columns, inPlace = false, special = "" } = options;
  return `${op}${pass}: ${rows} × ${columns}${inPlace ? `, ${alias}` : ""}${special}`;
}

export function sparseForwardCase(options: SparseOptions): KernelCase {
  const { op, rows, columns, inPlace = false } = options;
  const x = scoresOf(options);
  return kernelCase({
    name: nameOf("Forward", options, "y = x"),
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : x.length) },
    tolerance: FORWARD,
    call: (kernels, { x, y }) => kernels[`${op}Forward`](x, inPlace ? x : y, rows, columns),
  });
}

export function sparseBackwardCase(
  options: SparseOptions,
  valuesOfUpstream: Record<number, number> = {},
): KernelCase {
  const { op, rows, columns, inPlace = false } = options;
  const y = scoresOf(options);
  DEFINITIONS[op](y, y, rows, columns);
  const dy = withValues(normals(seeded(7 + columns), rows * columns), valuesOfUpstream);
  const terms = magnitude(dy) * largest(y);
  const reason = "few numbers have a share: the gradient is a difference of nearly equal terms";
  return kernelCase({
    name: nameOf("Backward", options, "dx = dy"),
    floats: {
      y: input(y),
      dy: inPlace ? changed(dy) : input(dy),
      dx: output(inPlace ? 0 : dy.length),
    },
    tolerance: { ...BACKWARD, againstTerms: true, reason },
    terms: { dx: terms, dy: terms },
    call: (kernels, { y, dy, dx }) =>
      kernels[`${op}Backward`](y, dy, inPlace ? dy : dx, rows, columns),
  });
}

/** 4 rows of 17: one of −∞ alone, one with a single key, one with none masked, one with many. */
const MASKED: Record<number, number> = Object.fromEntries([
  ...Array.from({ length: 17 }, (_, j) => [j, LOW]),
  ...Array.from({ length: 16 }, (_, j) => [17 + j, LOW]),
  ...Array.from({ length: 6 }, (_, j) => [3 * 17 + 2 * j, LOW]),
]);

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
  const y = scoresOf(options);
  DEFINITIONS[options.op](y, y, options.rows, options.columns);
  return Object.fromEntries([...y].flatMap((share, i) => (share === 0 ? [[i, Number.NaN]] : [])));
}

export function sparseSoftmaxCases(): KernelCase[] {
  return OPS.flatMap(casesOf);
}
