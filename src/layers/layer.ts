import { StateError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";

/** What every layer shows: its learned numbers and their gradients, in the same order. */
export interface Layer {
  /** The learned numbers; empty where a layer learns none. */
  readonly params: readonly Tensor[];
  /** Gradients are added up over backward passes until {@link zeroGradients}. */
  readonly grads: readonly Tensor[];
}

/** A new tensor where `like` lives and of its dtype; its numbers are unspecified until written. */
export function newTensor(like: { device: Memory; dtype: Dtype }, shape: Shape): Tensor {
  return new Tensor(
    like.device,
    like.device.allocate(like.dtype, sizeOf(shape)),
    shape,
    like.dtype,
  );
}

/**
 * What a forward pass left for the backward pass.
 *
 * @throws StateError where there was no forward pass.
 */
export function recall<State>(where: string, state: State | null): State {
  if (state === null) {
    throw new StateError({
      where: `${where}.backward`,
      expected: `${where}.forward to have been called before`,
      received: "no forward pass to undo",
    });
  }
  return state;
}
