import type { Storage } from "../core/storage.ts";
import type { SequenceKernels } from "../kernels/sequence-kernels.ts";
import { at, bit, type Export, orNull } from "./addresses.ts";

type Calls = SequenceKernels<Storage, Storage>;

/** The part of the contract that is in sequence-kernels.ts, as `kernelCalls`. */
export function sequenceCalls(
  run: Readonly<Record<keyof Calls, Export>>,
  settle: () => void,
): Calls {
  return {
    lstmStates(inputs, ids, wh, h0, c0, lengths, hs, hLast, cLast, sums, ...sizes) {
      const [batch, steps, hidden, width, offset, reverse] = sizes;
      run.lstmStates(
        at(inputs),
        orNull(ids),
        at(wh),
        orNull(h0),
        orNull(c0),
        orNull(lengths),
        orNull(hs),
        at(hLast),
        at(cLast),
        at(sums),
        batch,
        steps,
        hidden,
        width,
        offset,
        bit(reverse),
      );
      settle();
    },
    gruForward(gates, wh, bn, h0, lengths, past, hs, hLast, batch, steps, hidden, reverse) {
      run.gruForward(
        at(gates),
        at(wh),
        at(bn),
        orNull(h0),
        orNull(lengths),
        at(past),
        at(hs),
        at(hLast),
        batch,
        steps,
        hidden,
        bit(reverse),
      );
      settle();
    },
    gruBackward(
      gates,
      wh,
      h0,
      lengths,
      past,
      hs,
      dhs,
      dhLast,
      dGates,
      dPast,
      dh0,
      dwh,
      batch,
      steps,
      hidden,
      reverse,
    ) {
      run.gruBackward(
        at(gates),
        at(wh),
        orNull(h0),
        orNull(lengths),
        at(past),
        at(hs),
        at(dhs),
        orNull(dhLast),
        at(dGates),
        at(dPast),
        at(dh0),
        at(dwh),
        batch,
        steps,
        hidden,
        bit(reverse),
      );
      settle();
    },
    copyMixtureForward(p, gate, weights, ids, y, batch, queries, steps, symbols, width) {
      const sizes = [batch, queries, steps, symbols, width];
      run.copyMixtureForward(at(p), at(gate), at(weights), at(ids), at(y), ...sizes);
      settle();
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
      run.copyMixtureBackward(
        at(probabilities),
        at(gate),
        at(weights),
        at(ids),
        at(dy),
        at(dProbabilities),
        at(dGate),
        at(dWeights),
        batch,
        queries,
        steps,
        symbols,
        width,
      );
      settle();
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
      run.negativeLogLikelihoodForward(
        at(probabilities),
        at(targets),
        ignored,
        smoothing,
        symbols,
        at(losses),
        rows,
        columns,
      );
      settle();
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
      run.negativeLogLikelihoodBackward(
        at(probabilities),
        at(targets),
        ignored,
        smoothing,
        symbols,
        factor,
        at(dProbabilities),
        rows,
        columns,
      );
      settle();
    },
  };
}
