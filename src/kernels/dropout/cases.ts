import {
  changed,
  EXACT,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";

export interface DropoutOptions {
  readonly length: number;
  readonly seed?: number;
  readonly stream?: number;
  readonly threshold?: number;
  readonly factor?: number;
  readonly inPlace?: boolean;
  readonly values?: Record<number, number>;
  readonly special?: string;
}

export function dropoutCase(options: DropoutOptions): KernelCase {
  const { length, seed = 42, stream = 7, threshold = 2 ** 31, factor = 2 } = options;
  const { inPlace = false, special = "" } = options;
  const x = withValues(normals(seeded(length), length), options.values ?? {});
  const draw = `seed ${seed}, stream ${stream}, threshold ${threshold}, factor ${factor}`;
  return kernelCase({
    name: `dropout: ${length}, ${draw}${inPlace ? ", y = x" : ""}${special}`,
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : length) },
    // A factor that float32 holds leaves one rounding to do, and that has one right answer.
    tolerance: Math.fround(factor) === factor ? EXACT : FORWARD,
    call: (kernels, { x, y }) =>
      kernels.dropout(x, inPlace ? x : y, seed, stream, threshold, factor, length),
  });
}

const LENGTHS = [0, 1, 3, 4, 5, 17, 33, 65, 29 * 256];

export function dropoutCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const length of LENGTHS) {
    cases.push(dropoutCase({ length }), dropoutCase({ length, inPlace: true }));
  }
  const top = 2 ** 32 - 1;
  cases.push(dropoutCase({ length: 65, seed: 0, stream: 0 }));
  cases.push(dropoutCase({ length: 65, seed: top, stream: top }));
  cases.push(dropoutCase({ length: 65, seed: 2 ** 31, stream: 3 }));
  cases.push(dropoutCase({ length: 65, threshold: 0 }));
  cases.push(dropoutCase({ length: 65, threshold: top }));
  cases.push(dropoutCase({ length: 65, threshold: 2 ** 32, special: ", all dropped" }));
  cases.push(dropoutCase({ length: 65, threshold: Math.round(0.1 * 2 ** 32), factor: 1 / 0.9 }));
  const values = { 0: Number.NaN, 1: Number.NaN, 2: Number.NaN, 3: Number.POSITIVE_INFINITY };
  cases.push(dropoutCase({ length: 17, values, special: ", NaN that is dropped becomes 0" }));
  return cases;
}
