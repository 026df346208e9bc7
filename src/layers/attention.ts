import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { axes, expectShape, sequenceAndState, together } from "./checks.ts";
import { type Layer, leftBy, newTensor, recall } from "./layer.ts";

/**
 * What a sequence says to h: a = softmaxₜ(hs[n, t, :] · h[n, :]), out[n, :] = Σₜ a[n, t] · hs[n, t, :].
 * {@link AttentionWeight}, then {@link WeightSum}, in one fused pass: one step of {@link TimeAttention}.
 *
 * Shapes: hs (N, T, H), h (N, H) → out (N, H); attentionWeight (N, T).
 *
 * @example
 * const layer = new Attention();
 * layer.forward(tensor([[[Math.log(3), 0], [0, 4]]]), tensor([[1, 0]])).data; // → [0.824, 1.000]
 * layer.attentionWeight.toArray(); // → [[0.75, 0.25]]
 */
export class Attention implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  #state: { hs: Tensor; h: Tensor; a: Tensor } | null = null;
  /** Beside the state, because it may have been disposed: then it is computed anew. */
  #out: Tensor | null = null;

  /** The weights (N, T) of the last forward pass. @throws StateError before there was one */
  get attentionWeight(): Tensor {
    const where = "Attention.attentionWeight";
    return leftBy(where, "Attention.forward", this.#state, "no weights yet").a;
  }

  /**
   * hs (N, T, H), h (N, H) → out (N, H). Leave the numbers of all three as they are until after
   * `backward`; out may be disposed before, and is then computed anew.
   *
   * @throws ShapeError when N or H of hs and h differ
   */
  forward(hs: Tensor, h: Tensor): Tensor {
    const [N, T, H] = sequenceAndState("Attention.forward", hs, h);
    const a = newTensor(hs, [N, T]);
    const out = newTensor(hs, [N, H]);
    const { kernels } = deviceOf(hs);
    const memory = hs.storage;
    kernels.attentionForward(h.storage, memory, memory, null, a.storage, out.storage, N, 1, T, H);
    this.#state = { hs, h, a };
    this.#out = out;
    return out;
  }

  /**
   * dhs (N, T, H) gathers what comes through the weights and what comes through the sum:
   * dhs[n, t, :] = a[n, t] · dout[n, :] + ds[n, t] · h[n, :], dh[n, :] = Σₜ ds[n, t] · hs[n, t, :], with
   * ds[n, t] = a[n, t] · (da[n, t] − Σₖ a[n, k] · da[n, k]) and da[n, t] = hs[n, t, :] · dout[n, :].
   *
   * @throws StateError before `forward`; ShapeError when dout does not have the shape of out
   */
  backward(dout: Tensor): [dhs: Tensor, dh: Tensor] {
    const { hs, h, a } = recall("Attention", this.#state);
    const [N, T, H] = axes("Attention.backward", "hs", hs, "N", "T", "H");
    expectShape("Attention.backward", "dout", dout, h.shape);
    together("Attention.backward", { hs, dout });
    const dhs = newTensor(hs, hs.shape);
    const dh = newTensor(hs, h.shape);
    const { kernels } = deviceOf(hs);
    const held = this.#out?.disposed === false ? this.#out : null;
    const out = held ?? newTensor(hs, h.shape);
    if (held === null) {
      kernels.weightSumForward(hs.storage, a.storage, null, out.storage, N, 1, T, H);
    }
    kernels.attentionBackward(
      h.storage,
      hs.storage,
      hs.storage,
      null,
      a.storage,
      out.storage,
      dout.storage,
      dh.storage,
      dhs.storage,
      dhs.storage,
      N,
      1,
      T,
      H,
      false,
    );
    if (held === null) out.dispose();
    return [dhs, dh];
  }
}
