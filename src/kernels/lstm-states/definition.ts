import type { Floats } from "../arrays.ts";
import { lstmForward } from "../lstm/definition.ts";

/** What comes in of every step, from the table where there is one; then `lstmForward`, of which the states remain. */
export function lstmStates(
  inputs: Floats,
  ids: Int32Array | null,
  wh: Floats,
  h0: Floats | null,
  c0: Floats | null,
  lengths: Int32Array | null,
  hs: Floats | null,
  hLast: Floats,
  cLast: Floats,
  _sums: Floats,
  batch: number,
  steps: number,
  hidden: number,
  width: number,
  offset: number,
  reverse: boolean,
): void {
  const zeros = (count: number): Floats =>
    inputs instanceof Float64Array ? new Float64Array(count) : new Float32Array(count);
  const gates = zeros(batch * steps * 4 * hidden);
  for (let n = 0; n < batch; n++) {
    for (let t = 0; t < (lengths === null ? steps : lengths[n]!); t++) {
      const place = n * steps + t;
      const row = ids === null ? place : ids[place]!;
      for (let j = 0; j < 4 * hidden; j++) {
        gates[place * 4 * hidden + j] = inputs[row * 4 * hidden + j]!;
      }
    }
  }
  const [states, cells] = [zeros(batch * steps * hidden), zeros(batch * steps * hidden)];
  const [h, c] = [zeros(batch * hidden), zeros(batch * hidden)];
  const sizes = [batch, steps, hidden] as const;
  lstmForward(gates, wh, h0, c0, lengths, states, cells, h, c, ...sizes, reverse);
  const put = (from: Floats, to: Floats | null, rows: number): void => {
    for (let row = 0; to !== null && row < rows; row++) {
      for (let j = 0; j < hidden; j++) to[row * width + offset + j] = from[row * hidden + j]!;
    }
  };
  put(states, hs, batch * steps);
  put(h, hLast, batch);
  put(c, cLast, batch);
}
