import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, bit, elements, type Gpu, orNull, rows as rowGroups } from "../gpu.ts";
import { blocks as blocksShader, rotary } from "../shaders.generated.ts";

type Op = "addRepeated" | "copyBlocks" | "maskUnmet" | "rotate";

/** Blocks of numbers and rotary positions on a GPU. */
export function blocksCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  return {
    addRepeated(x, b, y, repeats, length) {
      const total = repeats * length;
      gpu.run(blocksShader, "addRepeated", elements(total), {
        x: at(x),
        b: at(b),
        y: at(y),
        x_stride: 0,
        y_stride: 0,
        total,
        length,
        accumulate: 0,
      });
    },
    copyBlocks(x, xOffset, xStride, y, yOffset, yStride, blocks, length, accumulate) {
      const total = blocks * length;
      gpu.run(blocksShader, "copyBlocks", elements(total), {
        x: at(x) + xOffset,
        b: 0,
        y: at(y) + yOffset,
        x_stride: xStride,
        y_stride: yStride,
        total,
        length,
        accumulate: bit(accumulate),
      });
    },
    maskUnmet(x, d, y, rows, size, columns) {
      gpu.run(blocksShader, "maskUnmet", rowGroups(rows), {
        x: at(x),
        b: at(d),
        y: at(y),
        x_stride: columns,
        y_stride: 0,
        total: rows,
        length: size,
        accumulate: 0,
      });
    },
    rotate(
      x,
      cosines,
      sines,
      positions,
      y,
      outer,
      steps,
      inner,
      size,
      rotated,
      offset,
      interleaved,
      inverse,
    ) {
      const pairs = rotated / 2;
      const vectors = outer * steps * inner;
      gpu.run(rotary, "rotate", elements(vectors * (size - pairs)), {
        x: at(x),
        cosines: at(cosines),
        sines: at(sines),
        positions: orNull(positions),
        y: at(y),
        vectors,
        steps,
        inner,
        size,
        pairs,
        offset,
        interleaved: bit(interleaved),
        inverse: bit(inverse),
      });
    },
  };
}
