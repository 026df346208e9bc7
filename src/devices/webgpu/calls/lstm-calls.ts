import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu, orNull } from "../gpu.ts";
import { lstm, lstmBackward } from "../shaders.generated.ts";
import { addWeightGradients, groupsOfStep, timesBack, timesOf } from "./recurrent.ts";

/** LSTMs on a GPU: a dispatch for each step, whatever the lengths, which only the GPU knows. */
export function lstmCalls(
  gpu: Gpu,
): Pick<Kernels<Storage, Storage>, "lstmForward" | "lstmBackward" | "lstmStates"> {
  return {
    lstmForward(gates, wh, h0, c0, lengths, hs, cs, hLast, cLast, batch, steps, hidden, reverse) {
      const row = steps * hidden;
      // Without any steps, one that computes nothing carries the states on.
      for (let step = 0; step < Math.max(steps, 1); step++) {
        const { t, before } = timesOf(step, steps, reverse);
        const isLast = step >= steps - 1;
        gpu.run(lstm, "lstmForward", groupsOfStep(batch, hidden), {
          x: at(gates),
          ids: 0,
          gates: steps === 0 ? 0 : at(gates),
          wh: at(wh),
          lengths: orNull(lengths),
          h_from: step === 0 ? orNull(h0) : at(hs) + before * hidden,
          h_from_row: step === 0 ? hidden : row,
          c_from: step === 0 ? orNull(c0) : at(cs) + before * hidden,
          c_from_row: step === 0 ? hidden : row,
          h_to: steps === 0 ? 0 : at(hs) + t * hidden,
          h_to_row: row,
          c_to: steps === 0 ? 0 : at(cs) + t * hidden,
          c_to_row: row,
          h_last: isLast ? at(hLast) : 0,
          c_last: isLast ? at(cLast) : 0,
          last_row: hidden,
          batch,
          steps,
          step: steps === 0 ? 0 : t,
          hidden,
        });
      }
    },
    lstmBackward(
      gates,
      wh,
      h0,
      c0,
      lengths,
      hs,
      cs,
      dhs,
      dhLast,
      dcLast,
      dGates,
      dh0,
      dc0,
      dwh,
      batch,
      steps,
      hidden,
      reverse,
    ) {
      const row = steps * hidden;
      // One more than there are steps, for what comes back of the first.
      for (let step = steps - 1; step >= -1; step--) {
        const { before } = timesOf(step, steps, reverse);
        const isFirst = step === steps - 1;
        gpu.run(lstmBackward, "lstmBackward", groupsOfStep(batch, hidden), {
          gates: at(gates),
          wh: at(wh),
          lengths: orNull(lengths),
          cs: at(cs),
          c_before: step <= 0 ? orNull(c0) : at(cs) + before * hidden,
          c_before_row: step <= 0 ? hidden : row,
          dhs: at(dhs),
          dh_from: isFirst ? orNull(dhLast) : at(dh0),
          dc_from: isFirst ? orNull(dcLast) : at(dc0),
          d_gates: at(dGates),
          dh0: at(dh0),
          dc0: at(dc0),
          batch,
          steps,
          ...timesBack(step, steps, reverse),
          hidden,
        });
      }
      const run = { hs, h0, lengths, batch, steps, hidden, reverse };
      const four = 4 * hidden;
      addWeightGradients(gpu, run, dwh, four, [{ of: dGates, row: four, columns: four, first: 0 }]);
    },
    lstmStates(
      inputs,
      ids,
      wh,
      h0,
      c0,
      lengths,
      hs,
      hLast,
      cLast,
      sums,
      batch,
      steps,
      hidden,
      width,
      offset,
      reverse,
    ) {
      // The states of a step: in hs, or else by turns in one half of `sums` and in the other.
      const placeOf = (step: number, t: number) =>
        hs === null
          ? { place: at(sums) + (step % 2) * batch * hidden, row: hidden }
          : { place: at(hs) + t * width + offset, row: steps * width };
      for (let step = 0; step < Math.max(steps, 1); step++) {
        const { t, before } = timesOf(step, steps, reverse);
        const isLast = step >= steps - 1;
        const from = step === 0 ? null : placeOf(step - 1, before);
        const to = steps === 0 || (isLast && hs === null) ? null : placeOf(step, t);
        gpu.run(lstm, "lstmForward", groupsOfStep(batch, hidden), {
          x: at(inputs),
          ids: orNull(ids),
          gates: 0,
          wh: at(wh),
          lengths: orNull(lengths),
          h_from: from === null ? orNull(h0) : from.place,
          h_from_row: from === null ? hidden : from.row,
          c_from: step === 0 ? orNull(c0) : at(cLast) + offset,
          c_from_row: step === 0 ? hidden : width,
          h_to: to === null ? 0 : to.place,
          h_to_row: to === null ? 0 : to.row,
          c_to: at(cLast) + offset,
          c_to_row: width,
          h_last: isLast ? at(hLast) + offset : 0,
          c_last: 0,
          last_row: width,
          batch,
          steps,
          step: steps === 0 ? 0 : t,
          hidden,
        });
      }
    },
  };
}
