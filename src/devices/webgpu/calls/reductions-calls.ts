import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, bit, elements, type Gpu, GROUP, overwritten } from "../gpu.ts";
import { reductions } from "../shaders.generated.ts";
import { columnTiles, partsOfRows, teamFor, teams } from "./teams.ts";

type Op = "sum" | "sumRows" | "norm" | "clipToNorm" | "argmax";

/** Numbers of one thread before a workgroup is added. */
const NUMBERS_EACH = 8;
const MOST_PARTS = 1024;

/** Into how many workgroups' shares numbers are cut. */
function partsOf(length: number): number {
  return Math.min(Math.max(Math.ceil(length / (NUMBERS_EACH * GROUP)), 1), MOST_PARTS);
}

const none = { length: 0, parts: 1, rows: 0, columns: 0, team: 1, accumulate: 0, limit: 0 };

/** y (columns) (+)= the sum of the rows of x. */
export function sumOfRows(
  gpu: Gpu,
  x: Storage,
  y: Storage,
  rows: number,
  columns: number,
  accumulate: boolean,
): void {
  const given = { ...none, x: at(x), y: at(y), rows, columns, accumulate: bit(accumulate) };
  const parts = partsOfRows(rows);
  if (parts === 1) {
    gpu.run(reductions, "sumRows", columnTiles(columns, 1), given);
    return;
  }
  const found = gpu.scratch(parts * columns);
  const first = { ...given, y: at(found), parts, accumulate: 0 };
  gpu.run(reductions, "sumRows", columnTiles(columns, parts), first);
  // At most as many rows as four parts have: few enough for one.
  gpu.run(reductions, "sumRows", columnTiles(columns, 1), { ...given, x: at(found), rows: parts });
  found.release();
}

/** Reductions on a GPU. */
export function reductionsCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  return {
    sum(x, y, length) {
      const parts = partsOf(length);
      if (parts === 1) {
        gpu.run(reductions, "sum", [1, 1, 1], { ...none, x: at(x), y: at(y), length });
        return;
      }
      const found = gpu.scratch(parts);
      const first = { ...none, x: at(x), y: at(found), length, parts };
      gpu.run(reductions, "sum", [parts, 1, 1], first);
      gpu.run(reductions, "sum", [1, 1, 1], { ...none, x: at(found), y: at(y), length: parts });
      found.release();
    },
    sumRows(x, y, rows, columns, accumulate) {
      sumOfRows(gpu, x, y, rows, columns, accumulate);
    },
    norm(x, total, length, accumulate) {
      const parts = partsOf(length);
      const found = gpu.scratch(3 * parts);
      const first = { ...none, x: at(x), y: at(found), length, parts };
      gpu.run(reductions, "normParts", [parts, 1, 1], first);
      const last = { ...none, x: at(found), y: at(total), parts, accumulate: bit(accumulate) };
      gpu.run(reductions, "norm", [1, 1, 1], last);
      found.release();
    },
    clipToNorm(x, total, limit, length) {
      const given = { ...none, x: at(x), y: at(total), limit, length };
      gpu.run(reductions, "clipToNorm", elements(length), given);
    },
    argmax(x, y, rows, columns) {
      overwritten(y);
      const team = teamFor(columns);
      const given = { ...none, x: at(x), y: at(y), rows, columns, team };
      gpu.run(reductions, "argmax", teams(rows, team), given);
    },
  };
}
