import { checkFlag, checkOptions, checkSize } from "../core/arguments.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { agree, axes, checkLengths, expectShape, together } from "./checks.ts";
import { type Layer, leftBy, newTensor, recall } from "./layer.ts";
import { type LayerOptions, type ParameterSpec, parametersOf } from "./parameters.ts";

/** What an LSTM starts from, and which steps of a batch are real. */
export interface LstmStart {
  /** Hidden state (N, H) before the first step; zeros without it. */
  readonly h?: Tensor;
  /** Cell (N, H) before the first step; zeros without it. */
  readonly c?: Tensor;
  /** (N): from step lengths[n] on, sequence n stands still: hs repeats its last state. */
  readonly lengths?: Indices;
  /**
   * Whether to go from the last step to the first (false without it): the state before step t is then
   * that of step t + 1, and that before step lengths[n] − 1 the one that it starts from.
   */
  readonly reverse?: boolean;
}

/** The state after the last step, each (N, H); reversed, the first step is the last. */
export interface LstmState {
  /** Hidden state. */
  readonly h: Tensor;
  /** Cell. */
  readonly c: Tensor;
}

interface LstmMemory {
  readonly xs: Tensor;
  readonly h: Tensor | undefined;
  readonly c: Tensor | undefined;
  readonly lengths: Indices | undefined;
  readonly reverse: boolean;
  readonly gates: Tensor;
  readonly hs: Tensor;
  readonly cs: Tensor;
}

/**
 * A long short-term memory over a sequence (Hochreiter & Schmidhuber 1997, with the forget gate of
 * Gers et al. 2000), returning all hidden states. Per step, with [f, g, i, o] along the 4H axis:
 *
 *     z = x[t] · Wx + h[t−1] · Wh + b
 *     f = σ(z_f)   g = tanh(z_g)   i = σ(z_i)   o = σ(z_o)
 *     c[t] = f ⊙ c[t−1] + g ⊙ i         h[t] = o ⊙ tanh(c[t])
 *
 * Reversed, from the last step to the first, with h[t+1] and c[t+1] instead: the other half of a
 * bidirectional encoder (Schuster & Paliwal 1997).
 *
 * Shapes: xs (N, T, D) → hs (N, T, H). Parameters Wx (D, 4H), at first normal with deviation 1/√D,
 * Wh (H, 4H), at first normal with deviation 1/√H, and b (4H), at first 0.
 *
 * @example
 * const lstm = new LSTM(8, 16);
 * const hs = lstm.forward(zeros([2, 5, 8]));
 * hs.shape; // → [2, 5, 16]
 * lstm.state.h.shape; // → [2, 16]
 * const [dxs, dh, dc] = lstm.backward(hs);
 * dxs.shape; // → [2, 5, 8]
 */
export class LSTM implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #hidden: number;
  #memory: LstmMemory | null = null;
  #state: LstmState | null = null;

  /**
   * @param inputSize D
   * @param hiddenSize H
   */
  constructor(inputSize: number, hiddenSize: number, options: LayerOptions = {}) {
    const specs = (name: string): ParameterSpec[] => LSTM.specs(name, inputSize, hiddenSize);
    checkSize("LSTM", "inputSize", inputSize);
    checkSize("LSTM", "hiddenSize", hiddenSize);
    const { values, grads } = parametersOf("LSTM", specs, options);
    this.params = values;
    this.grads = grads;
    this.#hidden = hiddenSize;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, inputSize: number, hiddenSize: number): ParameterSpec[] {
    const gates = 4 * hiddenSize;
    // Of no inputs or no units there are no numbers to draw, and any deviation will do.
    const [x, h] = [inputSize, hiddenSize].map((size) => 1 / Math.sqrt(Math.max(size, 1)));
    return [
      { name: `${name}.Wx`, shape: [inputSize, gates], deviation: x ?? 0 },
      { name: `${name}.Wh`, shape: [hiddenSize, gates], deviation: h ?? 0 },
      { name: `${name}.b`, shape: [gates], deviation: 0 },
    ];
  }

  /** The state after the last step of the last forward pass. @throws StateError before there was one */
  get state(): LstmState {
    return leftBy("LSTM.state", "LSTM.forward", this.#state, "no state yet");
  }

  /**
   * xs (N, T, D) → hs (N, T, H), every hidden state; {@link state} has the last.
   *
   * @throws ShapeError when xs is not (N, T, D), a state not (N, H), or a length not from 0 to T;
   *   DataError when `reverse` is neither true nor false
   */
  forward(xs: Tensor, start: LstmStart = {}): Tensor {
    const where = "LSTM.forward";
    checkOptions(where, start, ["h", "c", "lengths", "reverse"]);
    const { reverse = false } = start;
    checkFlag(where, "reverse", reverse);
    const [Wx, Wh, b] = this.params as [Tensor, Tensor, Tensor];
    const [N, T, D] = axes(where, "xs", xs, "N", "T", "D");
    const H = this.#hidden;
    agree(where, "D", "xs", D, "Wx", Wx.shape[0] ?? 0);
    together(where, { Wx, xs });
    for (const [name, state] of [
      ["h", start.h],
      ["c", start.c],
    ] as const) {
      if (state === undefined) continue;
      expectShape(where, name, state, [N, H]);
      together(where, { Wx, [name]: state });
    }
    checkLengths(where, start.lengths, xs, N, T);
    const { kernels } = deviceOf(xs);

    let inputs = xs;
    if (start.lengths !== undefined) {
      // Padding may hold anything; without it here, x · Wx and xᵀ · dGates never meet it.
      inputs = newTensor(xs, xs.shape);
      kernels.maskSteps(xs.storage, start.lengths.storage, inputs.storage, N, T, D);
    }
    const gates = newTensor(xs, [N, T, 4 * H]);
    const [rows, columns] = [N * T, 4 * H];
    const product = [inputs.storage, Wx.storage, b.storage, gates.storage] as const;
    kernels.matmul(...product, rows, columns, D, false, false, false);

    const hs = newTensor(xs, [N, T, H]);
    const cs = newTensor(xs, [N, T, H]);
    const state = { h: newTensor(xs, [N, H]), c: newTensor(xs, [N, H]) };
    kernels.lstmForward(
      gates.storage,
      Wh.storage,
      start.h?.storage ?? null,
      start.c?.storage ?? null,
      start.lengths?.storage ?? null,
      hs.storage,
      cs.storage,
      state.h.storage,
      state.c.storage,
      N,
      T,
      H,
      reverse,
    );
    this.release();
    const { h, c, lengths } = start;
    this.#memory = { xs: inputs, h, c, lengths, reverse, gates, hs, cs };
    this.#state = state;
    return hs;
  }

  /**
   * @param dhs (N, T, H), the gradient of every state
   * @param dState that of the last state besides, where something used it
   * @returns dxs (N, T, D), and the gradients (N, H) of the state it started from; those of the
   *   parameters are added to `grads`
   * @throws StateError before `forward`; ShapeError when a gradient does not have its state's shape
   */
  backward(dhs: Tensor, dState: Partial<LstmState> = {}): [dxs: Tensor, dh: Tensor, dc: Tensor] {
    const where = "LSTM.backward";
    checkOptions(where, dState, ["h", "c"]);
    const { xs, h, c, lengths, reverse, gates, hs, cs } = recall("LSTM", this.#memory);
    const [Wx, Wh] = this.params as [Tensor, Tensor];
    const [dWx, dWh, db] = this.grads as [Tensor, Tensor, Tensor];
    const [N, T, D] = axes(where, "xs", xs, "N", "T", "D");
    const H = this.#hidden;
    expectShape(where, "dhs", dhs, [N, T, H]);
    together(where, { Wx, dhs });
    for (const [name, gradient] of Object.entries(dState)) {
      if (gradient === undefined) continue;
      expectShape(where, `dState.${name}`, gradient, [N, H]);
      together(where, { Wx, [`dState.${name}`]: gradient });
    }
    const { kernels } = deviceOf(xs);
    const dGates = newTensor(xs, gates.shape);
    const dh = newTensor(xs, [N, H]);
    const dc = newTensor(xs, [N, H]);
    kernels.lstmBackward(
      gates.storage,
      Wh.storage,
      h?.storage ?? null,
      c?.storage ?? null,
      lengths?.storage ?? null,
      hs.storage,
      cs.storage,
      dhs.storage,
      dState.h?.storage ?? null,
      dState.c?.storage ?? null,
      dGates.storage,
      dh.storage,
      dc.storage,
      dWh.storage,
      N,
      T,
      H,
      reverse,
    );
    const [rows, columns] = [N * T, 4 * H];
    const d = dGates.storage;
    kernels.matmul(xs.storage, d, null, dWx.storage, D, columns, rows, true, false, true);
    kernels.sumRows(d, db.storage, rows, columns, true);
    const dxs = newTensor(xs, xs.shape);
    kernels.matmul(d, Wx.storage, null, dxs.storage, rows, D, columns, false, true, false);
    dGates.dispose();
    return [dxs, dh, dc];
  }

  /** Gives back what the last forward pass kept for its backward pass, sooner than the next one would. */
  release(): void {
    if (this.#memory === null) return;
    this.#memory.gates.dispose();
    this.#memory.cs.dispose();
    // With lengths, xs is the layer's own masked copy; otherwise it is the caller's.
    if (this.#memory.lengths !== undefined) this.#memory.xs.dispose();
    this.#memory = null;
  }
}
