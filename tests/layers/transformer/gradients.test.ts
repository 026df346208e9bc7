import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/core/random.ts";
import {
  indices,
  RotaryPositions,
  type TransformerBlockOptions,
  TransformerDecoderBlock,
  TransformerEncoderBlock,
} from "../../../src/index.ts";
import { complaintsOf, type Subject } from "../../support/layer-gradients.ts";

const flag = fc.boolean();
const few = fc.integer({ min: 1, max: 3 });

const BLOCKS = fc.record({
  batch: fc.constantFrom(1, 2),
  steps: few,
  memorySteps: few,
  keyHeads: fc.constantFrom(1, 2),
  groups: fc.constantFrom(1, 2),
  hidden: few,
  memorySize: few,
  norm: fc.constantFrom<("pre" | "post")[]>("pre", "post"),
  activation: fc.constantFrom<("gelu" | "relu")[]>("gelu", "relu"),
  bias: flag,
  rotary: flag,
  biasOfScores: flag,
  lengths: flag,
  causal: flag,
  keepWeights: flag,
  dropoutStream: fc.option(fc.nat(9), { nil: undefined }),
  seed: fc.nat(2 ** 32 - 1),
});
type Made = typeof BLOCKS extends fc.Arbitrary<infer Value> ? Value : never;

function settingsOf(made: Made) {
  const { batch, steps, hidden, norm, activation, bias, causal, keepWeights, dropoutStream } = made;
  const heads = made.keyHeads * made.groups;
  // The norm of two numbers is ±1, with next to no slope: too little to differentiate.
  const size = Math.max(heads * 2, 3);
  const options: TransformerBlockOptions = {
    ...{ size, heads, hidden, norm, activation, bias },
    keyHeads: made.keyHeads,
    ...(made.rotary && heads > 1 ? { rotary: new RotaryPositions({ size: 2 }) } : {}),
    dropout: { rate: 0.3, seed: 5 },
    dtype: "float64",
  };
  const random = new Random(made.seed);
  const lengths = (most: number) =>
    made.lengths
      ? Int32Array.from({ length: batch }, () => random.integer(most + 1))
      : new Int32Array(batch).fill(most);
  const shapes: Record<string, readonly number[]> = { x: [batch, steps, size] };
  if (made.biasOfScores) shapes["bias"] = [heads, steps, steps];
  const training = dropoutStream !== undefined;
  const call = { causal, training, dropoutStream, return: { weights: keepWeights } };
  return { options, lengths, shapes, call };
}

function encoderSubject(made: Made): Subject {
  const { options, lengths, shapes, call } = settingsOf(made);
  const layer = new TransformerEncoderBlock(options);
  const given = indices(lengths(made.steps), undefined, { device: layer.params[0]!.device });
  return {
    layer,
    shapes,
    forward: ({ x, bias }) => {
      const y = layer.forward(x!, { ...call, bias, lengths: given });
      return made.keepWeights ? [y, layer.attentionWeights] : [y];
    },
    backward: ([dy, dWeights]) => {
      const dx = layer.backward(dy!, { dWeights });
      return made.biasOfScores ? { x: dx, bias: layer.dBias } : { x: dx };
    },
  };
}

function decoderSubject(made: Made): Subject {
  const { options, lengths, shapes, call } = settingsOf(made);
  const { memorySize, memorySteps } = made;
  const layer = new TransformerDecoderBlock({ ...options, memorySize });
  const place = { device: layer.params[0]!.device };
  const given = {
    ...call,
    lengths: indices(lengths(made.steps), undefined, place),
    memoryLengths: indices(lengths(memorySteps), undefined, place),
  };
  return {
    layer,
    shapes: {
      ...shapes,
      memory: [made.batch, memorySteps, memorySize],
      ...(made.biasOfScores ? { memoryBias: [made.batch, 1, 1, memorySteps] } : {}),
    },
    forward: ({ x, memory, bias, memoryBias }) => {
      const y = layer.forward(x!, memory!, { ...given, bias, memoryBias });
      return made.keepWeights ? [y, layer.attentionWeights, layer.crossAttentionWeights] : [y];
    },
    backward: ([dy, dWeights, dCrossWeights]) => {
      const [dx, dMemory] = layer.backward(dy!, { dWeights, dCrossWeights });
      const found = { x: dx, memory: dMemory };
      if (!made.biasOfScores) return found;
      return { ...found, bias: layer.dBias, memoryBias: layer.dMemoryBias };
    },
  };
}

describe("a block's gradients are those of central differences, whatever its options", () => {
  test.each([
    ["TransformerEncoderBlock", encoderSubject],
    ["TransformerDecoderBlock", decoderSubject],
  ])("%s", { timeout: 60_000 }, (_, subjectOf) => {
    fc.assert(
      fc.property(BLOCKS, (made) => {
        expect(complaintsOf(subjectOf(made), made.seed)).toEqual([]);
      }),
      { numRuns: 12, seed: 20_261_125 },
    );
  });
});
