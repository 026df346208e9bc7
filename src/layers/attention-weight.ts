import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { axes, expectShape, sequenceAndState, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/**
 * How well h fits each step of a sequence: a[n, :] = softmaxₜ(hs[n, t, :] · h[n, :]), the "dot" score
 * of Luong et al. 2015 (equation 7 and section 3.1).
 *
 * Shapes: hs (N, T, H), h (N, H) → a (N, T).
 *
 * @example
 * const layer = new AttentionWeight();
 * const hs = tensor([[[Math.log(3), 0], [0, 1]]]);
 * layer.forward(hs, tensor([[1, 0]])).toArray(); // → [[0.75, 0.25]]
 * const [dhs, dh] = layer.backward(tensor([[1, 0]]));
 * dhs.toArray(); // → [[[0.1875, 0], [-0.1875, 0]]]
 */
export class AttentionWeight implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  #state: { hs: Tensor; h: Tensor; a: Tensor } | null = null;

  /** hs (N, T, H), h (N, H) → a (N, T). @throws ShapeError when N or H of hs and h differ */
  forward(hs: Tensor, h: Tensor): Tensor {
    const [N, T, H] = sequenceAndState("AttentionWeight.forward", hs, h);
    const a = newTensor(hs, [N, T]);
    deviceOf(hs).kernels.attentionWeightForward(h.storage, hs.storage, null, a.storage, N, 1, T, H);
    this.#state = { hs, h, a };
    return a;
  }

  /**
   * With ds the softmax's gradient: dhs[n, t, :] = ds[n, t] · h[n, :], dh[n, :] = Σₜ ds[n, t] · hs[n, t, :].
   *
   * @throws StateError before `forward`; ShapeError when da does not have the shape of a
   */
  backward(da: Tensor): [dhs: Tensor, dh: Tensor] {
    const { hs, h, a } = recall("AttentionWeight", this.#state);
    const [N, T, H] = axes("AttentionWeight.backward", "hs", hs, "N", "T", "H");
    expectShape("AttentionWeight.backward", "da", da, a.shape);
    together("AttentionWeight.backward", { hs, da });
    const dhs = newTensor(hs, hs.shape);
    const dh = newTensor(hs, h.shape);
    const ds = newTensor(hs, a.shape);
    deviceOf(hs).kernels.attentionWeightBackward(
      h.storage,
      hs.storage,
      null,
      a.storage,
      da.storage,
      ds.storage,
      dh.storage,
      dhs.storage,
      N,
      1,
      T,
      H,
      false,
    );
    ds.dispose();
    return [dhs, dh];
  }
}
