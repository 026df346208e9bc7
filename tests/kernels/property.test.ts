import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activationBackwardCase,
  activationForwardCase,
} from "../../src/kernels/activations/cases.ts";
import { adamCase } from "../../src/kernels/adam/cases.ts";
import * as attend from "../../src/kernels/attend/case-builders.ts";
import { randomOptions } from "../../src/kernels/attend/case-random.ts";
import { STAGES } from "../../src/kernels/attend/contract.ts";
import * as attention from "../../src/kernels/attention/case-builders.ts";
import { addRepeatedCase, copyBlocksCase, maskUnmetCase } from "../../src/kernels/blocks/cases.ts";
import type { KernelCase } from "../../src/kernels/case.ts";
import {
  copyMixtureBackwardCase,
  copyMixtureForwardCase,
} from "../../src/kernels/copy-mixture/cases.ts";
import {
  crossEntropyBackwardCase,
  crossEntropyForwardCase,
} from "../../src/kernels/cross-entropy/cases.ts";
import { definitions } from "../../src/kernels/definitions.ts";
import { dropoutCase } from "../../src/kernels/dropout/cases.ts";
import * as elementwise from "../../src/kernels/elementwise/cases.ts";
import { embeddingBackwardCase, embeddingForwardCase } from "../../src/kernels/embedding/cases.ts";
import { gaussianBackwardCase, gaussianForwardCase } from "../../src/kernels/gaussian/cases.ts";
import { gruBackwardCase, gruForwardCase } from "../../src/kernels/gru/cases.ts";
import { layerNormBackwardCase, layerNormForwardCase } from "../../src/kernels/layer-norm/cases.ts";
import { lstmBackwardCase, lstmForwardCase } from "../../src/kernels/lstm/cases.ts";
import { lstmStatesCase } from "../../src/kernels/lstm-states/cases.ts";
import { matmulCase } from "../../src/kernels/matmul/cases.ts";
import { minimumBackwardCase, minimumForwardCase } from "../../src/kernels/minimum/cases.ts";
import {
  likelihoodBackwardCase,
  likelihoodForwardCase,
} from "../../src/kernels/negative-log-likelihood/cases.ts";
import * as reductions from "../../src/kernels/reductions/cases.ts";
import { rotateCase } from "../../src/kernels/rotary/cases.ts";
import { softmaxBackwardCase, softmaxForwardCase } from "../../src/kernels/softmax/cases.ts";
import { sparseBackwardCase, sparseForwardCase } from "../../src/kernels/sparse-softmax/cases.ts";
import { opOf } from "../support/all-cases.ts";
import { complaints } from "../support/compare.ts";
import { devicesUnderTest } from "../support/devices.ts";
import { expectedOf, runOn } from "../support/run-case.ts";

const RUNS = { numRuns: 40, seed: 20_260_501 };

const word = fc.nat(2 ** 32 - 1);
const flag = fc.boolean();
const some = fc.nat(20);
const few = fc.nat(5);
const lengths = fc.constantFrom("null", "full", "mixed", "zero");
const length = fc.oneof(fc.nat(9), fc.nat(300));
const rows = { rows: some, columns: some, seed: word };
const sequences = { batch: few, queries: some, steps: some, size: some, lengths, seed: word };
const gradients = { ...sequences, accumulate: flag };
const shared = fc.constantFrom("values", "gradients", "both");
const recurrent = {
  batch: few,
  steps: fc.nat(8),
  hidden: fc.nat(9),
  lengths,
  initial: fc.constantFrom("both", "h", "c", "none"),
  reverse: flag,
  seed: word,
} as const;
const gru = { ...recurrent, initial: fc.constantFrom("given", "none") } as const;
const copies = { batch: few, queries: few, steps: some, symbols: some, extra: few, seed: word };
const scale = fc.constantFrom(0.01, 0.3, 1, 10);
const bells = {
  rows: some,
  steps: fc.oneof(some, fc.nat(300)),
  deviation: fc.constantFrom(0.5, 1, 5),
  seed: word,
};
const masked = { batch: few, steps: some, size: some, inPlace: flag };
const alias = fc.constantFrom("none", "y = a", "y = b", "a = b", "all");
const logits = {
  rows: some,
  columns: fc.integer({ min: 1, max: 40 }),
  smoothing: fc.constantFrom(0, 0.1, 0.6),
  seed: word,
};

const guard = fc.constantFrom(null, 0, 3, Number.NaN, Number.POSITIVE_INFINITY);
const elements = fc.record({ length, seed: word, inPlace: flag });
const pairs = fc.nat(20);

/** Both passes of an activation. */
const activation = (name: "tanh" | "sigmoid" | "relu" | "gelu") => ({
  [`${name}Forward`]: elements.map((options) => activationForwardCase(name, options)),
  [`${name}Backward`]: elements.map((options) => activationBackwardCase(name, options)),
});

/** A case of random shape, numbers and flags for every op. */
const CASES: Readonly<Record<string, fc.Arbitrary<KernelCase>>> = {
  fill: length.map((n) => elementwise.fillCase(n, -2)),
  copy: length.map((n) => elementwise.copyCase(n)),
  add: fc.tuple(length, alias).map(([n, which]) => elementwise.pairCase("add", n, which)),
  multiply: fc.tuple(length, alias).map(([n, which]) => elementwise.pairCase("multiply", n, which)),
  scale: fc.tuple(length, flag).map(([n, inPlace]) => elementwise.scaleCase(n, 1.25, inPlace)),
  maskSteps: fc.record({ ...masked, lengths }).map(elementwise.maskStepsCase),
  sum: fc.tuple(length, word).map(([n, seed]) => reductions.sumCase(n, { seed })),
  sumRows: fc.record({ ...rows, accumulate: flag }).map(reductions.sumRowsCase),
  norm: fc
    .tuple(length, word, flag)
    .map(([n, seed, accumulate]) => reductions.normCase(n, { seed, accumulate })),
  clipToNorm: fc.tuple(length, few).map(([n, limit]) => reductions.clipToNormCase(n, 3, limit)),
  argmax: fc.record(rows).map(reductions.argmaxCase),
  matmul: fc
    .record({
      ...rows,
      inner: fc.nat(40),
      transposeA: flag,
      transposeB: flag,
      bias: flag,
      accumulate: flag,
    })
    .map(matmulCase),
  softmaxForward: fc.record({ ...rows, inPlace: flag }).map(softmaxForwardCase),
  softmaxBackward: fc
    .record({ ...rows, inPlace: flag })
    .map((options) => softmaxBackwardCase(options)),
  ...Object.fromEntries(
    (["sparsemax", "entmax"] as const).flatMap((op) => {
      const options = fc.record({
        op: fc.constant(op),
        rows: some,
        columns: fc.oneof(some, fc.nat(300)),
        seed: word,
        scale,
        inPlace: flag,
      });
      return [
        [`${op}Forward`, options.map(sparseForwardCase)],
        [`${op}Backward`, options.map((drawn) => sparseBackwardCase(drawn))],
      ];
    }),
  ),
  gaussianForward: fc.record(bells).map(gaussianForwardCase),
  gaussianBackward: fc.record(bells).map((options) => gaussianBackwardCase(options)),
  minimumForward: fc
    .record({ length, alias: fc.constantFrom("none", "y = a", "y = b", "a = b"), seed: word })
    .map(minimumForwardCase),
  minimumBackward: fc.record({ length, seed: word }).map(minimumBackwardCase),
  attentionWeightForward: fc.record(sequences).map(attention.attentionWeightForwardCase),
  attentionWeightBackward: fc.record(gradients).map(attention.attentionWeightBackwardCase),
  weightSumForward: fc.record(sequences).map(attention.weightSumForwardCase),
  weightSumBackward: fc.record(gradients).map(attention.weightSumBackwardCase),
  attentionForward: fc.record(sequences).map(attention.attentionForwardCase),
  attentionBackward: fc.record({ ...gradients, shared }).map(attention.attentionBackwardCase),
  attendForward: word.map((seed) => attend.attendForwardCase(randomOptions(seed))),
  attendBackward: word.map((seed) => attend.attendBackwardCase(randomOptions(seed))),
  attendBiasBackward: fc
    .record({ seed: word, biasAxes: fc.nat(15) })
    .map(({ seed, biasAxes }) =>
      attend.attendBiasBackwardCase({ ...randomOptions(seed), scores: "none", biasAxes }),
    ),
  attentionScores: fc
    .tuple(word, fc.constantFrom(...(Object.keys(STAGES) as (keyof typeof STAGES)[])))
    .map(([seed, stage]) => attend.attentionScoresCase(randomOptions(seed), stage)),
  lstmForward: fc.record(recurrent).map(lstmForwardCase),
  lstmBackward: fc.record(recurrent).map(lstmBackwardCase),
  lstmStates: fc
    .record({ ...recurrent, rows: fc.nat(6), before: fc.nat(3), behind: fc.nat(3), all: flag })
    .map(lstmStatesCase),
  gruForward: fc.record(gru).map(gruForwardCase),
  gruBackward: fc.record(gru).map(gruBackwardCase),
  embeddingForward: fc
    .record({ count: some, size: some, symbols: fc.integer({ min: 1, max: 9 }), seed: word })
    .map(embeddingForwardCase),
  embeddingBackward: fc
    .record({ count: some, size: some, symbols: fc.integer({ min: 1, max: 9 }), seed: word })
    .map(embeddingBackwardCase),
  softmaxCrossEntropyForward: fc.record(logits).map(crossEntropyForwardCase),
  softmaxCrossEntropyBackward: fc.record(logits).map(crossEntropyBackwardCase),
  copyMixtureForward: fc.record(copies).map(copyMixtureForwardCase),
  copyMixtureBackward: fc.record(copies).map(copyMixtureBackwardCase),
  negativeLogLikelihoodForward: fc.record(logits).map(likelihoodForwardCase),
  negativeLogLikelihoodBackward: fc.record(logits).map(likelihoodBackwardCase),
  dropout: fc
    .record({ length, seed: word, stream: word, threshold: word, inPlace: flag })
    .map(dropoutCase),
  adamStep: fc
    .record({
      length,
      step: fc.integer({ min: 1, max: 1000 }),
      loss: guard,
      norm: guard,
      seed: word,
    })
    .map(adamCase),
  ...activation("tanh"),
  ...activation("sigmoid"),
  ...activation("relu"),
  ...activation("gelu"),
  layerNormForward: fc.record({ ...rows, inPlace: flag }).map(layerNormForwardCase),
  layerNormBackward: fc.record({ ...rows, inPlace: flag }).map(layerNormBackwardCase),
  addRepeated: fc
    .record({ repeats: few, length: some, seed: word, inPlace: flag })
    .map(addRepeatedCase),
  copyBlocks: fc
    .record({
      blocks: few,
      length: some,
      xOffset: few,
      xGap: few,
      yOffset: few,
      yGap: few,
      accumulate: flag,
      repeated: flag,
      seed: word,
    })
    .map(copyBlocksCase),
  maskUnmet: fc
    .record({ rows: some, size: some, columns: few, inPlace: flag, seed: word })
    .map(maskUnmetCase),
  rotate: fc
    .record({
      outer: few,
      steps: some,
      inner: few,
      pairs,
      rest: few,
      offset: few,
      scattered: flag,
      interleaved: flag,
      inverse: flag,
      inPlace: flag,
      seed: word,
    })
    .map(({ pairs, rest, ...options }) =>
      rotateCase({ ...options, size: 2 * pairs + rest, rotated: 2 * pairs }),
    ),
};

/**
 * The bounds are those of the fixed cases, but held against the terms of a sum where they exceed it:
 * among random shapes are those whose few outputs happen to be almost 0.
 */
function randomCase(kernelCase: KernelCase): KernelCase {
  const reason = "random shapes: outputs may be what is left of terms that cancel";
  return { ...kernelCase, tolerance: { ...kernelCase.tolerance, againstTerms: true, reason } };
}

describe("the properties", () => {
  it("cover every op of the contract", () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(definitions).sort());
  });
});

for (const { name, dtype, device, skip } of devicesUnderTest) {
  describe(skip === null ? name : `${name} (skipped: ${skip})`, () => {
    for (const [op, arbitrary] of Object.entries(CASES)) {
      it.skipIf(skip !== null)(`${op} agrees with its definition in any shape`, async () => {
        if (device === null) throw new Error("a skipped device must not run");
        const agrees = async (drawn: KernelCase) => {
          const kernelCase = randomCase(drawn);
          expect(opOf(kernelCase)).toBe(op);
          const answer = await runOn(device, dtype, kernelCase, 8);
          expect(complaints(kernelCase, dtype, answer, expectedOf(kernelCase))).toEqual([]);
        };
        // A GPU that is played by a processor is slow.
        const runs = device.name === "webgpu" ? { ...RUNS, numRuns: 4 } : RUNS;
        await fc.assert(fc.asyncProperty(arbitrary, agrees), runs);
      });
    }
  });
}
