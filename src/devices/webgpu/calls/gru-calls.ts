import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu, orNull } from "../gpu.ts";
import { gru, gruBackward } from "../shaders.generated.ts";
import { addWeightGradients, groupsOfStep, timesBack, timesOf } from "./recurrent.ts";

/** GRUs on a GPU: a dispatch for each step, whatever the lengths, which only the GPU knows. */
export function gruCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, "gruForward" | "gruBackward"> {
  return {
    gruForward(gates, wh, bn, h0, lengths, past, hs, hLast, batch, steps, hidden, reverse) {
      const row = steps * hidden;
      // Without any steps, one that computes nothing carries the states on.
      for (let step = 0; step < Math.max(steps, 1); step++) {
        const { t, before } = timesOf(step, steps, reverse);
        gpu.run(gru, "gruForward", groupsOfStep(batch, hidden), {
          gates: at(gates),
          wh: at(wh),
          bn: at(bn),
          lengths: orNull(lengths),
          h_from: step === 0 ? orNull(h0) : at(hs) + before * hidden,
          h_from_row: step === 0 ? hidden : row,
          h_to: steps === 0 ? 0 : at(hs) + t * hidden,
          h_to_row: row,
          h_last: step >= steps - 1 ? at(hLast) : 0,
          past: at(past),
          batch,
          steps,
          step: steps === 0 ? 0 : t,
          hidden,
        });
      }
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
      // One more than there are steps, for what comes back of the first.
      for (let step = steps - 1; step >= -1; step--) {
        const { before } = timesOf(step, steps, reverse);
        const isFirst = step === steps - 1;
        gpu.run(gruBackward, "gruBackward", groupsOfStep(batch, hidden), {
          gates: at(gates),
          wh: at(wh),
          lengths: orNull(lengths),
          past: at(past),
          h_before: step <= 0 ? orNull(h0) : at(hs) + before * hidden,
          h_before_row: step <= 0 ? hidden : steps * hidden,
          dhs: at(dhs),
          dh_from: isFirst ? orNull(dhLast) : at(dh0),
          d_gates: at(dGates),
          d_past: at(dPast),
          dh0: at(dh0),
          batch,
          steps,
          ...timesBack(step, steps, reverse),
          hidden,
        });
      }
      const run = { hs, h0, lengths, batch, steps, hidden, reverse };
      // Behind those of r and z, the weights met the past rather than the gate.
      addWeightGradients(gpu, run, dwh, 3 * hidden, [
        { of: dGates, row: 3 * hidden, columns: 2 * hidden, first: 0 },
        { of: dPast, row: hidden, columns: hidden, first: 2 * hidden },
      ]);
    },
  };
}
