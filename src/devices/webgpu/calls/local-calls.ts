import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, elements, type Gpu } from "../gpu.ts";
import { gaussian, minimum } from "../shaders.generated.ts";
import { teamFor, teams } from "./teams.ts";

type Op = "gaussianForward" | "gaussianBackward" | "minimumForward" | "minimumBackward";

/** What local attention and coverage need besides, on a GPU. */
export function localCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  return {
    gaussianForward(centres, y, rows, steps, deviation) {
      gpu.run(gaussian, "gaussianForward", elements(rows * steps), {
        centres: at(centres),
        y: at(y),
        dy: 0,
        d_centres: 0,
        rows,
        steps,
        team: 1,
        factor: Math.SQRT1_2 / deviation,
      });
    },
    gaussianBackward(centres, y, dy, dCentres, rows, steps, deviation) {
      const team = teamFor(steps);
      gpu.run(gaussian, "gaussianBackward", teams(rows, team), {
        centres: at(centres),
        y: at(y),
        dy: at(dy),
        d_centres: at(dCentres),
        rows,
        steps,
        team,
        factor: 1 / (deviation * deviation),
      });
    },
    minimumForward(a, b, y, length) {
      const given = { a: at(a), b: at(b), dy: 0, out: at(y), db: 0, length };
      gpu.run(minimum, "minimumForward", elements(length), given);
    },
    minimumBackward(a, b, dy, da, db, length) {
      const given = { a: at(a), b: at(b), dy: at(dy), out: at(da), db: at(db), length };
      gpu.run(minimum, "minimumBackward", elements(length), given);
    },
  };
}
