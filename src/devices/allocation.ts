import { DtypeError, ShapeError } from "../core/errors.ts";
import type { StorageDtype } from "../core/storage.ts";

/** What the devices of C kernels refuse to allocate. @throws DtypeError for float64; ShapeError */
export function checkAllocation(where: string, dtype: StorageDtype, length: number): void {
  if (dtype === "float64") {
    throw new DtypeError({
      where,
      expected: "float32",
      received: "float64",
      fix: "float64 runs on the reference device",
    });
  }
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new ShapeError({
      where,
      expected: "a whole number of elements",
      received: String(length),
    });
  }
}
