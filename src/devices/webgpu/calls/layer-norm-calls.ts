import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu } from "../gpu.ts";
import { layerNorm } from "../shaders.generated.ts";
import { sumOfRows } from "./reductions-calls.ts";
import { columnTiles, partsOfRows, teamFor, teams } from "./teams.ts";

/** Layer normalisation on a GPU. */
export function layerNormCalls(
  gpu: Gpu,
): Pick<Kernels<Storage, Storage>, "layerNormForward" | "layerNormBackward"> {
  return {
    layerNormForward(x, gain, bias, y, means, inverses, rows, columns, epsilon) {
      const team = teamFor(columns);
      gpu.run(layerNorm, "layerNormForward", teams(rows, team), {
        x: at(x),
        gain: at(gain),
        bias: at(bias),
        means: at(means),
        inverses: at(inverses),
        dy: 0,
        out: at(y),
        d_gain: 0,
        d_bias: 0,
        rows,
        columns,
        team,
        parts: 1,
        accumulate: 0,
        epsilon,
      });
    },
    layerNormBackward(x, gain, means, inverses, dy, dx, dGain, dBias, rows, columns) {
      const team = teamFor(columns);
      const parts = partsOfRows(rows);
      const given = {
        x: at(x),
        gain: at(gain),
        bias: 0,
        means: at(means),
        inverses: at(inverses),
        dy: at(dy),
        out: at(dx),
        d_gain: at(dGain),
        d_bias: at(dBias),
        rows,
        columns,
        team,
        parts,
        accumulate: 1,
        epsilon: 0,
      };
      const tiles = columnTiles(columns, parts);
      // Before dx, which may be dy.
      if (parts === 1) {
        gpu.run(layerNorm, "layerNormColumns", tiles, given);
      } else {
        const [gains, biases] = [gpu.scratch(parts * columns), gpu.scratch(parts * columns)];
        const found = { d_gain: at(gains), d_bias: at(biases), accumulate: 0 };
        gpu.run(layerNorm, "layerNormColumns", tiles, { ...given, ...found });
        sumOfRows(gpu, gains, dGain, parts, columns, true);
        sumOfRows(gpu, biases, dBias, parts, columns, true);
        gains.release();
        biases.release();
      }
      gpu.run(layerNorm, "layerNormBackward", teams(rows, team), given);
    },
  };
}
