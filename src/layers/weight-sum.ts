import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { agree, axes, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/**
 * The weighted sum of a sequence: c[n, :] = Σₜ a[n, t] · hs[n, t, :], the context of Bahdanau et al.
 * 2015 (equation 5).
 *
 * Shapes: hs (N, T, H), a (N, T) → c (N, H).
 *
 * @example
 * const layer = new WeightSum();
 * const hs = tensor([[[1, 2], [3, 4]]]);
 * layer.forward(hs, tensor([[0.75, 0.25]])).toArray(); // → [[1.5, 2.5]]
 * const [dhs, da] = layer.backward(tensor([[1, 10]]));
 * dhs.toArray(); // → [[[0.75, 7.5], [0.25, 2.5]]]
 * da.toArray(); // → [[21, 43]]
 */
export class WeightSum implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  #inputs: { hs: Tensor; a: Tensor } | null = null;

  /** hs (N, T, H), a (N, T) → c (N, H). @throws ShapeError when N or T of hs and a differ */
  forward(hs: Tensor, a: Tensor): Tensor {
    const where = "WeightSum.forward";
    const [N, T, H] = axes(where, "hs", hs, "N", "T", "H");
    const [weightN, weightT] = axes(where, "a", a, "N", "T");
    agree(where, "N", "a", weightN, "hs", N);
    agree(where, "T", "a", weightT, "hs", T);
    together(where, { hs, a });
    const c = newTensor(hs, [N, H]);
    deviceOf(hs).kernels.weightSumForward(hs.storage, a.storage, null, c.storage, N, 1, T, H);
    this.#inputs = { hs, a };
    return c;
  }

  /**
   * dhs[n, t, :] = a[n, t] · dc[n, :] and da[n, t] = hs[n, t, :] · dc[n, :].
   *
   * @throws StateError before `forward`; ShapeError when dc does not have the shape of c
   */
  backward(dc: Tensor): [dhs: Tensor, da: Tensor] {
    const { hs, a } = recall("WeightSum", this.#inputs);
    const [N, T, H] = axes("WeightSum.backward", "hs", hs, "N", "T", "H");
    expectShape("WeightSum.backward", "dc", dc, [N, H]);
    together("WeightSum.backward", { hs, dc });
    const dhs = newTensor(hs, hs.shape);
    const da = newTensor(hs, a.shape);
    deviceOf(hs).kernels.weightSumBackward(
      hs.storage,
      a.storage,
      null,
      dc.storage,
      da.storage,
      dhs.storage,
      N,
      1,
      T,
      H,
      false,
    );
    return [dhs, da];
  }
}
