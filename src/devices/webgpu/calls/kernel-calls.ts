import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { Gpu } from "../gpu.ts";
import { activationsCalls } from "./activations-calls.ts";
import { attendCalls } from "./attend-calls.ts";
import { attentionCalls } from "./attention-calls.ts";
import { blocksCalls } from "./blocks-calls.ts";
import { copyMixtureCalls } from "./copy-mixture-calls.ts";
import { elementwiseCalls } from "./elementwise-calls.ts";
import { embeddingCalls } from "./embedding-calls.ts";
import { gruCalls } from "./gru-calls.ts";
import { layerNormCalls } from "./layer-norm-calls.ts";
import { localCalls } from "./local-calls.ts";
import { lossCalls } from "./loss-calls.ts";
import { lstmCalls } from "./lstm-calls.ts";
import { matmulCalls } from "./matmul-calls.ts";
import { reductionsCalls } from "./reductions-calls.ts";
import { softmaxCalls } from "./softmax-calls.ts";
import { trainingCalls } from "./training-calls.ts";

/** The contract over the WGSL kernels. */
export function kernelCalls(gpu: Gpu): Kernels<Storage, Storage> {
  return {
    ...activationsCalls(gpu),
    ...blocksCalls(gpu),
    ...attendCalls(gpu),
    ...attentionCalls(gpu),
    ...copyMixtureCalls(gpu),
    ...elementwiseCalls(gpu),
    ...layerNormCalls(gpu),
    ...localCalls(gpu),
    ...lossCalls(gpu),
    ...embeddingCalls(gpu),
    ...gruCalls(gpu),
    ...lstmCalls(gpu),
    ...matmulCalls(gpu),
    ...reductionsCalls(gpu),
    ...softmaxCalls(gpu),
    ...trainingCalls(gpu),
  };
}
