import type { Storage } from "../../../core/storage.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { at, elements, type Gpu } from "../gpu.ts";
import { activations } from "../shaders.generated.ts";

type Activation = "tanh" | "sigmoid" | "relu" | "gelu";
type Op = `${Activation}Forward` | `${Activation}Backward`;

/** Activations on a GPU. */
export function activationsCalls(gpu: Gpu): Pick<Kernels<Storage, Storage>, Op> {
  const forward = (op: `${Activation}Forward`) => {
    return (x: Storage, y: Storage, length: number) => {
      gpu.run(activations, op, elements(length), { x: at(x), dy: 0, out: at(y), length });
    };
  };
  const backward = (op: `${Activation}Backward`) => {
    return (of: Storage, dy: Storage, dx: Storage, length: number) => {
      const given = { x: at(of), dy: at(dy), out: at(dx), length };
      gpu.run(activations, op, elements(length), given);
    };
  };
  return {
    tanhForward: forward("tanhForward"),
    tanhBackward: backward("tanhBackward"),
    sigmoidForward: forward("sigmoidForward"),
    sigmoidBackward: backward("sigmoidBackward"),
    reluForward: forward("reluForward"),
    reluBackward: backward("reluBackward"),
    geluForward: forward("geluForward"),
    geluBackward: backward("geluBackward"),
  };
}
