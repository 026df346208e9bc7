import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu, rows } from "../gpu.ts";
import { copyMixture } from "../shaders.generated.ts";

/** CHUNK of src/kernels/copy-mixture/kernel.wgsl. */
const CHUNK = 2048;

/** The pointer-generator's mixture on a GPU. */
export function copyMixtureCalls(
  gpu: Gpu,
): Pick<Kernels<Storage, Storage>, "copyMixtureForward" | "copyMixtureBackward"> {
  return {
    copyMixtureForward(
      probabilities,
      gate,
      weights,
      ids,
      y,
      batch,
      queries,
      steps,
      symbols,
      width,
    ) {
      const count = batch * queries;
      const [across, down] = rows(count);
      gpu.run(copyMixture, "copyMixtureForward", [across, down, Math.ceil(width / CHUNK)], {
        probabilities: at(probabilities),
        gate: at(gate),
        weights: at(weights),
        ids: at(ids),
        y: at(y),
        d_probabilities: 0,
        d_gate: 0,
        d_weights: 0,
        rows: count,
        queries,
        steps,
        symbols,
        width,
      });
    },
    copyMixtureBackward(
      probabilities,
      gate,
      weights,
      ids,
      dy,
      dProbabilities,
      dGate,
      dWeights,
      batch,
      queries,
      steps,
      symbols,
      width,
    ) {
      const count = batch * queries;
      gpu.run(copyMixture, "copyMixtureBackward", rows(count), {
        probabilities: at(probabilities),
        gate: at(gate),
        weights: at(weights),
        ids: at(ids),
        y: at(dy),
        d_probabilities: at(dProbabilities),
        d_gate: at(dGate),
        d_weights: at(dWeights),
        rows: count,
        queries,
        steps,
        symbols,
        width,
      });
    },
  };
}
