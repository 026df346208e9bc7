import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { Gpu } from "../gpu.ts";
import { elementwiseCalls } from "./elementwise-calls.ts";
import { embeddingCalls } from "./embedding-calls.ts";
import { lstmCalls } from "./lstm-calls.ts";
import { matmulCalls } from "./matmul-calls.ts";

/** The contract over the WGSL kernels. */
export function kernelCalls(gpu: Gpu): Kernels<Storage, Storage> {
  return {
    ...elementwiseCalls(gpu),
    ...embeddingCalls(gpu),
    ...lstmCalls(gpu),
    ...matmulCalls(gpu),
  } as Kernels<Storage, Storage>;
}
