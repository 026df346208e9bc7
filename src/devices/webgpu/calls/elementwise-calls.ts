import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, elements, type Gpu } from "../gpu.ts";
import { elementwise } from "../shaders.generated.ts";

type Op = "fill" | "copy" | "add" | "multiply" | "scale" | "maskSteps";

/** Elementwise ops on a GPU. */
export function elementwiseCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  const none = { a: 0, b: 0, y: 0, factor: 0, steps: 0, size: 0 };
  return {
    fill(y, value, length) {
      const given = { ...none, y: at(y), factor: value, length };
      gpu.run(elementwise, "fill", elements(length), given);
    },
    copy(x, y, length) {
      gpu.run(elementwise, "copy", elements(length), { ...none, a: at(x), y: at(y), length });
    },
    add(a, b, y, length) {
      const given = { ...none, a: at(a), b: at(b), y: at(y), length };
      gpu.run(elementwise, "add", elements(length), given);
    },
    multiply(a, b, y, length) {
      const given = { ...none, a: at(a), b: at(b), y: at(y), length };
      gpu.run(elementwise, "multiply", elements(length), given);
    },
    scale(x, factor, y, length) {
      const given = { ...none, a: at(x), y: at(y), factor, length };
      gpu.run(elementwise, "scale", elements(length), given);
    },
    maskSteps(x, lengths, y, batch, steps, size) {
      const length = batch * steps * size;
      const given = { ...none, a: at(x), b: at(lengths), y: at(y), length, steps, size };
      gpu.run(elementwise, "maskSteps", elements(length), given);
    },
  };
}
