import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, bit, type Gpu, orNull } from "../gpu.ts";
import { matmul } from "../shaders.generated.ts";

/** TILE of src/kernels/matmul/kernel.wgsl. */
const TILE = 64;

/** Matrix products on a GPU. */
export function matmulCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, "matmul"> {
  return {
    matmul(a, b, bias, c, rows, columns, inner, transposeA, transposeB, accumulate) {
      const groups = [Math.ceil(columns / TILE), Math.ceil(rows / TILE), 1] as const;
      gpu.run(matmul, "matmul", groups, {
        a: at(a),
        b: at(b),
        bias: orNull(bias),
        c: at(c),
        rows,
        columns,
        inner,
        a_row: transposeA ? 1 : inner,
        a_column: transposeA ? rows : 1,
        b_row: transposeB ? 1 : columns,
        b_column: transposeB ? inner : 1,
        accumulate: bit(accumulate),
      });
    },
  };
}
