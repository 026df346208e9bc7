import {
  accumulator,
  changed,
  EXACT,
  type FloatArray,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  outputInts,
  seeded,
  withValues,
} from "../case.ts";
import { sumRows as sumRowsDefinition } from "./definition.ts";

const LENGTHS = [0, 1, 3, 4, 5, 17, 33, 65, 29 * 256];
const SHAPES = [
  [0, 5],
  [5, 0],
  [1, 1],
  [3, 4],
  [4, 3],
  [5, 17],
  [17, 33],
  [33, 65],
  [65, 1],
  [1, 65],
  [9, 259],
  [29, 256],
  // More rows than one workgroup of a GPU adds up.
  [515, 33],
  [2, 1031],
] as const;

export interface RowsOptions {
  readonly rows: number;
  readonly columns: number;
  readonly accumulate?: boolean;
  readonly seed?: number;
  readonly scale?: number;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

function absolute(x: Float32Array): Float32Array {
  return x.map(Math.abs);
}

export function sumCase(length: number, options: Partial<RowsOptions> = {}): KernelCase {
  const numbers = normals(seeded(options.seed ?? length), length, options.scale);
  const x = withValues(numbers, options.values ?? {});
  return kernelCase({
    name: `sum: ${length}${options.special ?? ""}`,
    floats: { x: input(x), y: output(1) },
    tolerance: {
      ...FORWARD,
      againstTerms: true,
      reason: "a sum of numbers of both signs is only as exact as its largest partial sum",
    },
    // The partial sums of n normal numbers are about √n large, as their norm is.
    terms: { y: magnitude(x) },
    call: (kernels, { x, y }) => kernels.sum(x, y, length),
  });
}

export function sumRowsCase(options: RowsOptions): KernelCase {
  const { rows, columns, accumulate = false } = options;
  const random = seeded(options.seed ?? rows * 1000 + columns);
  const x = withValues(normals(random, rows * columns, options.scale), options.values ?? {});
  const start = normals(random, columns, options.scale);
  const sums = accumulate ? absolute(start) : new Float32Array(columns);
  sumRowsDefinition(absolute(x), sums, rows, columns, true);
  return kernelCase({
    name: `sumRows: ${rows} × ${columns}${accumulate ? ", added" : ""}${options.special ?? ""}`,
    floats: { x: input(x), y: accumulator(accumulate, start) },
    tolerance: FORWARD,
    terms: { y: magnitude(sums) },
    call: (kernels, { x, y }) => kernels.sumRows(x, y, rows, columns, accumulate),
  });
}

export function normCase(length: number, options: Partial<RowsOptions> = {}): KernelCase {
  const { accumulate = false } = options;
  const random = seeded(options.seed ?? 50 + length);
  const x = withValues(normals(random, length, options.scale), options.values ?? {});
  const start = Float32Array.of(Math.abs(random.normal()));
  return kernelCase({
    name: `norm: ${length}${accumulate ? ", on top" : ""}${options.special ?? ""}`,
    floats: { x: input(x), total: accumulator(accumulate, start) },
    tolerance: FORWARD,
    call: (kernels, { x, total }) => kernels.norm(x, total, length, accumulate),
  });
}

export function clipToNormCase(length: number, total: number, limit: number): KernelCase {
  return kernelCase({
    name: `clipToNorm: ${length}, norm ${total}, limit ${limit}`,
    floats: {
      x: changed(normals(seeded(70 + length), length)),
      total: input(Float32Array.of(total)),
    },
    tolerance: total > limit ? FORWARD : EXACT,
    call: (kernels, { x, total }) => kernels.clipToNorm(x, total, limit, length),
  });
}

function argmaxCaseOf(name: string, x: FloatArray, rows: number, columns: number): KernelCase {
  return kernelCase({
    name: `argmax: ${name}`,
    floats: { x },
    ints: { y: outputInts(rows) },
    tolerance: EXACT,
    call: (kernels, { x }, { y }) => kernels.argmax(x, y, rows, columns),
  });
}

export function argmaxCase(options: RowsOptions): KernelCase {
  const { rows, columns, seed = rows * 1000 + columns } = options;
  const x = normals(seeded(seed), rows * columns);
  return argmaxCaseOf(`${rows} × ${columns}`, input(x), rows, columns);
}

function argmaxOf(name: string, rows: number[][]): KernelCase {
  const x = Float32Array.from(rows.flat());
  return argmaxCaseOf(name, input(x), rows.length, rows[0]!.length);
}

function argmaxSpecialCases(): KernelCase[] {
  const { NaN: nan, NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
  const equal = Array.from({ length: 17 }, () => 2);
  const late = Array.from({ length: 17 }, (_, j) => (j >= 5 ? 3 : -1));
  const last = Array.from({ length: 17 }, (_, j) => (j === 16 ? 3 : -1));
  return [
    argmaxOf("the first of equals", [equal, late, last]),
    argmaxOf("NaN is never the largest", [
      [nan, 1, 2, nan, 0],
      [3, nan, 2, 1, nan],
      [nan, nan, nan, nan, -5],
      [low, nan, low, -4, low],
    ]),
    argmaxOf("rows of NaN or −∞ alone give 0", [
      [nan, nan, nan, nan, nan],
      [low, low, low, low, low],
      [nan, low, nan, low, nan],
    ]),
    argmaxOf("infinities", [
      [low, high, high, 1, 2],
      [nan, low, 1, high, nan],
    ]),
    argmaxOf("negative numbers alone", [[-3, -1, -2, -1, -4]]),
    argmaxOf("zeros of both signs are equal", [[-0, 0, -0, 0, -1]]),
  ];
}

export function reductionCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const length of LENGTHS) {
    cases.push(sumCase(length), normCase(length), normCase(length, { accumulate: true }));
    cases.push(clipToNormCase(length, 3.7, 1.1), clipToNormCase(length, 1, 5));
  }
  for (const [rows, columns] of SHAPES) {
    for (const accumulate of [false, true]) {
      cases.push(sumRowsCase({ rows, columns, accumulate }));
    }
    cases.push(argmaxCase({ rows, columns }));
  }
  const special = ", NaN";
  const values = { 7: Number.NaN };
  cases.push(sumCase(17, { values, special }), normCase(17, { values, special }));
  cases.push(sumRowsCase({ rows: 5, columns: 17, values, special }));
  cases.push(sumRowsCase({ rows: 17, columns: 5, scale: 1e-4, special: ", tiny" }));
  cases.push(sumCase(65, { scale: 1e-4, special: ", tiny" }));
  cases.push(normCase(65, { scale: 1e-4, special: ", tiny" }));
  cases.push(normCase(65, { scale: 1e15, special: ", huge" }));
  // Squares that float32 cannot hold, of a norm that it can.
  cases.push(normCase(65, { scale: 1e25, special: ", squares overflow" }));
  cases.push(normCase(65, { scale: 1e-25, special: ", squares underflow" }));
  const both = { 3: 1e30, 7: Number.NaN };
  cases.push(normCase(17, { values: both, special: ", NaN beside a square that overflows" }));
  cases.push(clipToNormCase(17, 5, 5), clipToNormCase(17, Number.NaN, 5));
  cases.push(...argmaxSpecialCases());
  return cases;
}
