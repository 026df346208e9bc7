import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu } from "../gpu.ts";
import { softmax, sparseSoftmax } from "../shaders.generated.ts";
import { teamFor, teams } from "./teams.ts";

type Softmax = "softmaxForward" | "softmaxBackward";
type Sparse = "sparsemaxForward" | "sparsemaxBackward" | "entmaxForward" | "entmaxBackward";

/** Softmax and its sparse kin on a GPU. */
export function softmaxCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Softmax | Sparse> {
  const forward = (x: Storage, y: Storage, rows: number, columns: number) => {
    return { x: at(x), dy: 0, out: at(y), rows, columns, team: teamFor(columns) };
  };
  const backward = (y: Storage, dy: Storage, dx: Storage, rows: number, columns: number) => {
    return { x: at(y), dy: at(dy), out: at(dx), rows, columns, team: teamFor(columns) };
  };
  return {
    softmaxForward(...args) {
      const given = forward(...args);
      gpu.run(softmax, "softmaxForward", teams(given.rows, given.team), given);
    },
    softmaxBackward(...args) {
      const given = backward(...args);
      gpu.run(softmax, "softmaxBackward", teams(given.rows, given.team), given);
    },
    sparsemaxForward(...args) {
      const given = forward(...args);
      gpu.run(sparseSoftmax, "sparsemaxForward", teams(given.rows, given.team), given);
    },
    sparsemaxBackward(...args) {
      const given = backward(...args);
      gpu.run(sparseSoftmax, "sparsemaxBackward", teams(given.rows, given.team), given);
    },
    entmaxForward(...args) {
      const given = forward(...args);
      gpu.run(sparseSoftmax, "entmaxForward", teams(given.rows, given.team), given);
    },
    entmaxBackward(...args) {
      const given = backward(...args);
      gpu.run(sparseSoftmax, "entmaxBackward", teams(given.rows, given.team), given);
    },
  };
}
