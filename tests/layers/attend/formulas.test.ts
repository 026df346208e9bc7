import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dtype } from "../../../src/core/storage.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import type { Device } from "../../../src/kernels/device.ts";
import { attention } from "../../../src/layers/attend/attention.ts";
import {
  type AttentionCase,
  argumentsOf,
  attentionCases,
  numbersOf,
} from "../../support/attention-cases.ts";
import { expectedOf } from "../../support/attention-oracle.ts";
import { distance } from "../../support/compare.ts";
import { openDevices } from "../../support/devices.ts";

const STAGES = ["raw", "capped", "masked"] as const;

/** What a call gives otherwise than the formulas do. */
function complaintsOf(each: AttentionCase, device: Device, dtype: Dtype): string[] {
  const numbers = numbersOf(each);
  const { tensors, options } = argumentsOf(each, numbers, device, dtype);
  const { query, keys, values } = tensors;
  const expected = expectedOf(each, numbers);
  const scores = STAGES[each.seed % 3]!;
  const all = { weights: true, scores, logSumExp: true };
  const result = attention(query!, keys!, values!, { ...options, return: all });
  const lean = attention(query!, keys!, values!, options);
  const found: readonly [string, Tensor | undefined, ArrayLike<number>][] = [
    ["context", result.context, expected.context],
    ["context without weights", lean.context, expected.context],
    ["weights", result.weights, expected.weights],
    [scores, result.scores, expected[scores]],
    ["logSumExp", result.logSumExp, expected.logSumExp],
  ];
  const complaints = found.flatMap(([name, actual, numbers]) => {
    if (actual === undefined) return [`${name} is missing`];
    const { data } = actual;
    if (data.length !== numbers.length) return [`${name} has ${data.length} numbers`];
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(numbers[i]) || Object.is(numbers[i], data[i])) continue;
      return [`${name}[${i}] is ${data[i]}, must be ${numbers[i]}`];
    }
    const { error, norm, worst } = distance(numbers, data);
    // Weights of scores of up to 30 or so: exp turns an absolute error of a score into a relative one.
    if (error <= (dtype === "float64" ? 1e-12 : 1e-5) * Math.max(norm, 1)) return [];
    return [`${name}[${worst}] is ${data[worst]}, must be ${numbers[worst]}`];
  });
  result.dispose();
  lean.dispose();
  return complaints;
}

describe("with any options, context, weights, scores and logSumExp are those of the formulas", () => {
  for (const { name, device, dtype } of openDevices("", "in full runs")) {
    test(`on ${name}`, { timeout: 60_000 }, () => {
      fc.assert(
        fc.property(attentionCases, (each) => {
          expect(complaintsOf(each, device, dtype)).toEqual([]);
        }),
        { numRuns: 300, seed: 20_261_124 },
      );
    });
  }
});
