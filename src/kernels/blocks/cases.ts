import {
  changed,
  EXACT,
  input,
  type KernelCase,
  kernelCase,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";

export interface RepeatedOptions {
  readonly repeats: number;
  readonly length: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

export function addRepeatedCase(options: RepeatedOptions): KernelCase {
  const { repeats, length, inPlace = false, seed = 600 + length, special = "" } = options;
  const random = seeded(seed);
  const b = normals(random, length);
  const x = withValues(normals(random, repeats * length), options.values ?? {});
  return kernelCase({
    name: `addRepeated: ${repeats} × ${length}${inPlace ? ", y = x" : ""}${special}`,
    floats: {
      x: inPlace ? changed(x) : input(x),
      b: input(b),
      y: output(inPlace ? 0 : x.length),
    },
    tolerance: EXACT,
    call: (kernels, { x, b, y }) => kernels.addRepeated(x, b, inPlace ? x : y, repeats, length),
  });
}

export interface BlocksOptions {
  readonly blocks: number;
  readonly length: number;
  /** Numbers before the first block, and between the end of one and the next, of x and of y. */
  readonly xOffset?: number;
  readonly xGap?: number;
  readonly yOffset?: number;
  readonly yGap?: number;
  readonly accumulate?: boolean;
  /** Whether every block of y gets the same block of x. */
  readonly repeated?: boolean;
  readonly seed?: number;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

/** What lies between the blocks of x holds NaN; what lies between those of y has to stay. */
export function copyBlocksCase(options: BlocksOptions): KernelCase {
  const { blocks, length, xOffset = 0, xGap = 0, yOffset = 0, yGap = 0 } = options;
  const { accumulate = false, repeated = false, seed = 700 + length, special = "" } = options;
  const random = seeded(seed);
  const xStride = repeated ? 0 : length + xGap;
  const yStride = length + yGap;
  const x = new Float32Array(xOffset + (blocks + 1) * (length + xGap)).fill(Number.NaN);
  for (let i = 0; i < blocks; i++) x.set(normals(random, length), xOffset + i * xStride);
  const y = normals(random, yOffset + (blocks + 1) * yStride);
  const from = `x ${xOffset} + ${xStride}i`;
  const to = `y ${yOffset} + ${yStride}i${accumulate ? ", added" : ""}${special}`;
  return kernelCase({
    name: `copyBlocks: ${blocks} × ${length}, ${from}, ${to}`,
    floats: { x: input(withValues(x, options.values ?? {})), y: changed(y) },
    tolerance: EXACT,
    call: (kernels, { x, y }) =>
      kernels.copyBlocks(x, xOffset, xStride, y, yOffset, yStride, blocks, length, accumulate),
  });
}

export interface UnmetOptions {
  readonly rows: number;
  readonly size: number;
  readonly columns: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
}

/** What one number of a row of gradients may be, for the row to be met: among them NaN and almost 0. */
const MEETING = [1, -1.2e-38, Number.NaN, Number.NEGATIVE_INFINITY];

/** Every other row has no gradient but zeros of either sign; x holds NaN and infinities in some rows of both kinds. */
export function maskUnmetCase(options: UnmetOptions): KernelCase {
  const { rows, size, columns, inPlace = false, seed = 800 + rows } = options;
  const random = seeded(seed);
  const x = normals(random, rows * size);
  const d = new Float32Array(rows * columns);
  for (let i = 0; i < d.length; i += 3) d[i] = -0;
  for (let i = 0; i < rows; i++) {
    const filler = [Number.NaN, Number.POSITIVE_INFINITY, 0, 1][(i >> 1) % 4]!;
    if (i % 8 < 4) x.fill(filler, i * size, (i + 1) * size);
    if (i % 2 === 1 && columns > 0)
      d[i * columns + random.integer(columns)] = MEETING[(i >> 1) % 4]!;
  }
  return kernelCase({
    name: `maskUnmet: ${rows} × ${size} by ${columns}${inPlace ? ", y = x" : ""}`,
    floats: {
      x: inPlace ? changed(x) : input(x),
      d: input(d),
      y: output(inPlace ? 0 : x.length),
    },
    tolerance: EXACT,
    call: (kernels, { x, d, y }) => kernels.maskUnmet(x, d, inPlace ? x : y, rows, size, columns),
  });
}

/** Heads moved within one array: from its first half to its second. */
function withinOneArrayCase(): KernelCase {
  return kernelCase({
    name: "copyBlocks: within one array",
    floats: { x: changed(normals(seeded(8), 60)) },
    tolerance: EXACT,
    call: (kernels, { x }) => kernels.copyBlocks(x, 0, 10, x, 35, 5, 3, 5, false),
  });
}

const SIZES = [0, 1, 3, 4, 5, 17, 33, 65];

export function blocksCases(): KernelCase[] {
  const cases: KernelCase[] = [withinOneArrayCase()];
  for (const length of SIZES) {
    for (const repeats of [0, 1, 3, 5]) {
      for (const inPlace of [false, true]) {
        cases.push(addRepeatedCase({ repeats, length, inPlace }));
      }
      for (const accumulate of [false, true]) {
        const shape = { blocks: repeats, length, accumulate };
        cases.push(copyBlocksCase(shape));
        cases.push(copyBlocksCase({ ...shape, xOffset: 3, xGap: 2, yOffset: 1, yGap: 5 }));
        cases.push(copyBlocksCase({ ...shape, xOffset: 2, yGap: length, repeated: true }));
      }
    }
  }
  for (const size of SIZES) {
    for (const columns of [0, 1, 4, 17]) {
      for (const inPlace of [false, true]) {
        cases.push(maskUnmetCase({ rows: 17, size, columns, inPlace }));
      }
    }
  }
  cases.push(maskUnmetCase({ rows: 0, size: 3, columns: 3 }));
  cases.push(addRepeatedCase({ repeats: 29, length: 1031 }));
  cases.push(copyBlocksCase({ blocks: 29, length: 515, xGap: 3, yOffset: 7, accumulate: true }));
  cases.push(copyBlocksCase({ blocks: 2003, length: 5, xGap: 3, yGap: 1 }));
  const values = { 0: Number.NaN, 4: Number.POSITIVE_INFINITY, 5: Number.NEGATIVE_INFINITY };
  const special = ", NaN and infinities";
  cases.push(addRepeatedCase({ repeats: 3, length: 5, values, special }));
  cases.push(copyBlocksCase({ blocks: 3, length: 5, values, special }));
  cases.push(copyBlocksCase({ blocks: 3, length: 5, values, special, accumulate: true }));
  return cases;
}
