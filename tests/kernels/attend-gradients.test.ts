import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numbersOf } from "../../src/kernels/attend/case-numbers.ts";
import {
  type AttendOptions,
  nameOf,
  planOf,
  settingOf,
} from "../../src/kernels/attend/case-options.ts";
import { randomOptions } from "../../src/kernels/attend/case-random.ts";
import type { AttentionInputs } from "../../src/kernels/attend/contract.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import { type Arrays, type Differentiable, gradientComplaints } from "../support/gradient-check.ts";

/** Nothing is read that must not be: NaN does not differentiate. */
const finite = (x: Float32Array): Float64Array =>
  Float64Array.from(x, (value) =>
    Number.isNaN(value) || value === Number.POSITIVE_INFINITY ? 0.5 : value,
  );

function unset(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

/** The op of a setting, by every input that has a gradient; its outputs are context and weights. */
function attention(options: AttendOptions): Differentiable {
  const s = settingOf(options);
  const plan = planOf(s);
  const x = numbersOf(options);
  const { lengths, mask } = x.inputs;
  const [rows, keyRows] = [s.batch * s.heads * s.queries, s.batch * s.keyHeads * plan.capacity];
  const slopes = x.inputs.slopes === null ? null : Float64Array.from(x.slopes);
  // Differences of −∞ are NaN; what is −∞ stays so, and is added to the finite ones below.
  const denied = x.bias.map((value) => (value === Number.NEGATIVE_INFINITY ? value : 0));
  const inputs: Record<string, Float64Array> = {
    query: finite(x.query),
    keys: finite(x.keys).map((value) => Math.max(value, -9)),
    values: finite(x.values).map((value) => Math.max(value, -9)),
  };
  if (x.inputs.vector !== null) inputs["vector"] = finite(x.vector);
  if (x.inputs.bias !== null) inputs["bias"] = finite(x.bias).map((value) => Math.max(value, -9));
  const argumentsOf = (from: Arrays): AttentionInputs<Float64Array, Int32Array> => ({
    query: from["query"]!,
    keys: from["keys"]!,
    values: from["values"]!,
    vector: from["vector"] ?? null,
    lengths,
    mask,
    bias: from["bias"]?.map((value, i) => value + denied[i]!) ?? null,
    slopes,
  });
  const forward = (from: Arrays) => {
    const context = unset(rows * s.valueSize);
    const weights = unset(rows * s.steps);
    const left = { maxima: unset(rows), sums: unset(rows) };
    definitions.attendForward(argumentsOf(from), plan, context, left, weights, null);
    return { context, weights, left };
  };
  return {
    inputs,
    forward: (from) => {
      const { context, weights } = forward(from);
      return [context, weights];
    },
    backward: (from, [dContext, dWeights]) => {
      const { context, weights, left } = forward(from);
      const kept = s.keep ? weights : null;
      const dots = unset(rows);
      const gradients = {
        query: unset(rows * s.size),
        keys: unset(keyRows * s.size),
        values: unset(keyRows * s.valueSize),
      };
      const dVectors = x.inputs.vector === null ? null : unset(keyRows * s.size);
      const given = argumentsOf(from);
      definitions.attendBackward(
        given,
        plan,
        context,
        left,
        kept,
        dContext!,
        dWeights!,
        dots,
        gradients.query,
        gradients.keys,
        gradients.values,
        dVectors,
      );
      const all: Record<string, Float64Array> = gradients;
      if (dVectors !== null) {
        all["vector"] = new Float64Array(s.size);
        definitions.sumRows(dVectors, all["vector"], keyRows, s.size, false);
      }
      if (given.bias !== null) {
        const dBias = unset(given.bias.length);
        all["bias"] = dBias;
        definitions.attendBiasBackward(given, plan, left, kept, dContext!, dWeights!, dots, dBias);
      }
      return all;
    },
  };
}

const SHAPE = { batch: 2, heads: 4, keyHeads: 2, queries: 3, steps: 5, size: 3, valueSize: 2 };

const FEATURES: AttendOptions[] = [
  {},
  { keyHeads: 4 },
  { keyHeads: 1, sideBySide: true },
  { spare: 2, sideBySide: true },
  { scale: -0.7, keep: true },
  { scale: 0 },
  { softcap: 1.5 },
  { score: "additive" },
  { score: "additive, v" },
  { score: "additive, v", softcap: 1.5, scale: 0.5, sideBySide: true, keep: true },
  { lengths: "mixed" },
  { lengths: "zero" },
  { maskAxes: 15 },
  { maskAxes: 12, mask: "rows" },
  { maskAxes: 1, mask: "nothing" },
  ...Array.from({ length: 16 }, (_, biasAxes): AttendOptions => ({ biasAxes })),
  { biasAxes: 15, bias: "rows of −∞" },
  { biasAxes: 10, bias: "some −∞", dropout: 0.4 },
  { slopes: true },
  { right: 0 },
  { right: 0, toEnd: true, shift: -3, lengths: "mixed" },
  { left: 1, right: 1, shift: 1 },
  { dropout: 0.5 },
  { dropout: 0.2, keep: true, maskAxes: 12 },
  { normalizer: "sparsemax" },
  { normalizer: "entmax15" },
  { normalizer: "sparsemax", biasAxes: 14, bias: "some −∞", lengths: "mixed" },
  { normalizer: "entmax15", score: "additive, v", right: 0, dropout: 0.3, softcap: 2 },
];

describe("the general attention has the gradient of its context and of its weights", () => {
  const settings = FEATURES.map((feature) => ({ ...SHAPE, ...feature }));
  it.each(settings.map((options) => [nameOf("of", options), options] as const))(
    "%s",
    (_, options) => {
      expect(gradientComplaints(attention(options))).toEqual([]);
    },
  );

  it("in settings at random", () => {
    const seeds = fc.nat(2 ** 31 - 1);
    fc.assert(
      fc.property(seeds, (seed) => {
        const { scores: _, ...drawn } = randomOptions(seed);
        const options: AttendOptions = {
          ...drawn,
          batch: Math.min(drawn.batch ?? 1, 2),
          queries: Math.min(drawn.queries ?? 1, 4),
          steps: Math.min(drawn.steps ?? 1, 6),
          size: Math.min(drawn.size ?? 1, 3),
          valueSize: Math.min(drawn.valueSize ?? 1, 3),
          spare: Math.min(drawn.spare ?? 0, 1),
          shared: "none",
        };
        const found = gradientComplaints(attention(options));
        expect(found, nameOf("attention", options)).toEqual([]);
      }),
      { numRuns: 300, seed: 20_261_124 },
    );
  }, 60_000);
});
