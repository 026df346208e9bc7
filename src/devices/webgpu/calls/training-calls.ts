import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, bit, elements, type Gpu, orNull } from "../gpu.ts";
import { adam, dropout } from "../shaders.generated.ts";

/** No 32-bit word reaches it. */
const BEYOND_WORDS = 2 ** 32;

/** What a training needs besides gradients, on a GPU. */
export function trainingCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, "dropout" | "adamStep"> {
  return {
    dropout(x, y, seed, stream, threshold, factor, length) {
      const all = bit(threshold >= BEYOND_WORDS);
      gpu.run(dropout, "dropout", elements(Math.ceil(length / 2)), {
        x: at(x),
        y: at(y),
        length,
        seed,
        stream,
        threshold: all === 1 ? 0 : threshold,
        all,
        factor,
      });
    },
    adamStep(
      x,
      gradient,
      m,
      v,
      loss,
      norm,
      rate,
      beta1,
      beta2,
      epsilon,
      correction1,
      correction2,
      length,
    ) {
      gpu.run(adam, "adamStep", elements(length), {
        x: at(x),
        gradient: at(gradient),
        m: at(m),
        v: at(v),
        length,
        loss: orNull(loss),
        norm: orNull(norm),
        keep1: beta1,
        take1: 1 - beta1,
        keep2: beta2,
        take2: 1 - beta2,
        step: rate / correction1,
        spread: 1 / correction2,
        floor: epsilon,
      });
    },
  };
}
