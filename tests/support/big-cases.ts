import {
  activationBackwardCase,
  activationForwardCase,
} from "../../src/kernels/activations/cases.ts";
import { adamCase } from "../../src/kernels/adam/cases.ts";
import * as attend from "../../src/kernels/attend/case-builders.ts";
import type { AttendOptions } from "../../src/kernels/attend/case-options.ts";
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
import { dropoutCase } from "../../src/kernels/dropout/cases.ts";
import { embeddingForwardCase } from "../../src/kernels/embedding/cases.ts";
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
import { sumRowsCase } from "../../src/kernels/reductions/cases.ts";
import { rotateCase } from "../../src/kernels/rotary/cases.ts";
import { softmaxBackwardCase, softmaxForwardCase } from "../../src/kernels/softmax/cases.ts";
import { sparseBackwardCase, sparseForwardCase } from "../../src/kernels/sparse-softmax/cases.ts";

const seed = 7;
const batched = { batch: 5, queries: 67, steps: 131, size: 96, lengths: "mixed", seed } as const;
/** One sequence: nothing but its rows can be shared out. */
const alone = { batch: 1, queries: 301, steps: 257, size: 64, lengths: "null", seed } as const;
const recurrent = {
  batch: 33,
  steps: 5,
  hidden: 129,
  lengths: "mixed",
  initial: "both",
  seed,
} as const;
const transposes = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));

/** Long rows, and rules that leave some threads less to do than others. */
const rules: AttendOptions[] = [
  { batch: 1, queries: 501, steps: 503, size: 16, right: 0 },
  { batch: 1, heads: 6, keyHeads: 2, queries: 301, steps: 257, size: 32, sideBySide: true },
  { batch: 2, heads: 2, queries: 403, steps: 403, size: 8, left: 40, right: 7, lengths: "mixed" },
  { batch: 2, heads: 2, queries: 203, steps: 301, size: 16, biasAxes: 14, bias: "some −∞" },
  {
    batch: 1,
    heads: 2,
    queries: 203,
    steps: 301,
    size: 16,
    biasAxes: 8,
    maskAxes: 12,
    dropout: 0.5,
  },
  { batch: 1, heads: 3, queries: 67, steps: 131, size: 33, score: "additive, v" },
  { batch: 3, queries: 203, steps: 131, size: 16, normalizer: "entmax15", biasAxes: 0 },
];

/** Cases so large that they are worth several threads, in sizes that no number of parts divides. */
export function bigCases(): KernelCase[] {
  const attentions = [batched, alone].flatMap((options) => [
    attention.attentionForwardCase(options),
    attention.attentionBackwardCase({ ...options, shared: "both", accumulate: false }),
    attention.attentionBackwardCase({ ...options, accumulate: true }),
    attention.attentionWeightForwardCase(options),
    attention.weightSumBackwardCase(options),
  ]);
  const products = transposes.flatMap(([transposeA, transposeB]) => [
    matmulCase({ rows: 201, columns: 317, inner: 301, transposeA, transposeB, bias: true, seed }),
    matmulCase({ rows: 1, columns: 2003, inner: 1301, transposeA, transposeB, seed }),
  ]);
  const general = rules.flatMap((rule) => {
    const options = { ...rule, seed };
    const kept = { ...options, keep: true, dWeights: true };
    return [
      attend.attendForwardCase(options),
      attend.attendForwardCase(kept),
      attend.attendBackwardCase(options),
      attend.attendBackwardCase(kept),
      attend.attentionScoresCase(options, "masked"),
      ...(rule.biasAxes === undefined ? [] : [attend.attendBiasBackwardCase(options)]),
    ];
  });
  const rows = { rows: 1003, columns: 517, seed };
  return [
    ...attentions,
    ...general,
    ...products,
    lstmForwardCase(recurrent),
    lstmBackwardCase(recurrent),
    lstmForwardCase({ ...recurrent, reverse: true }),
    lstmStatesCase({ ...recurrent, rows: 7, behind: 3, reverse: true }),
    lstmBackwardCase({ ...recurrent, reverse: true }),
    ...[false, true].flatMap((reverse) => [
      gruForwardCase({ ...recurrent, initial: "given", reverse }),
      gruBackwardCase({ ...recurrent, initial: "given", reverse }),
    ]),
    softmaxForwardCase(rows),
    softmaxBackwardCase(rows),
    ...(["sparsemax", "entmax"] as const).flatMap((op) => [
      sparseForwardCase({ ...rows, op }),
      sparseBackwardCase({ ...rows, op }),
    ]),
    gaussianForwardCase({ rows: 1003, steps: 517, deviation: 9, seed }),
    gaussianBackwardCase({ rows: 1003, steps: 517, deviation: 9, seed }),
    minimumForwardCase({ length: 500_003, seed }),
    minimumBackwardCase({ length: 500_003, seed }),
    sumRowsCase({ ...rows, accumulate: false }),
    crossEntropyForwardCase(rows),
    crossEntropyBackwardCase(rows),
    crossEntropyForwardCase({ ...rows, smoothing: 0.1 }),
    crossEntropyBackwardCase({ ...rows, smoothing: 0.1 }),
    copyMixtureForwardCase({ batch: 3, queries: 67, steps: 41, symbols: 517, extra: 30, seed }),
    copyMixtureBackwardCase({ batch: 3, queries: 67, steps: 41, symbols: 517, extra: 30, seed }),
    likelihoodForwardCase({ ...rows, smoothing: 0.1, symbols: 501 }),
    likelihoodBackwardCase({ ...rows, smoothing: 0.1, symbols: 501 }),
    dropoutCase({ length: 500_003, seed, stream: 1, threshold: 2 ** 30, inPlace: false }),
    embeddingForwardCase({ count: 2003, size: 301, symbols: 50, seed }),
    adamCase({ length: 500_003, step: 3, seed }),
    ...(["tanh", "sigmoid", "relu", "gelu"] as const).flatMap((activation) => [
      activationForwardCase(activation, { length: 500_003, seed }),
      activationBackwardCase(activation, { length: 500_003, seed }),
    ]),
    layerNormForwardCase(rows),
    layerNormBackwardCase({ ...rows, inPlace: true }),
    addRepeatedCase({ repeats: 13, length: 40_009, seed }),
    maskUnmetCase({ rows: 2003, size: 301, columns: 67, seed }),
    copyBlocksCase({ blocks: 1003, length: 517, xGap: 3, yGap: 5, accumulate: true, seed }),
    ...[false, true].map((interleaved) =>
      rotateCase({ outer: 3, steps: 301, inner: 5, size: 97, rotated: 90, interleaved, seed }),
    ),
  ];
}
