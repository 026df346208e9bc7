import type { Storage } from "../core/storage.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { at, type Export } from "./addresses.ts";

type SparseOp =
  | "sparsemaxForward"
  | "sparsemaxBackward"
  | "entmaxForward"
  | "entmaxBackward"
  | "gaussianForward"
  | "gaussianBackward"
  | "minimumForward"
  | "minimumBackward";

/** The part of the contract that sparse, local and covering attention need, as `kernelCalls`. */
export function sparseCalls(
  run: Readonly<Record<SparseOp, Export>>,
  settle: () => void,
): Pick<Kernels<Storage, Storage>, SparseOp> {
  return {
    sparsemaxForward(x, y, rows, columns) {
      run.sparsemaxForward(at(x), at(y), rows, columns);
      settle();
    },
    sparsemaxBackward(y, dy, dx, rows, columns) {
      run.sparsemaxBackward(at(y), at(dy), at(dx), rows, columns);
      settle();
    },
    entmaxForward(x, y, rows, columns) {
      run.entmaxForward(at(x), at(y), rows, columns);
      settle();
    },
    entmaxBackward(y, dy, dx, rows, columns) {
      run.entmaxBackward(at(y), at(dy), at(dx), rows, columns);
      settle();
    },
    gaussianForward(centres, y, rows, steps, deviation) {
      run.gaussianForward(at(centres), at(y), rows, steps, deviation);
      settle();
    },
    gaussianBackward(centres, y, dy, dCentres, rows, steps, deviation) {
      run.gaussianBackward(at(centres), at(y), at(dy), at(dCentres), rows, steps, deviation);
      settle();
    },
    minimumForward(a, b, y, length) {
      run.minimumForward(at(a), at(b), at(y), length);
      settle();
    },
    minimumBackward(a, b, dy, da, db, length) {
      run.minimumBackward(at(a), at(b), at(dy), at(da), at(db), length);
      settle();
    },
  };
}
