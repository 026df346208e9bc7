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
import { softmaxForward as softmaxDefinition } from "./definition.ts";

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

export interface SoftmaxOptions {
  readonly rows: number;
  readonly columns: number;
  readonly inPlace?: boolean;
  readonly seed?: number;
  /** Standard deviation of the logits. */
  readonly scale?: number;
  readonly values?: Record<number, number>;
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

function logitsOf(options: SoftmaxOptions): Float32Array {
  const { rows, columns, seed = rows * 31 + columns } = options;
  const numbers = normals(seeded(seed), rows * columns, options.scale);
  return withValues(numbers, options.values ?? {});
}

function nameOf(op: string, options: SoftmaxOptions, alias: string): string {
  const { rows, columns, inPlace = false, special = "" } = options;
  return `${op}: ${rows} × ${columns}${inPlace ? `, ${alias}` : ""}${special}`;
}

export function softmaxForwardCase(options: SoftmaxOptions): KernelCase {
  const { rows, columns, inPlace = false } = options;
  const x = logitsOf(options);
  // Logits in the hundreds need no wider bound here: the inputs are exact, and x − max is exact
  // for the keys near the maximum, which are those that weigh anything.
  return kernelCase({
    name: nameOf("softmaxForward", options, "y = x"),
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : x.length) },
    tolerance: options.tolerance ?? FORWARD,
    call: (kernels, { x, y }) => kernels.softmaxForward(x, inPlace ? x : y, rows, columns),
  });
}

export function softmaxBackwardCase(
  options: SoftmaxOptions,
  valuesOfUpstream: Record<number, number> = {},
): KernelCase {
  const { rows, columns, inPlace = false } = options;
  const y = logitsOf(options);
  softmaxDefinition(y, y, rows, columns);
  const dy = withValues(normals(seeded(7 + columns), rows * columns), valuesOfUpstream);
  const terms = magnitude(dy) * largest(y);
  return kernelCase({
    name: nameOf("softmaxBackward", options, "dx = dy"),
    floats: {
      y: input(y),
      dy: inPlace ? changed(dy) : input(dy),
      dx: output(inPlace ? 0 : dy.length),
    },
    tolerance: options.tolerance ?? BACKWARD,
    terms: { dx: terms, dy: terms },
    call: (kernels, { y, dy, dx }) =>
      kernels.softmaxBackward(y, dy, inPlace ? dy : dx, rows, columns),
  });
}

/** 4 rows of 17: one of −∞ alone, one with a single key, one with none masked, one with many. */
const MASKED: Record<number, number> = Object.fromEntries([
  ...Array.from({ length: 17 }, (_, j) => [j, LOW]),
  ...Array.from({ length: 16 }, (_, j) => [17 + j, LOW]),
  ...Array.from({ length: 6 }, (_, j) => [3 * 17 + 2 * j, LOW]),
]);

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
    { rows: 3, columns: 1, values: { 0: LOW, 1: Number.NaN }, special: ", single keys" },
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
