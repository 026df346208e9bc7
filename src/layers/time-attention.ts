import { checkFlag, checkOptions } from "../core/arguments.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { type AttentionPlan, PLAIN_PLAN } from "../kernels/attend/contract.ts";
import { deviceOf } from "../kernels/device.ts";
import { agree, axes, checkLengths, expectShape, together } from "./checks.ts";
import { type Layer, leftBy, newTensor, recall } from "./layer.ts";

/** Whether {@link TimeAttention} keeps its weights. */
export interface TimeAttentionOptions {
  /**
   * `true`: weights (N, Td, Te) are kept for the backward pass and to be looked at. `false`: they never
   * come to be, so that memory grows with Td and Te rather than with their product; the backward pass
   * computes them anew, block by block. Without it: kept up to 16 million weights of a call
   * (64 MB in float32), as N = 8, Td = Te = 1024 has 8 million, and not kept beyond.
   */
  readonly keepWeights?: boolean;
}

/** Weights of a call that are kept, where `keepWeights` does not say. */
const MOST_KEPT = 16e6;

/** Weights of the last forward pass, or what they can be computed from anew. */
type Kept =
  | { readonly weights: Tensor; readonly statistics: null }
  | { readonly weights: null; readonly statistics: { maxima: Tensor; sums: Tensor } };

type TimeAttentionMemory = Kept & {
  readonly hsEnc: Tensor;
  readonly hsDec: Tensor;
  readonly lengths: Indices | undefined;
};

/**
 * {@link Attention} for every step of a decoder at once, as one fused op:
 *
 *     a[n, d, :] = softmaxₑ(hsEnc[n, e, :] · hsDec[n, d, :])
 *     out[n, d, :] = Σₑ a[n, d, e] · hsEnc[n, e, :]
 *
 * the "dot" score of Luong et al. 2015 (equation 7 and section 3.1), unscaled.
 * Shapes: hsEnc (N, Te, H), hsDec (N, Td, H) → out (N, Td, H); attentionWeights (N, Td, Te).
 *
 * Long sequences need no memory for their weights (Dao et al. 2022): see
 * {@link TimeAttentionOptions.keepWeights}. The results are the same, but for rounding.
 *
 * @example
 * const layer = new TimeAttention();
 * const hsEnc = tensor([[[Math.log(3), 0], [0, 4]]]);
 * const out = layer.forward(hsEnc, tensor([[[1, 0], [0, 0]]]));
 * layer.attentionWeights.toArray(); // → [[[0.75, 0.25], [0.5, 0.5]]]
 * const [dhsEnc, dhsDec] = layer.backward(out);
 * dhsEnc.shape; // → [1, 2, 2]
 * dhsDec.shape; // → [1, 2, 2]
 * @example
 * const layer = new TimeAttention({ keepWeights: false });
 * const hs = normal([1, 4096, 8], new Random(1));
 * const out = layer.forward(hs, hs); // 64 MiB of weights were never there
 * const [dhsEnc, dhsDec] = layer.backward(out);
 * layer.forward(tensor([[[Math.log(3), 0], [0, 4]]]), tensor([[[1, 0]]]));
 * layer.attentionWeights.toArray(); // → [[[0.75, 0.25]]]
 */
export class TimeAttention implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #keepWeights: boolean | undefined;
  #memory: TimeAttentionMemory | null = null;
  /** Beside the memory, because it may have been disposed: then it is computed anew. */
  #out: Tensor | null = null;
  /** Weights that were not kept, but asked for. */
  #weights: Tensor | null = null;

  /** Learns nothing; the options say what to keep. @throws DataError for any other option */
  constructor(options: TimeAttentionOptions = {}) {
    checkOptions("TimeAttention", options, ["keepWeights"]);
    const { keepWeights } = options;
    if (keepWeights !== undefined) checkFlag("TimeAttention", "keepWeights", keepWeights);
    this.#keepWeights = keepWeights;
  }

  /**
   * The weights (N, Td, Te) of the last forward pass. Where they were not kept, they are computed now,
   * from hsEnc and hsDec as they are now, and from then on held until `dispose()` or the next forward
   * pass.
   *
   * @throws StateError before there was one, or when what weights are to be computed from was disposed
   */
  get attentionWeights(): Tensor {
    const where = "TimeAttention.attentionWeights";
    const memory = leftBy(where, "TimeAttention.forward", this.#memory, "no weights yet");
    const { hsEnc, hsDec, lengths, weights } = memory;
    if (weights !== null) return weights;
    if (this.#weights !== null && !this.#weights.disposed) return this.#weights;
    axes(where, "hsEnc", hsEnc, "N", "Te", "H");
    axes(where, "hsDec", hsDec, "N", "Td", "H");
    const [N, Td, Te, H] = sizesOf(memory);
    checkLengths(where, lengths, hsEnc, N, Te);
    const computed = newTensor(hsEnc, [N, Td, Te]);
    const [query, keys, , counts] = inputsOf(memory);
    const { kernels } = deviceOf(hsEnc);
    kernels.attentionWeightForward(query, keys, counts, computed.storage, N, Td, Te, H);
    this.#weights = computed;
    return computed;
  }

  /**
   * Keeps hold of what it takes and gives: leave their numbers as they are until after `backward`.
   * out may be disposed before; it is then computed anew.
   *
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
    const keep = this.#keepWeights ?? N * Td * Te <= MOST_KEPT;
    const row = (): Tensor => newTensor(hsEnc, [N, Td]);
    const kept: Kept = keep
      ? { weights: newTensor(hsEnc, [N, Td, Te]), statistics: null }
      : { weights: null, statistics: { maxima: row(), sums: row() } };
    const memory = { hsEnc, hsDec, lengths, ...kept };
    const out = attend(memory);
    this.#memory?.statistics?.maxima.dispose();
    this.#memory?.statistics?.sums.dispose();
    this.#memory = memory;
    this.#out = out;
    this.#weights = null;
    return out;
  }

  /**
   * As {@link Attention.backward} for every decoder step: dhsEnc (N, Te, H) is summed over all of them,
   * dhsDec (N, Td, H) has one each.
   *
   * @throws StateError before `forward`; ShapeError when dout does not have the shape of out
   */
  backward(dout: Tensor): [dhsEnc: Tensor, dhsDec: Tensor] {
    const memory = recall("TimeAttention", this.#memory);
    const { hsEnc, hsDec, statistics } = memory;
    expectShape("TimeAttention.backward", "dout", dout, hsDec.shape);
    together("TimeAttention.backward", { hsEnc, dout });
    const out = this.#out?.disposed === false ? this.#out : attend(memory);
    const dhsEnc = newTensor(hsEnc, hsEnc.shape);
    const dhsDec = newTensor(hsDec, hsDec.shape);
    // hsEnc is keys and values in one, and dhsEnc receives what comes through both.
    const d = [dout.storage, dhsDec.storage, dhsEnc.storage, dhsEnc.storage] as const;
    const [inputs, sizes] = [inputsOf(memory), sizesOf(memory)];
    const { kernels } = deviceOf(hsEnc);
    if (statistics === null) {
      const kept = [memory.weights.storage, out.storage] as const;
      kernels.attentionBackward(...inputs, ...kept, ...d, ...sizes, false);
    } else {
      const dots = newTensor(hsDec, statistics.maxima.shape);
      const call = [generalInputsOf(memory), planOf(memory), out.storage] as const;
      const [dContext, ...rest] = d;
      const kept = [storagesOf(statistics), null, dContext, null, dots.storage] as const;
      kernels.attendBackward(...call, ...kept, ...rest, null);
      dots.dispose();
    }
    if (out !== this.#out) out.dispose();
    return [dhsEnc, dhsDec];
  }
}

/** What both passes read: query, keys, values, lengths. */
function inputsOf({ hsEnc, hsDec, lengths }: TimeAttentionMemory) {
  return [hsDec.storage, hsEnc.storage, hsEnc.storage, lengths?.storage ?? null] as const;
}

/** N, Td, Te, H of inputs that were checked. */
function sizesOf({ hsEnc, hsDec }: TimeAttentionMemory) {
  const [encoder, decoder] = [hsEnc.shape, hsDec.shape];
  return [encoder[0]!, decoder[1]!, encoder[1]!, encoder[2]!] as const;
}

/** The same for the general op, which is what computes without weights. */
function generalInputsOf(memory: TimeAttentionMemory) {
  const [query, keys, values, lengths] = inputsOf(memory);
  return { query, keys, values, lengths, vector: null, mask: null, bias: null, slopes: null };
}

function planOf(memory: TimeAttentionMemory): AttentionPlan {
  const [batch, queries, steps, size] = sizesOf(memory);
  return { ...PLAIN_PLAN, batch, queries, steps, capacity: steps, size, valueSize: size };
}

function storagesOf({ maxima, sums }: { maxima: Tensor; sums: Tensor }) {
  return { maxima: maxima.storage, sums: sums.storage };
}

/** out, and what the backward pass needs besides. */
function attend(memory: TimeAttentionMemory): Tensor {
  const { hsDec, statistics } = memory;
  const out = newTensor(hsDec, hsDec.shape);
  const [inputs, sizes] = [inputsOf(memory), sizesOf(memory)];
  const { kernels } = deviceOf(hsDec);
  if (statistics === null) {
    kernels.attentionForward(...inputs, memory.weights.storage, out.storage, ...sizes);
  } else {
    const call = [generalInputsOf(memory), planOf(memory), out.storage] as const;
    kernels.attendForward(...call, storagesOf(statistics), null, null);
  }
  return out;
}
