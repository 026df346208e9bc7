import { checkFlag, checkOptions, checkSize } from "../core/arguments.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { agree, axes, checkLengths, expectShape, together } from "./checks.ts";
import { type Layer, leftBy, newTensor, recall } from "./layer.ts";
import { type LayerOptions, type ParameterSpec, parametersOf } from "./parameters.ts";

/** What a GRU starts from, which steps of a batch are real, and which way it goes. */
export interface GruStart {
  /** Hidden state (N, H) before the first step; zeros without it. */
  readonly h?: Tensor;
  /** (N): from step lengths[n] on, sequence n stands still: hs repeats its last state. */
  readonly lengths?: Indices;
  /**
   * Whether to go from the last step to the first (false without it): the state before step t is then
   * that of step t + 1, and that before step lengths[n] − 1 the one that it starts from.
   */
  readonly reverse?: boolean;
}

/** The state after the last step, (N, H); reversed, the first step is the last. */
export interface GruState {
  /** Hidden state. */
  readonly h: Tensor;
}

interface GruMemory {
  readonly xs: Tensor;
  readonly h: Tensor | undefined;
  readonly lengths: Indices | undefined;
  readonly reverse: boolean;
  readonly gates: Tensor;
  readonly past: Tensor;
  readonly hs: Tensor;
}

/**
 * A gated recurrent unit over a sequence (Cho et al. 2014, eq. 5 to 8, with the reset gate behind the
 * product with the state, as PyTorch and cuDNN have it), returning all hidden states. Per step, with
 * [r, z, n] along the 3H axis of Wx, Wh and b:
 *
 *     r = σ(x[t] · Wx_r + b_r + h[t−1] · Wh_r)
 *     z = σ(x[t] · Wx_z + b_z + h[t−1] · Wh_z)
 *     n = tanh(x[t] · Wx_n + b_n + r ⊙ (h[t−1] · Wh_n + bn))
 *     h[t] = (1 − z) ⊙ n + z ⊙ h[t−1]
 *
 * Reversed, from the last step to the first, with h[t+1] instead: the other half of a bidirectional
 * encoder (Schuster & Paliwal 1997).
 *
 * Shapes: xs (N, T, D) → hs (N, T, H). Parameters Wx (D, 3H), at first normal with deviation 1/√D,
 * Wh (H, 3H), at first normal with deviation 1/√H, b (3H) and bn (H), at first 0.
 *
 * @example
 * const gru = new GRU(8, 16);
 * const hs = gru.forward(zeros([2, 5, 8]));
 * hs.shape; // → [2, 5, 16]
 * gru.state.h.shape; // → [2, 16]
 * const [dxs, dh] = gru.backward(hs);
 * dxs.shape; // → [2, 5, 8]
 */
export class GRU implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #hidden: number;
  #memory: GruMemory | null = null;
  #state: GruState | null = null;

  /**
   * @param inputSize D
   * @param hiddenSize H
   */
  constructor(inputSize: number, hiddenSize: number, options: LayerOptions = {}) {
    const specs = (name: string): ParameterSpec[] => GRU.specs(name, inputSize, hiddenSize);
    checkSize("GRU", "inputSize", inputSize);
    checkSize("GRU", "hiddenSize", hiddenSize);
    const { values, grads } = parametersOf("GRU", specs, options);
    this.params = values;
    this.grads = grads;
    this.#hidden = hiddenSize;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, inputSize: number, hiddenSize: number): ParameterSpec[] {
    const gates = 3 * hiddenSize;
    // Of no inputs or no units there are no numbers to draw, and any deviation will do.
    const deviation = (size: number): number => 1 / Math.sqrt(Math.max(size, 1));
    return [
      { name: `${name}.Wx`, shape: [inputSize, gates], deviation: deviation(inputSize) },
      { name: `${name}.Wh`, shape: [hiddenSize, gates], deviation: deviation(hiddenSize) },
      { name: `${name}.b`, shape: [gates], deviation: 0 },
      { name: `${name}.bn`, shape: [hiddenSize], deviation: 0 },
    ];
  }

  /** The state after the last step of the last forward pass. @throws StateError before there was one */
  get state(): GruState {
    return leftBy("GRU.state", "GRU.forward", this.#state, "no state yet");
  }

  /**
   * xs (N, T, D) → hs (N, T, H), every hidden state; {@link state} has the last.
   *
   * @throws ShapeError when xs is not (N, T, D), the state not (N, H), or a length not from 0 to T;
   *   DataError when `reverse` is neither true nor false
   */
  forward(xs: Tensor, start: GruStart = {}): Tensor {
    const where = "GRU.forward";
    checkOptions(where, start, ["h", "lengths", "reverse"]);
    const { h, lengths, reverse = false } = start;
    checkFlag(where, "reverse", reverse);
    const [Wx, Wh, b, bn] = this.params as [Tensor, Tensor, Tensor, Tensor];
    const [N, T, D] = axes(where, "xs", xs, "N", "T", "D");
    const H = this.#hidden;
    agree(where, "D", "xs", D, "Wx", Wx.shape[0] ?? 0);
    together(where, { Wx, xs });
    if (h !== undefined) {
      expectShape(where, "h", h, [N, H]);
      together(where, { Wx, h });
    }
    checkLengths(where, lengths, xs, N, T);
    const { kernels } = familyDevice(xs);

    let inputs = xs;
    if (lengths !== undefined) {
      // Padding may hold anything; without it here, x · Wx and xᵀ · dGates never meet it.
      inputs = newTensor(xs, xs.shape);
      kernels.maskSteps(xs.storage, lengths.storage, inputs.storage, N, T, D);
    }
    const gates = newTensor(xs, [N, T, 3 * H]);
    const product = [inputs.storage, Wx.storage, b.storage, gates.storage] as const;
    kernels.matmul(...product, N * T, 3 * H, D, false, false, false);
    const past = newTensor(xs, [N, T, H]);
    const hs = newTensor(xs, [N, T, H]);
    const state = { h: newTensor(xs, [N, H]) };
    kernels.gruForward(
      gates.storage,
      Wh.storage,
      bn.storage,
      h?.storage ?? null,
      lengths?.storage ?? null,
      past.storage,
      hs.storage,
      state.h.storage,
      N,
      T,
      H,
      reverse,
    );
    this.release();
    this.#memory = { xs: inputs, h, lengths, reverse, gates, past, hs };
    this.#state = state;
    return hs;
  }

  /**
   * @param dhs (N, T, H), the gradient of every state
   * @param dState that of the last state besides, where something used it
   * @returns dxs (N, T, D), and the gradient (N, H) of the state it started from; those of the
   *   parameters are added to `grads`
   * @throws StateError before `forward`; ShapeError when a gradient does not have its state's shape
   */
  backward(dhs: Tensor, dState: Partial<GruState> = {}): [dxs: Tensor, dh: Tensor] {
    const where = "GRU.backward";
    checkOptions(where, dState, ["h"]);
    const { xs, h, lengths, reverse, gates, past, hs } = recall("GRU", this.#memory);
    const [Wx, Wh] = this.params as [Tensor, Tensor];
    const [dWx, dWh, db, dbn] = this.grads as [Tensor, Tensor, Tensor, Tensor];
    const [N, T, D] = axes(where, "xs", xs, "N", "T", "D");
    const H = this.#hidden;
    expectShape(where, "dhs", dhs, [N, T, H]);
    together(where, { Wx, dhs });
    if (dState.h !== undefined) {
      expectShape(where, "dState.h", dState.h, [N, H]);
      together(where, { Wx, "dState.h": dState.h });
    }
    const { kernels } = familyDevice(xs);
    const dGates = newTensor(xs, gates.shape);
    const dPast = newTensor(xs, past.shape);
    const dh = newTensor(xs, [N, H]);
    kernels.gruBackward(
      gates.storage,
      Wh.storage,
      h?.storage ?? null,
      lengths?.storage ?? null,
      past.storage,
      hs.storage,
      dhs.storage,
      dState.h?.storage ?? null,
      dGates.storage,
      dPast.storage,
      dh.storage,
      dWh.storage,
      N,
      T,
      H,
      reverse,
    );
    const [rows, columns] = [N * T, 3 * H];
    const d = dGates.storage;
    kernels.matmul(xs.storage, d, null, dWx.storage, D, columns, rows, true, false, true);
    kernels.sumRows(d, db.storage, rows, columns, true);
    kernels.sumRows(dPast.storage, dbn.storage, rows, H, true);
    const dxs = newTensor(xs, xs.shape);
    kernels.matmul(d, Wx.storage, null, dxs.storage, rows, D, columns, false, true, false);
    dGates.dispose();
    dPast.dispose();
    return [dxs, dh];
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    if (this.#memory === null) return;
    this.#memory.gates.dispose();
    this.#memory.past.dispose();
    // With lengths, xs is the layer's own masked copy; otherwise it is the caller's.
    if (this.#memory.lengths !== undefined) this.#memory.xs.dispose();
    this.#memory = null;
  }
}
