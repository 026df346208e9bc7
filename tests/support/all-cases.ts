import { activationCases } from "../../src/kernels/activations/cases.ts";
import { adamCases } from "../../src/kernels/adam/cases.ts";
import { attendCases } from "../../src/kernels/attend/cases.ts";
import { attentionCases } from "../../src/kernels/attention/cases.ts";
import { blocksCases } from "../../src/kernels/blocks/cases.ts";
import type { KernelCase } from "../../src/kernels/case.ts";
import { copyMixtureCases } from "../../src/kernels/copy-mixture/cases.ts";
import { crossEntropyCases } from "../../src/kernels/cross-entropy/cases.ts";
import { dropoutCases } from "../../src/kernels/dropout/cases.ts";
import { elementwiseCases } from "../../src/kernels/elementwise/cases.ts";
import { embeddingCases } from "../../src/kernels/embedding/cases.ts";
import { gaussianCases } from "../../src/kernels/gaussian/cases.ts";
import { gruCases } from "../../src/kernels/gru/cases.ts";
import { layerNormCases } from "../../src/kernels/layer-norm/cases.ts";
import { lstmCases } from "../../src/kernels/lstm/cases.ts";
import { lstmStatesCases } from "../../src/kernels/lstm-states/cases.ts";
import { matmulCases } from "../../src/kernels/matmul/cases.ts";
import { minimumCases } from "../../src/kernels/minimum/cases.ts";
import { likelihoodCases } from "../../src/kernels/negative-log-likelihood/cases.ts";
import { reductionCases } from "../../src/kernels/reductions/cases.ts";
import { rotaryCases } from "../../src/kernels/rotary/cases.ts";
import { softmaxCases } from "../../src/kernels/softmax/cases.ts";
import { sparseSoftmaxCases } from "../../src/kernels/sparse-softmax/cases.ts";

/** The cases of every op of the contract. */
export function allCases(): KernelCase[] {
  return [
    ...elementwiseCases(),
    ...reductionCases(),
    ...matmulCases(),
    ...softmaxCases(),
    ...sparseSoftmaxCases(),
    ...gaussianCases(),
    ...minimumCases(),
    ...attentionCases(),
    ...attendCases(),
    ...lstmCases(),
    ...lstmStatesCases(),
    ...gruCases(),
    ...embeddingCases(),
    ...crossEntropyCases(),
    ...copyMixtureCases(),
    ...likelihoodCases(),
    ...dropoutCases(),
    ...adamCases(),
    ...activationCases(),
    ...layerNormCases(),
    ...blocksCases(),
    ...rotaryCases(),
  ];
}

/** The op that a case calls: what its name begins with. */
export function opOf(kernelCase: KernelCase): string {
  return kernelCase.name.slice(0, kernelCase.name.indexOf(":"));
}
