import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, elements, type Gpu, GROUP, rows } from "../gpu.ts";
import { embedding } from "../shaders.generated.ts";

/** Rows of tables on a GPU. */
export function embeddingCalls(
  gpu: Gpu,
): Pick<Kernels<Storage, Storage>, "embeddingForward" | "embeddingBackward"> {
  return {
    embeddingForward(table, ids, y, count, size) {
      const given = { table: at(table), ids: at(ids), y: at(y), count, size };
      gpu.run(embedding, "embeddingForward", elements(count * size), given);
    },
    embeddingBackward(ids, dy, dTable, count, size) {
      const [x, y] = rows(count);
      const given = { table: at(dTable), ids: at(ids), y: at(dy), count, size };
      gpu.run(embedding, "embeddingBackward", [x, y, Math.ceil(size / GROUP)], given);
    },
  };
}
