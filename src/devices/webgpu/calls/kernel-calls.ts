import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { Gpu } from "../gpu.ts";
import { attendCalls } from "./attend-calls.ts";
import { attentionCalls } from "./attention-calls.ts";
import { elementwiseCalls } from "./elementwise-calls.ts";
import { matmulCalls } from "./matmul-calls.ts";

/** The contract over the WGSL kernels. */
export function kernelCalls(gpu: Gpu): Kernels<Storage, Storage> {
  return {
    ...attendCalls(gpu),
    ...attentionCalls(gpu),
    ...elementwiseCalls(gpu),
    ...matmulCalls(gpu),
  } as Kernels<Storage, Storage>;
}
