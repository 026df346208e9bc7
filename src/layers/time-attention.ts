import { StateError } from "../core/errors.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { agree, axes, checkLengths, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

/**
 * {@link Attention} for every step of a decoder at once, as one fused op:
 *
 *     a[n, d, :] = softmaxₑ(hsEnc[n, e, :] · hsDec[n, d, :])
 *     out[n, d, :] = Σₑ a[n, d, e] · hsEnc[n, e, :]
 *
 * the "dot" score of Luong et al. 2015 (equations 7 and 8), unscaled.
 * Shapes: hsEnc (N, Te, H), hsDec (N, Td, H) → out (N, Td, H); attentionWeights (N, Td, Te).
 *
 * @example
 * const layer = new TimeAttention();
 * const hsEnc = tensor([[[Math.log(3), 0], [0, 4]]]);
 * const out = layer.forward(hsEnc, tensor([[[1, 0], [0, 0]]]));
 * layer.attentionWeights.toArray(); // → [[[0.75, 0.25], [0.5, 0.5]]]
 * const [dhsEnc, dhsDec] = layer.backward(out);
 * dhsEnc.shape; // → [1, 2, 2]
 * dhsDec.shape; // → [1, 2, 2]
 */
export class TimeAttention implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  #state: {
    hsEnc: Tensor;
    hsDec: Tensor;
    weights: Tensor;
    lengths: Indices | undefined;
    out: Tensor;
  } | null = null;

  /** The weights (N, Td, Te) of the last forward pass. @throws StateError before there was one */
  get attentionWeights(): Tensor {
    if (this.#state !== null) return this.#state.weights;
    throw new StateError({
      where: "TimeAttention.attentionWeights",
      expected: "TimeAttention.forward to have been called before",
      received: "no weights yet",
    });
  }

  /**
   * @param lengths (N): sequence n has lengths[n] real steps; what lies behind is never read, and its
   *   weights are 0. Without it, all Te steps are real.
   * @throws ShapeError when N or H of hsEnc and hsDec differ, or a length is not from 0 to Te
   */
  forward(hsEnc: Tensor, hsDec: Tensor, lengths?: Indices): Tensor {
    const where = "TimeAttention.forward";
    const [N, Te, H] = axes(where, "hsEnc", hsEnc, "N", "Te", "H");
    const [decoderN, Td, decoderH] = axes(where, "hsDec", hsDec, "N", "Td", "H");
    agree(where, "N", "hsDec", decoderN, "hsEnc", N);
    agree(where, "H", "hsDec", decoderH, "hsEnc", H);
    together(where, { hsEnc, hsDec });
    checkLengths(where, lengths, hsEnc, N, Te);
    const weights = newTensor(hsEnc, [N, Td, Te]);
    const out = newTensor(hsDec, hsDec.shape);
    deviceOf(hsEnc).kernels.attentionForward(
      hsDec.storage,
      hsEnc.storage,
      hsEnc.storage,
      lengths?.storage ?? null,
      weights.storage,
      out.storage,
      N,
      Td,
      Te,
      H,
    );
    this.#state = { hsEnc, hsDec, weights, lengths, out };
    return out;
  }

  /**
   * As {@link Attention.backward} for every decoder step: dhsEnc (N, Te, H) is summed over all of them,
   * dhsDec (N, Td, H) has one each.
   *
   * @throws StateError before `forward`; ShapeError when dout does not have the shape of out
   */
  backward(dout: Tensor): [dhsEnc: Tensor, dhsDec: Tensor] {
    const { hsEnc, hsDec, weights, lengths, out } = recall("TimeAttention", this.#state);
    const [N, Te, H] = axes("TimeAttention.backward", "hsEnc", hsEnc, "N", "Te", "H");
    expectShape("TimeAttention.backward", "dout", dout, hsDec.shape);
    together("TimeAttention.backward", { hsEnc, dout });
    const dhsEnc = newTensor(hsEnc, hsEnc.shape);
    const dhsDec = newTensor(hsDec, hsDec.shape);
    deviceOf(hsEnc).kernels.attentionBackward(
      hsDec.storage,
      hsEnc.storage,
      hsEnc.storage,
      lengths?.storage ?? null,
      weights.storage,
      out.storage,
      dout.storage,
      dhsDec.storage,
      dhsEnc.storage,
      dhsEnc.storage,
      N,
      hsDec.shape[1] ?? 0,
      Te,
      H,
      false,
    );
    return [dhsEnc, dhsDec];
  }
}
