import type { Storage } from "../core/storage.ts";
import type { FamilyKernels } from "../kernels/family.ts";
import { at, type Export, orNull } from "./addresses.ts";
import { attendCalls, numbersOf } from "./attend-calls.ts";
import { layerCalls } from "./layer-calls.ts";
import { sequenceCalls } from "./sequence-calls.ts";
import { sparseCalls } from "./sparse-calls.ts";

type Calls = FamilyKernels<Storage, Storage>;

/** The part of the contract that only the family of attention needs, as `kernelCalls`. */
export function familyCalls(run: Readonly<Record<keyof Calls, Export>>, settle: () => void): Calls {
  return {
    ...attendCalls(run, settle),
    ...sparseCalls(run, settle),
    ...layerCalls(run, settle),
    ...sequenceCalls(run, settle),
    attendBiasBackward(inputs, plan, rows, weights, dContext, dWeights, dots, dBias) {
      run.attendBiasBackward(
        ...numbersOf(inputs, plan),
        at(rows.maxima),
        at(rows.sums),
        orNull(weights),
        at(dContext),
        orNull(dWeights),
        at(dots),
        at(dBias),
      );
      settle();
    },
    attentionScores(inputs, plan, stage, scores) {
      run.attentionScores(...numbersOf(inputs, plan), stage, at(scores));
      settle();
    },
  };
}
