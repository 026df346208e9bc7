import { StateError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import { Indices, Tensor } from "../core/tensor.ts";

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
 * What a call left to be asked for: weights, say.
 *
 * @param nothing what there is before, for the message
 * @throws StateError where there was no such call
 */
export function leftBy<Left>(
  where: string,
  call: string,
  left: Left | null,
  nothing: string,
): Left {
  if (left !== null) return left;
  throw new StateError({
    where,
    expected: `${call} to have been called before`,
    received: nothing,
  });
}

/**
 * What a forward pass left for the backward pass.
 *
 * @throws StateError where there was no forward pass, or a tensor of it was disposed since.
 */
export function recall<State extends object>(where: string, state: State | null): State {
  if (state === null) {
    return leftBy<State>(`${where}.backward`, `${where}.forward`, state, "no forward pass to undo");
  }
  for (const name in state) {
    const value = state[name];
    if ((value instanceof Tensor || value instanceof Indices) && value.disposed) {
      throw new StateError({
        where: `${where}.backward`,
        expected: `what ${where}.forward took and gave to be held until then`,
        received: `use of ${name} ${formatShape(value.shape)} after dispose()`,
        fix: "dispose it later",
      });
    }
  }
  return state;
}
