import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { Gpu } from "../gpu.ts";
import { elementwiseCalls } from "./elementwise-calls.ts";
import { matmulCalls } from "./matmul-calls.ts";
import { reductionsCalls } from "./reductions-calls.ts";

/** The contract over the WGSL kernels. */
export function kernelCalls(gpu: Gpu): Kernels<Storage, Storage> {
  return {
    ...elementwiseCalls(gpu),
    ...matmulCalls(gpu),
    ...reductionsCalls(gpu),
  } as Kernels<Storage, Storage>;
}
