import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, elements, type Gpu } from "../gpu.ts";
import { crossEntropy, negativeLogLikelihood } from "../shaders.generated.ts";
import { teamFor, teams } from "./teams.ts";

type Op =
  | "softmaxCrossEntropyForward"
  | "softmaxCrossEntropyBackward"
  | "negativeLogLikelihoodForward"
  | "negativeLogLikelihoodBackward";

/** What is wanted of a target besides, and of each of so many columns that smoothing is spread over. */
function wanted(smoothing: number, columns: number): { hit: number; even: number } {
  return { hit: 1 - smoothing, even: columns === 0 ? 0 : smoothing / columns };
}

/** Losses on a GPU. */
export function lossCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  return {
    softmaxCrossEntropyForward(
      logits,
      targets,
      ignored,
      smoothing,
      probabilities,
      losses,
      rows,
      columns,
    ) {
      const team = teamFor(columns);
      gpu.run(crossEntropy, "softmaxCrossEntropyForward", teams(rows, team), {
        logits: at(logits),
        targets: at(targets),
        probabilities: at(probabilities),
        losses: at(losses),
        d_logits: 0,
        rows,
        columns,
        team,
        ignored,
        smoothing,
        ...wanted(smoothing, columns),
        factor: 0,
      });
    },
    softmaxCrossEntropyBackward(
      probabilities,
      targets,
      ignored,
      smoothing,
      factor,
      dLogits,
      rows,
      columns,
    ) {
      gpu.run(crossEntropy, "softmaxCrossEntropyBackward", elements(rows * columns), {
        logits: 0,
        targets: at(targets),
        probabilities: at(probabilities),
        losses: 0,
        d_logits: at(dLogits),
        rows,
        columns,
        team: 1,
        ignored,
        smoothing,
        ...wanted(smoothing, columns),
        factor,
      });
    },
    negativeLogLikelihoodForward(
      probabilities,
      targets,
      ignored,
      smoothing,
      symbols,
      losses,
      rows,
      columns,
    ) {
      const smoothed = smoothing > 0 ? symbols : 0;
      const team = teamFor(smoothed);
      gpu.run(negativeLogLikelihood, "negativeLogLikelihoodForward", teams(rows, team), {
        probabilities: at(probabilities),
        targets: at(targets),
        losses: at(losses),
        d_probabilities: 0,
        rows,
        columns,
        team,
        ignored,
        smoothed,
        ...wanted(smoothing, symbols),
        factor: 0,
      });
    },
    negativeLogLikelihoodBackward(
      probabilities,
      targets,
      ignored,
      smoothing,
      symbols,
      factor,
      dProbabilities,
      rows,
      columns,
    ) {
      const groups = elements(rows * columns);
      gpu.run(negativeLogLikelihood, "negativeLogLikelihoodBackward", groups, {
        probabilities: at(probabilities),
        targets: at(targets),
        losses: 0,
        d_probabilities: at(dProbabilities),
        rows,
        columns,
        team: 1,
        ignored,
        smoothed: smoothing > 0 ? symbols : 0,
        ...wanted(smoothing, symbols),
        factor,
      });
    },
  };
}
