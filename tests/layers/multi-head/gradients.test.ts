import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/core/random.ts";
import {
  indices,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type MultiHeadCall,
  RotaryPositions,
  type Tensor,
} from "../../../src/index.ts";
import { complaintsOf, type Subject } from "../../support/layer-gradients.ts";

const size = fc.integer({ min: 1, max: 3 });
const flag = fc.boolean();
const maybe = <Item>(item: fc.Arbitrary<Item>) => fc.option(item, { nil: undefined });

const CALLS = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  queries: fc.integer({ min: 1, max: 4 }),
  steps: fc.integer({ min: 1, max: 4 }),
  inputs: fc.constantFrom(1, 2, 3),
  groups: fc.constantFrom(1, 2),
  keyHeads: fc.constantFrom(1, 2),
  headSize: size,
  valueHeadSize: maybe(size),
  keySize: size,
  valueSize: size,
  outSize: maybe(size),
  hasBiases: flag,
  rotary: flag,
  lengths: flag,
  mask: fc.constantFrom(null, "keys", "all"),
  bias: fc.constantFrom(null, "queries", "all"),
  keepWeights: flag,
  dropoutStream: maybe(fc.nat(9)),
  rules: fc.record({
    causal: fc.constantFrom<MultiHeadCall["causal"][]>(false, true, "bottom-right", { offset: 1 }),
    window: maybe(fc.constantFrom<MultiHeadCall["window"][]>(1, { left: 1 })),
    alibi: flag,
    softcap: fc.constantFrom(0, 1.5),
    normalizer: fc.constantFrom<MultiHeadCall["normalizer"][]>("softmax", "entmax15", undefined),
  }),
  rulesOfCall: flag,
  seed: fc.nat(2 ** 32 - 1),
});
type Made = typeof CALLS extends fc.Arbitrary<infer Value> ? Value : never;

function subjectOf(made: Made): Subject {
  const { batch, inputs, queries, keyHeads, headSize, rules, seed } = made;
  const heads = made.groups * keyHeads;
  const size = heads * headSize;
  const alone = inputs === 1;
  const steps = alone ? queries : made.steps;
  const keySize = alone ? size : made.keySize;
  const valueSize = inputs === 3 ? made.valueSize : keySize;
  const options: MultiHeadAttentionOptions = {
    size,
    heads,
    keyHeads,
    keySize,
    valueSize,
    headSize,
    valueHeadSize: made.valueHeadSize,
    outSize: made.outSize,
    bias: made.hasBiases,
    ...(made.rotary && headSize > 1
      ? { rotary: new RotaryPositions({ size: headSize, rotated: 2 }) }
      : {}),
    dropout: { rate: 0.4, seed: 3 },
    dtype: "float64",
    ...(made.rulesOfCall ? {} : rules),
  };
  const layer = new MultiHeadAttention(options);
  const { device } = layer.params[0]!;
  const random = new Random(seed);
  const some = (length: number, below: number) =>
    Int32Array.from({ length }, () => random.integer(below));
  const maskShape = made.mask === "keys" ? [batch, 1, 1, steps] : [batch, heads, queries, steps];
  const mask = indices(
    some(
      maskShape.reduce((a, b) => a * b),
      3,
    ),
    maskShape,
    { device },
  );
  const lengths = indices(some(batch, steps + 1), [batch], { device });
  const biasShape = made.bias === "queries" ? [queries, steps] : [batch, heads, queries, steps];
  const call: MultiHeadCall = {
    ...(made.rulesOfCall ? rules : {}),
    return: { weights: made.keepWeights },
    training: made.dropoutStream !== undefined,
    dropoutStream: made.dropoutStream,
    ...(made.mask === null ? {} : { mask }),
    ...(made.lengths ? { lengths } : {}),
  };
  const shapes: Record<string, number[]> = { query: [batch, queries, size] };
  if (inputs > 1) shapes["keys"] = [batch, steps, keySize];
  if (inputs > 2) shapes["values"] = [batch, steps, valueSize];
  if (made.bias !== null) shapes["bias"] = biasShape;
  return {
    layer,
    shapes,
    forward: ({ query, keys, values, bias }) => {
      const out = layer.forward(query!, keys, values, { ...call, bias });
      return made.keepWeights ? [out, layer.attentionWeights] : [out];
    },
    backward: ([dOut, dWeights]) => {
      const [dQuery, dKeys, dValues] = layer.backward(dOut!, { dWeights });
      const found = { query: dQuery, keys: dKeys, values: dValues };
      const bias = made.bias === null ? undefined : layer.dBias;
      const entries = Object.entries({ ...found, bias }).filter(([, x]) => x !== undefined);
      return Object.fromEntries(entries) as Record<string, Tensor>;
    },
  };
}

describe("MultiHeadAttention's gradients are those of central differences", () => {
  test("for any sizes, inputs and options", () => {
    fc.assert(
      fc.property(CALLS, (made) => {
        expect(complaintsOf(subjectOf(made), made.seed)).toEqual([]);
      }),
      { numRuns: 60, seed: 20_261_124 },
    );
  });
});
