import {
  BACKWARD,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";
import { gaussianForward } from "./definition.ts";

/** rows, steps, deviation */
const SHAPES = [
  [0, 5, 1],
  [5, 0, 1],
  [1, 1, 0.5],
  [3, 1, 1],
  [1, 3, 2],
  [3, 4, 0.5],
  [4, 5, 1.5],
  [5, 17, 2],
  [17, 33, 5],
  [33, 65, 0.25],
  [2, 1024, 10],
] as const;

export interface GaussianOptions {
  readonly rows: number;
  readonly steps: number;
  readonly deviation: number;
  readonly seed?: number;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

/** Centres among the steps. */
function centresOf(options: GaussianOptions): Float32Array {
  const { rows, steps, seed = rows * 31 + steps } = options;
  const random = seeded(seed);
  const centres = Float32Array.from({ length: rows }, () => random.uniform() * steps);
  return withValues(centres, options.values ?? {});
}

function nameOf(op: string, options: GaussianOptions): string {
  const { rows, steps, deviation, special = "" } = options;
  return `${op}: ${rows} × ${steps}, deviation ${deviation}${special}`;
}

export function gaussianForwardCase(options: GaussianOptions): KernelCase {
  const { rows, steps, deviation } = options;
  return kernelCase({
    name: nameOf("gaussianForward", options),
    floats: { centres: input(centresOf(options)), y: output(rows * steps) },
    // What is far from the centre has a large exponent, and a relative error as large; but it is small.
    tolerance: FORWARD,
    call: (kernels, { centres, y }) => kernels.gaussianForward(centres, y, rows, steps, deviation),
  });
}

export function gaussianBackwardCase(
  options: GaussianOptions,
  valuesOfUpstream: Record<number, number> = {},
): KernelCase {
  const { rows, steps, deviation } = options;
  const centres = centresOf(options);
  const y = new Float32Array(rows * steps);
  gaussianForward(centres, y, rows, steps, deviation);
  const dy = withValues(normals(seeded(7 + steps), rows * steps), valuesOfUpstream);
  const pulls = dy.map((d, i) => d * y[i]! * ((i % steps) - centres[Math.floor(i / steps)]!));
  return kernelCase({
    name: nameOf("gaussianBackward", options),
    floats: { centres: input(centres), y: input(y), dy: input(dy), dCentres: output(rows) },
    tolerance: { ...BACKWARD, againstTerms: true, reason: "pulls from both sides cancel" },
    terms: { dCentres: magnitude(pulls) / deviation ** 2 },
    call: (kernels, { centres, y, dy, dCentres }) =>
      kernels.gaussianBackward(centres, y, dy, dCentres, rows, steps, deviation),
  });
}

export function gaussianCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [rows, steps, deviation] of SHAPES) {
    cases.push(gaussianForwardCase({ rows, steps, deviation }));
    cases.push(gaussianBackwardCase({ rows, steps, deviation }));
  }
  const shape = { rows: 4, steps: 17, deviation: 2 };
  const special: GaussianOptions[] = [
    { ...shape, values: { 1: Number.NaN }, special: ", NaN" },
    { ...shape, values: { 1: Number.POSITIVE_INFINITY, 2: -1e30 }, special: ", ∞ and far away" },
    { ...shape, values: { 0: 0, 1: 16, 2: 8, 3: 8.5 }, special: ", at steps and between" },
    { ...shape, deviation: 1e-3, values: { 0: 3 }, special: ", narrow" },
    { ...shape, deviation: 1e6, special: ", flat" },
  ];
  for (const options of special) {
    cases.push(gaussianForwardCase(options), gaussianBackwardCase(options));
  }
  cases.push(gaussianBackwardCase({ ...shape, special: ", NaN in dy" }, { 20: Number.NaN }));
  return cases;
}
