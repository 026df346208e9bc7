import {
  accumulator,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  seeded,
  type Tolerance,
  withValues,
} from "../case.ts";
import { matmul as matmulDefinition } from "./definition.ts";

/** rows, columns, inner */
const SHAPES = [
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
  [1, 1, 1],
  [1, 1, 65],
  [1, 5, 3],
  [3, 1, 4],
  [4, 4, 4],
  [5, 3, 1],
  [4, 17, 5],
  [17, 5, 33],
  [33, 65, 17],
  [65, 33, 65],
  [1, 256, 29],
  [29, 64, 256],
  // Beyond the blocks that kernels cut products into.
  [195, 7, 13],
  [26, 67, 259],
  [2, 1027, 3],
] as const;

export interface MatmulOptions {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly bias?: boolean;
  readonly accumulate?: boolean;
  readonly seed?: number;
  readonly scale?: number;
  readonly valuesOfA?: Record<number, number>;
  readonly valuesOfB?: Record<number, number>;
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

export function matmulCase(options: MatmulOptions): KernelCase {
  const { rows, columns, inner, scale = 1 } = options;
  const { transposeA = false, transposeB = false, bias = false, accumulate = false } = options;
  const random = seeded(options.seed ?? rows * 7919 + columns * 101 + inner);
  const a = withValues(normals(random, rows * inner, scale), options.valuesOfA ?? {});
  const b = withValues(normals(random, inner * columns, scale), options.valuesOfB ?? {});
  const offset = normals(random, columns, scale * scale);
  const start = normals(random, rows * columns, scale * scale);
  const flags = [
    transposeA ? "aᵀ" : "a",
    transposeB ? "bᵀ" : "b",
    ...(bias ? ["bias"] : []),
    ...(accumulate ? ["added"] : []),
  ];
  const terms = accumulate ? start.map(Math.abs) : new Float32Array(rows * columns);
  matmulDefinition(
    a.map(Math.abs),
    b.map(Math.abs),
    bias ? offset.map(Math.abs) : null,
    terms,
    rows,
    columns,
    inner,
    transposeA,
    transposeB,
    true,
  );
  return kernelCase({
    name: `matmul: ${rows} × ${columns} × ${inner}, ${flags.join(" ")}${options.special ?? ""}`,
    floats: { a: input(a), b: input(b), bias: input(offset), c: accumulator(accumulate, start) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { c: magnitude(terms) },
    call: (kernels, floats) =>
      kernels.matmul(
        floats.a,
        floats.b,
        bias ? floats.bias : null,
        floats.c,
        rows,
        columns,
        inner,
        transposeA,
        transposeB,
        accumulate,
      ),
  });
}

/** a · aᵀ: the inputs may be one array. */
function gramCase(rows: number, inner: number): KernelCase {
  return kernelCase({
    name: `matmul: ${rows} × ${rows} × ${inner}, a and b one array`,
    floats: { a: input(normals(seeded(rows), rows * inner)), c: output(rows * rows) },
    tolerance: FORWARD,
    call: (kernels, { a, c }) =>
      kernels.matmul(a, a, null, c, rows, rows, inner, false, true, false),
  });
}

export function matmulCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const both = [false, true];
  for (const [rows, columns, inner] of SHAPES) {
    for (const transposeA of both) {
      for (const transposeB of both) {
        for (const bias of both) {
          for (const accumulate of both) {
            const flags = { transposeA, transposeB, bias, accumulate };
            cases.push(matmulCase({ rows, columns, inner, ...flags }));
          }
        }
      }
    }
  }
  for (const transposeA of both) {
    for (const transposeB of both) {
      const shape = { rows: 5, columns: 17, inner: 9, transposeA, transposeB };
      const not = { 13: Number.NaN };
      const high = { 22: Number.POSITIVE_INFINITY };
      cases.push(matmulCase({ ...shape, valuesOfA: not, special: ", NaN in a" }));
      cases.push(matmulCase({ ...shape, valuesOfB: not, special: ", NaN in b" }));
      cases.push(matmulCase({ ...shape, valuesOfA: high, special: ", ∞ in a" }));
      cases.push(matmulCase({ ...shape, scale: 1e-4, bias: true, special: ", tiny" }));
      cases.push(matmulCase({ ...shape, inner: 1024, special: ", long" }));
    }
  }
  cases.push(gramCase(17, 5), gramCase(4, 33));
  // Sums so long, beside so few of them, that a GPU cuts them into parts.
  const gradient = { rows: 59, columns: 70, inner: 1029 };
  cases.push(matmulCase({ ...gradient, transposeA: true, accumulate: true }));
  cases.push(matmulCase({ ...gradient, transposeB: true, bias: true }));
  cases.push(matmulCase({ rows: 5, columns: 40, inner: 600, transposeB: true, bias: true }));
  cases.push(matmulCase({ rows: 40, columns: 5, inner: 600, accumulate: true, bias: true }));
  // So many numbers that it computes them in its largest tiles.
  const large = { rows: 900, columns: 897, inner: 19 };
  cases.push(matmulCase({ ...large, transposeA: true, bias: true }));
  cases.push(matmulCase({ ...large, transposeB: true, accumulate: true }));
  return cases;
}
