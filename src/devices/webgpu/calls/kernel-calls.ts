import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { Gpu } from "../gpu.ts";
import { copyMixtureCalls } from "./copy-mixture-calls.ts";
import { elementwiseCalls } from "./elementwise-calls.ts";
import { embeddingCalls } from "./embedding-calls.ts";
import { gruCalls } from "./gru-calls.ts";
import { lstmCalls } from "./lstm-calls.ts";
import { matmulCalls } from "./matmul-calls.ts";

/** The contract over the WGSL kernels. */
export function kernelCalls(gpu: Gpu): Kernels<Storage, Storage> {
  return {
    ...copyMixtureCalls(gpu),
    ...elementwiseCalls(gpu),
    ...embeddingCalls(gpu),
    ...gruCalls(gpu),
    ...lstmCalls(gpu),
    ...matmulCalls(gpu),
  } as Kernels<Storage, Storage>;
}
