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
  type Tolerance,
  withValues,
} from "../case.ts";
import { entmaxForward, sparsemaxForward } from "../sparse-softmax/definition.ts";
import { softmaxForward } from "./definition.ts";

/** rows, columns */
export const SHAPES = [
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

/** 4 rows of 17: one of −∞ alone, one with a single key, one with none masked, one with many. */
export const MASKED: Record<number, number> = Object.fromEntries([
  ...Array.from({ length: 17 }, (_, j) => [j, LOW]),
  ...Array.from({ length: 16 }, (_, j) => [17 + j, LOW]),
  ...Array.from({ length: 6 }, (_, j) => [3 * 17 + 2 * j, LOW]),
]);

const DEFINITIONS = { softmax: softmaxForward, sparsemax: sparsemaxForward, entmax: entmaxForward };

/** A call that makes rows of numbers that sum to 1 of rows of scores. */
export interface RowsOptions {
  readonly op: keyof typeof DEFINITIONS;
  readonly rows: number;
  readonly columns: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
  /** Standard deviation of the scores. */
  readonly scale?: number;
  /** Scores are rounded down to multiples of this, so that many are equal. */
  readonly grid?: number;
  readonly values?: Record<number, number>;
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

function scoresOf(options: RowsOptions): Float32Array {
  const { rows, columns, seed = rows * 31 + columns, grid } = options;
  const numbers = normals(seeded(seed), rows * columns, options.scale);
  const ties = grid === undefined ? numbers : numbers.map((x) => Math.floor(x / grid) * grid);
  return withValues(ties, options.values ?? {});
}

/** What the forward pass gives in float32, which is what the backward pass gets. */
export function sharesOf(options: RowsOptions): Float32Array {
  const y = scoresOf(options);
  DEFINITIONS[options.op](y, y, options.rows, options.columns);
  return y;
}

function nameOf(pass: "Forward" | "Backward", options: RowsOptions, alias: string): string {
  const { op, rows, columns, inPlace = false, special = "" } = options;
  return `${op}${pass}: ${rows} × ${columns}${inPlace ? `, ${alias}` : ""}${special}`;
}

export function rowsForwardCase(options: RowsOptions): KernelCase {
  const { op, rows, columns, inPlace = false } = options;
  const x = scoresOf(options);
  return kernelCase({
    name: nameOf("Forward", options, "y = x"),
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : x.length) },
    tolerance: options.tolerance ?? FORWARD,
    call: (kernels, { x, y }) => kernels[`${op}Forward`](x, inPlace ? x : y, rows, columns),
  });
}

export function rowsBackwardCase(
  options: RowsOptions,
  valuesOfUpstream: Record<number, number> = {},
): KernelCase {
  const { op, rows, columns, inPlace = false } = options;
  const y = sharesOf(options);
  const dy = withValues(normals(seeded(7 + columns), rows * columns), valuesOfUpstream);
  const terms = magnitude(dy) * largest(y);
  return kernelCase({
    name: nameOf("Backward", options, "dx = dy"),
    floats: {
      y: input(y),
      dy: inPlace ? changed(dy) : input(dy),
      dx: output(inPlace ? 0 : dy.length),
    },
    tolerance: options.tolerance ?? BACKWARD,
    terms: { dx: terms, dy: terms },
    call: (kernels, { y, dy, dx }) =>
      kernels[`${op}Backward`](y, dy, inPlace ? dy : dx, rows, columns),
  });
}
