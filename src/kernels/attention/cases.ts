import { BACKWARD, FORWARD, type KernelCase, type Tolerance } from "../case.ts";
import {
  attentionBackwardCase,
  attentionForwardCase,
  attentionWeightBackwardCase,
  attentionWeightForwardCase,
  weightSumBackwardCase,
  weightSumForwardCase,
} from "./case-builders.ts";
import { type AttentionOptions, SCORES } from "./case-numbers.ts";

/** batch, queries, steps, size */
const SHAPES = [
  [0, 3, 4, 5],
  [2, 0, 4, 5],
  [2, 3, 0, 5],
  [2, 3, 4, 0],
  [1, 1, 1, 1],
  [3, 5, 3, 1],
  [5, 3, 4, 5],
  [3, 4, 17, 3],
  [5, 1, 5, 33],
  [3, 5, 33, 17],
  [2, 17, 65, 4],
  [3, 33, 5, 65],
  [4, 1, 29, 256],
  [5, 29, 29, 64],
  [1, 2, 1024, 32],
] as const;

/** As above, of so many queries and keys that kernels cut them into blocks, whole ones and parts of one. */
const BLOCKS = [
  [2, 63, 5, 3],
  [2, 64, 7, 1],
  [1, 65, 130, 2],
  [2, 129, 67, 5],
  [1, 193, 129, 64],
  [1, 300, 257, 33],
  [1, 130, 9, 257],
] as const;

const ONE_KEY: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "with a single key the scores' gradient is 0: the difference of two equal terms",
};

/** For logits of a standard deviation of 100, the largest near 400. */
const LARGE: Tolerance = {
  ...FORWARD,
  times: 25,
  reason: "float32 rounds a logit of 400 by up to 400 · 2^-24 = 2.4e-5, and its weight as much",
};

const LARGE_BACKWARD: Tolerance = {
  ...BACKWARD,
  againstTerms: true,
  reason: "nearly one-hot weights: the gradient is a difference of nearly equal terms",
};

function forwardCases(options: AttentionOptions): KernelCase[] {
  return [
    attentionWeightForwardCase(options),
    // Given its weights, a weighted sum has nothing to do with the size of logits.
    weightSumForwardCase({ ...options, tolerance: FORWARD }),
    attentionForwardCase(options),
    attentionForwardCase({ ...options, shared: "values" }),
    ...(options.queries === options.steps
      ? [attentionForwardCase({ ...options, shared: "both" })]
      : []),
  ];
}

function backwardCases(options: AttentionOptions): KernelCase[] {
  return [
    attentionWeightBackwardCase(options),
    attentionWeightBackwardCase({ ...options, shared: "gradients" }),
    weightSumBackwardCase({ ...options, tolerance: BACKWARD }),
    attentionBackwardCase(options),
    attentionBackwardCase({ ...options, shared: "gradients" }),
    attentionBackwardCase({ ...options, shared: "both" }),
  ];
}

/** Shapes, lengths, NaN, small, large and infinite scores. */
export function attentionCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [batch, queries, steps, size] of SHAPES) {
    const tolerance = steps === 1 ? { tolerance: ONE_KEY } : {};
    for (const lengths of ["null", "full", "mixed", "zero"] as const) {
      const shape = { batch, queries, steps, size, lengths };
      cases.push(...forwardCases(shape));
      for (const accumulate of [false, true]) {
        cases.push(...backwardCases({ ...shape, ...tolerance, accumulate }));
      }
    }
  }
  for (const [batch, queries, steps, size] of BLOCKS) {
    for (const lengths of ["null", "mixed"] as const) {
      const shape = { batch, queries, steps, size, lengths };
      cases.push(
        ...forwardCases(shape),
        ...backwardCases({ ...shape, accumulate: lengths === "null" }),
      );
    }
  }
  const shape = { batch: 3, queries: 5, steps: 9, size: 7 };
  for (const lengths of ["null", "mixed"] as const) {
    for (const nan of ["query", "keys", "values", "upstream"] as const) {
      cases.push(
        ...forwardCases({ ...shape, lengths, nan }),
        ...backwardCases({ ...shape, lengths, nan }),
      );
    }
    const tiny = { ...shape, lengths, logits: 1e-4, special: ", tiny logits" };
    cases.push(...forwardCases(tiny), ...backwardCases(tiny));
    for (const [queries, steps, size] of [
      [5, 9, 7],
      [3, 1024, 32],
    ] as const) {
      const sizes = { batch: 3, queries, steps, size };
      const special = { ...sizes, lengths, logits: 100, special: ", large logits" };
      cases.push(...forwardCases({ ...special, tolerance: LARGE }));
      cases.push(...backwardCases({ ...special, tolerance: LARGE_BACKWARD }));
    }
    for (const scores of Object.keys(SCORES) as (keyof typeof SCORES)[]) {
      for (const steps of [9, 300]) {
        const special = { ...shape, steps, lengths, scores };
        cases.push(...forwardCases(special), ...backwardCases(special));
      }
    }
  }
  return cases;
}
