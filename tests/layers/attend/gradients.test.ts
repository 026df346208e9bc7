import fc from "fast-check";
import { expect, it } from "vitest";
import type { Tensor } from "../../../src/core/tensor.ts";
import { tensor } from "../../../src/devices/create.ts";
import { ReferenceDevice } from "../../../src/devices/reference/reference-device.ts";
import { attention } from "../../../src/layers/attend/attention.ts";
import type { AttentionResult } from "../../../src/layers/attend/result.ts";
import {
  type AttentionCase,
  argumentsOf,
  attentionCases,
  numbersOf,
} from "../../support/attention-cases.ts";
import { gradientsByName } from "../../support/attention-gradients.ts";
import { gradientComplaints } from "../../support/gradient-check.ts";

const device = new ReferenceDevice();
const outputs = fc.constantFrom("context" as const, "weights" as const, "both" as const);

function complaintsOf(each: AttentionCase, which: "context" | "weights" | "both"): string[] {
  const numbers = numbersOf(each);
  let result: AttentionResult | null = null;
  const [wantsContext, wantsWeights] = [which !== "weights", which !== "context"];
  return gradientComplaints({
    inputs: numbers.floats,
    forward: (floats) => {
      const { tensors, options } = argumentsOf(each, { ...numbers, floats }, device, "float64");
      const { query, keys, values } = tensors;
      result = attention(query!, keys!, values!, { ...options, return: { weights: wantsWeights } });
      const found = [...(wantsContext ? [result.context] : []), result.weights ?? []].flat();
      return found.map(({ data }) => data);
    },
    backward: (_, upstream) => {
      const { context, weights } = result!;
      const next = [...upstream];
      const like = (x: Tensor): Tensor =>
        tensor(next.shift()!, x.shape, { dtype: "float64", device });
      const dContext = wantsContext ? like(context) : undefined;
      const more = wantsWeights ? { dWeights: like(weights!) } : {};
      const gradients = gradientsByName(result!.backward(dContext, more));
      return Object.fromEntries(Object.entries(gradients).map(([name, x]) => [name, x.data]));
    },
  });
}

it("every gradient of every combination of options is that of central differences", () => {
  fc.assert(
    fc.property(attentionCases, outputs, (each, which) => {
      expect(complaintsOf(each, which)).toEqual([]);
    }),
    { numRuns: 400, seed: 20_261_124 },
  );
}, 60_000);
