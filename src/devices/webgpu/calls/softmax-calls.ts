import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, type Gpu, orNull } from "../gpu.ts";
import { softmax, sparseSoftmax } from "../shaders.generated.ts";
import { teamFor, teams } from "./teams.ts";

type Softmax = "softmaxForward" | "softmaxBackward";
type Sparse = "sparsemaxForward" | "sparsemaxBackward" | "entmaxForward" | "entmaxBackward";

/** Softmax and its sparse kin on a GPU. */
export function softmaxCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Softmax | Sparse> {
  const run = (
    op: Softmax | Sparse,
    [x, dy, out]: readonly [Storage, Storage | null, Storage],
    rows: number,
    columns: number,
  ): void => {
    const team = teamFor(columns);
    const given = { x: at(x), dy: orNull(dy), out: at(out), rows, columns, team };
    if (op === "softmaxForward" || op === "softmaxBackward") {
      gpu.run(softmax, op, teams(rows, team), given);
    } else {
      gpu.run(sparseSoftmax, op, teams(rows, team), given);
    }
  };
  const forward = (op: Softmax | Sparse) => {
    return (x: Storage, y: Storage, rows: number, columns: number) =>
      run(op, [x, null, y], rows, columns);
  };
  const backward = (op: Softmax | Sparse) => {
    return (y: Storage, dy: Storage, dx: Storage, rows: number, columns: number) =>
      run(op, [y, dy, dx], rows, columns);
  };
  return {
    softmaxForward: forward("softmaxForward"),
    softmaxBackward: backward("softmaxBackward"),
    sparsemaxForward: forward("sparsemaxForward"),
    sparsemaxBackward: backward("sparsemaxBackward"),
    entmaxForward: forward("entmaxForward"),
    entmaxBackward: backward("entmaxBackward"),
  };
}
