import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, bit, elements, type Gpu, orNull, rows as places } from "../gpu.ts";
import { matmul } from "../shaders.generated.ts";

/** Sides of what a workgroup of src/kernels/matmul/kernel.wgsl computes, by its entry point. */
const TILES = {
  matmul: { rows: 64, columns: 64 },
  matmulLarge: { rows: 128, columns: 128 },
  matmulFewRows: { rows: 8, columns: 32 },
} as const;
/** Rows (or columns) up to which tiles of 64 × 64 would be mostly empty: two tiles of few rows. */
const FEW = 16;
/** Large tiles need half the reads, but only so many of them keep a GPU busy. */
const LEAST_LARGE = 64;
/** Workgroups that keep a GPU busy: where tiles are fewer, their sums are cut into parts … */
const BUSY = 256;
/** … of at least so many terms, where there are at least LONG. */
const LEAST_PART = 128;
const LONG = 512;
/** Parts begin at multiples of what any entry point adds up at once. */
const DEPTH = 64;

/**
 * One product. Places and distances are in words: of a, b and c, `row` and `column` are from one row of op(a), op(b) and
 * c to the next.
 */
export interface Product {
  readonly a: number;
  readonly aRow: number;
  readonly aColumn: number;
  readonly b: number;
  readonly bRow: number;
  readonly bColumn: number;
  /** 0 is none. */
  readonly bias: number;
  readonly c: number;
  readonly cRow: number;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly accumulate: boolean;
}

/** What the shader is told beyond: the product may be that of the transposed matrices, with c and bias going along. */
interface Placed extends Product {
  readonly cColumn: number;
  readonly biasRow: number;
  readonly biasColumn: number;
}

/** bᵀ · aᵀ = cᵀ: what has few columns has few rows then. */
function transposed(x: Product): Placed {
  return {
    ...x,
    a: x.b,
    aRow: x.bColumn,
    aColumn: x.bRow,
    b: x.a,
    bRow: x.aColumn,
    bColumn: x.aRow,
    cRow: 1,
    cColumn: x.cRow,
    biasRow: 1,
    biasColumn: 0,
    rows: x.columns,
    columns: x.rows,
  };
}

/** Tiles from left to right, and in all. */
function tilesOf(
  entry: keyof typeof TILES,
  { rows, columns }: Product,
): { across: number; tiles: number } {
  const across = Math.ceil(columns / TILES[entry].columns);
  return { across, tiles: across * Math.ceil(rows / TILES[entry].rows) };
}

/**
 * Computes c (+)= op(a) · op(b) + bias, by
 *
 * - `matmulFewRows` for up to 16 rows, as when decoding, or columns;
 * - `matmulLarge` where there are 64 tiles of 128 × 128;
 * - `matmul`, tiles of 64 × 64, otherwise;
 * - any of them over parts of long sums where tiles are few, as for gradients of weights, and `matmulParts`, which adds
 *   the parts up, always in the same order.
 */
export function product(gpu: Gpu, given: Product): void {
  const few = Math.min(given.rows, given.columns) <= FEW;
  const plain = { ...given, cColumn: 1, biasRow: 0, biasColumn: 1 };
  const x = few && given.rows > given.columns ? transposed(given) : plain;
  const { rows, columns, inner } = x;
  if (rows === 0 || columns === 0) return;
  const large =
    Math.min(rows, columns) >= TILES.matmulLarge.rows &&
    tilesOf("matmulLarge", x).tiles >= LEAST_LARGE;
  const entry = few ? "matmulFewRows" : large ? "matmulLarge" : "matmul";
  const { across, tiles } = tilesOf(entry, x);
  const wanted = Math.min(Math.floor(BUSY / tiles), Math.floor(inner / LEAST_PART));
  const part =
    inner >= LONG && wanted > 1 ? Math.ceil(inner / wanted / DEPTH) * DEPTH : Math.max(inner, 1);
  const parts = Math.max(Math.ceil(inner / part), 1);
  const scratch = parts > 1 ? gpu.scratch(parts * rows * columns) : null;
  const parameters = {
    a: x.a,
    a_row: x.aRow,
    a_column: x.aColumn,
    b: x.b,
    b_row: x.bRow,
    b_column: x.bColumn,
    bias: x.bias,
    bias_row: x.biasRow,
    bias_column: x.biasColumn,
    c: x.c,
    c_row: x.cRow,
    c_column: x.cColumn,
    rows,
    columns,
    inner,
    tiles,
    across,
    part,
    parts: scratch === null ? 0 : at(scratch),
    count: parts,
    accumulate: bit(x.accumulate),
  };
  const [groups, more] = places(tiles);
  gpu.run(matmul, entry, [groups, more, parts], parameters);
  if (scratch === null) return;
  gpu.run(matmul, "matmulParts", elements(rows * columns), parameters);
  scratch.release();
}

/** Matrix products on a GPU. */
export function matmulCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, "matmul"> {
  return {
    matmul(a, b, bias, c, rows, columns, inner, transposeA, transposeB, accumulate) {
      product(gpu, {
        a: at(a),
        aRow: transposeA ? 1 : inner,
        aColumn: transposeA ? rows : 1,
        b: at(b),
        bRow: transposeB ? 1 : columns,
        bColumn: transposeB ? inner : 1,
        bias: orNull(bias),
        c: at(c),
        cRow: columns,
        rows,
        columns,
        inner,
        accumulate,
      });
    },
  };
}
