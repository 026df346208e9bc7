import type { AttentionKernels } from "./attend/contract.ts";
import type { Kernels } from "./kernels.ts";

/**
 * The ops that the notebook's layers do without. A page that needs none of them does
 * not download them: devices begin without, and `familyDevice` of src/devices/family.ts adds them.
 */
export const FAMILY_OPS = [
  "attendBiasBackward",
  "attentionScores",
  "sparsemaxForward",
  "sparsemaxBackward",
  "entmaxForward",
  "entmaxBackward",
  "gaussianForward",
  "gaussianBackward",
  "minimumForward",
  "minimumBackward",
  "tanhForward",
  "tanhBackward",
  "sigmoidForward",
  "sigmoidBackward",
  "reluForward",
  "reluBackward",
  "geluForward",
  "geluBackward",
  "layerNormForward",
  "layerNormBackward",
  "addRepeated",
  "copyBlocks",
  "maskUnmet",
  "rotate",
  "lstmStates",
  "gruForward",
  "gruBackward",
  "copyMixtureForward",
  "copyMixtureBackward",
  "negativeLogLikelihoodForward",
  "negativeLogLikelihoodBackward",
] as const satisfies readonly (keyof Kernels<unknown, unknown>)[];

/** The name of such an op. */
export type FamilyOp = (typeof FAMILY_OPS)[number];

/** What devices begin with. `attendForward` and `attendBackward` follow PLAIN_PLAN alone there. */
export type CoreKernels<F, I> = Omit<Kernels<F, I>, FamilyOp>;

/** What they lack: those ops, and those two by any plan. */
export type FamilyKernels<F, I> = Pick<Kernels<F, I>, FamilyOp> &
  Pick<AttentionKernels<F, I>, "attendForward" | "attendBackward">;
