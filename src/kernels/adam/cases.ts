import {
  changed,
  EXACT,
  FORWARD,
  input,
  type KernelCase,
  kernelCase,
  magnitude,
  normals,
  seeded,
  withValues,
} from "../case.ts";

export interface AdamOptions {
  readonly length: number;
  /** The step t ≥ 1; before the first one, m and v are 0. */
  readonly step?: number;
  readonly rate?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly seed?: number;
  /** Standard deviation of the gradient. */
  readonly scale?: number;
  readonly values?: Record<number, number>;
  /** What says whether there is a step at all; null unless given. */
  readonly loss?: number | null;
  readonly norm?: number | null;
  readonly special?: string;
}

export function adamCase(options: AdamOptions): KernelCase {
  const { length, step = 5, rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { scale = 1, loss = null, norm = null, special = "" } = options;
  const random = seeded(options.seed ?? 500 + length);
  const x = normals(random, length);
  const gradient = withValues(normals(random, length, scale), options.values ?? {});
  const warm = step > 1 ? 1 : 0;
  const m = normals(random, length, 0.3 * scale * warm);
  const v = normals(random, length, 0.5 * scale * warm).map((value) => value * value);
  const guards = loss === null && norm === null ? "" : `, loss ${loss}, norm ${norm}`;
  const one = (number: number | null) => input(Float32Array.of(number ?? 0));
  const rates = `rate ${rate}, β ${beta1}, ${beta2}`;
  return kernelCase({
    name: `adamStep: ${length}, step ${step}, ${rates}${guards}${special}`,
    floats: {
      x: changed(x),
      gradient: input(gradient),
      m: changed(m),
      v: changed(v),
      loss: one(loss),
      norm: one(norm),
    },
    // Where there is no step, every number is to stay what it is.
    tolerance: Number.isFinite(loss ?? 0) && Number.isFinite(norm ?? 0) ? FORWARD : EXACT,
    terms: {
      x: magnitude(x) + rate * Math.sqrt(length),
      m: magnitude(m) + magnitude(gradient),
    },
    call: (kernels, f) =>
      kernels.adamStep(
        f.x,
        f.gradient,
        f.m,
        f.v,
        loss === null ? null : f.loss,
        norm === null ? null : f.norm,
        rate,
        beta1,
        beta2,
        epsilon,
        1 - beta1 ** step,
        1 - beta2 ** step,
        length,
      ),
  });
}

const LENGTHS = [0, 1, 3, 4, 5, 17, 33, 65, 29 * 256];

export function adamCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const length of LENGTHS) {
    cases.push(adamCase({ length }), adamCase({ length, step: 1 }));
  }
  cases.push(adamCase({ length: 17, step: 10_000 }));
  cases.push(adamCase({ length: 17, rate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.1 }));
  cases.push(adamCase({ length: 17, rate: 10, special: ", the step is what is seen of x" }));
  cases.push(adamCase({ length: 17, step: 1, rate: 10, special: ", the step alone" }));
  cases.push(adamCase({ length: 17, scale: 1e-4, rate: 10, special: ", tiny gradients" }));
  cases.push(adamCase({ length: 17, scale: 0, step: 1, special: ", no gradient at all" }));
  cases.push(adamCase({ length: 17, values: { 5: Number.NaN }, special: ", NaN" }));
  const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
  const guards: readonly [loss: number | null, norm: number | null][] = [
    [2, 3],
    [-3e38, null],
    [null, 3e38],
    [0, 1e-45],
    [nan, null],
    [null, nan],
    [infinity, 1],
    [1, infinity],
    [-infinity, null],
    [nan, -infinity],
  ];
  for (const [loss, norm] of guards) {
    for (const length of [0, 1, 17, 29 * 256]) cases.push(adamCase({ length, loss, norm }));
  }
  return cases;
}
