import {
  changed,
  EXACT,
  FORWARD,
  input,
  inputInts,
  integers,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";

export interface EmbeddingOptions {
  readonly count: number;
  readonly size: number;
  readonly symbols: number;
  readonly seed?: number;
  readonly ids?: readonly number[];
  readonly values?: Record<number, number>;
  readonly special?: string;
}

function idsOf(options: EmbeddingOptions): ArrayLike<number> {
  const { count, symbols, seed = count } = options;
  return options.ids ?? integers(seeded(seed), count, Math.max(symbols, 1));
}

function nameOf(op: string, options: EmbeddingOptions): string {
  const { count, size, symbols, special = "" } = options;
  return `${op}: ${count} of ${symbols}, D ${size}${special}`;
}

export function embeddingForwardCase(options: EmbeddingOptions): KernelCase {
  const { count, size, symbols } = options;
  const table = normals(seeded(size), symbols * size);
  return kernelCase({
    name: nameOf("embeddingForward", options),
    floats: {
      table: input(withValues(table, options.values ?? {})),
      y: output(count * size),
    },
    ints: { ids: inputInts(idsOf(options)) },
    tolerance: EXACT,
    call: (kernels, { table, y }, { ids }) => kernels.embeddingForward(table, ids, y, count, size),
  });
}

export function embeddingBackwardCase(options: EmbeddingOptions): KernelCase {
  const { count, size, symbols } = options;
  const random = seeded(options.seed ?? size + 1);
  const dy = withValues(normals(random, count * size), options.values ?? {});
  const dTable = normals(random, symbols * size);
  return kernelCase({
    name: nameOf("embeddingBackward", options),
    floats: { dy: input(dy), dTable: changed(dTable) },
    ints: { ids: inputInts(idsOf(options)) },
    tolerance: FORWARD,
    terms: { dTable: magnitude(dTable) + magnitude(dy) },
    call: (kernels, { dy, dTable }, { ids }) =>
      kernels.embeddingBackward(ids, dy, dTable, count, size),
  });
}

/**
 * Where the order of the sum shows in float32: in the order of i, every partial sum is a float32
 * number and the result exact; from the end, or in two halves, 2^26 swallows what is added to it.
 */
function orderCase(): KernelCase {
  const big = 2 ** 26;
  const steps = [big, -big, 1, 1, 1];
  const size = 5;
  const dy = Float32Array.from(
    { length: steps.length * size },
    (_, i) => steps[Math.floor(i / size)]!,
  );
  return kernelCase({
    name: "embeddingBackward: one symbol's gradients are added in the order of i",
    floats: { dy: input(dy), dTable: changed(new Float32Array(2 * size)) },
    ints: { ids: inputInts(steps.map(() => 1)) },
    tolerance: EXACT,
    call: (kernels, { dy, dTable }, { ids }) =>
      kernels.embeddingBackward(ids, dy, dTable, steps.length, size),
  });
}

/** count, size, symbols */
const SHAPES = [
  [0, 5, 3],
  [5, 0, 3],
  [1, 1, 1],
  [3, 4, 5],
  [4, 5, 17],
  [5, 3, 1],
  [17, 33, 5],
  [65, 17, 33],
  [33, 65, 4],
  [116, 256, 29],
  // Beyond the ids and the columns that a workgroup of a GPU looks at together.
  [1100, 3, 9],
  [9, 300, 4],
] as const;

export function embeddingCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [count, size, symbols] of SHAPES) {
    cases.push(embeddingForwardCase({ count, size, symbols }));
    cases.push(embeddingBackwardCase({ count, size, symbols }));
  }
  const not = { ids: [3, 1, 3, 0, 4], values: { 8: Number.NaN }, special: ", NaN" };
  const shape = { count: 5, size: 5, symbols: 6 };
  cases.push(embeddingForwardCase({ ...shape, ...not }));
  cases.push(embeddingBackwardCase({ ...shape, ...not }));
  cases.push(orderCase());
  return cases;
}
