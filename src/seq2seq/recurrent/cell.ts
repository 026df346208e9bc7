import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { GRU } from "../../layers/gru.ts";
import { newTensor } from "../../layers/layer.ts";
import { LSTM } from "../../layers/lstm.ts";
import { type LstmInputs, lstmStates } from "../../layers/lstm-states.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { numbersOf, type Steps } from "./steps.ts";

/** The state of a recurrent cell, each (N, H). */
export interface CellState {
  readonly h: Tensor;
  /** null: a GRU, which has none. */
  readonly c: Tensor | null;
}

/** A state of which parts may be missing: zeros to begin with, or no gradient. */
export type PartialState = {
  readonly h?: Tensor | undefined;
  readonly c?: Tensor | null | undefined;
};

/** How a cell goes over a sequence. */
export interface CellCall {
  readonly start?: PartialState;
  readonly lengths?: Indices | undefined;
  /** From the last step to the first. */
  readonly reverse?: boolean;
}

/** One recurrent layer in one direction: an LSTM or a GRU, by one face. */
export class Cell {
  readonly #layer: LSTM | GRU;

  constructor(
    kind: "lstm" | "gru",
    inputSize: number,
    hiddenSize: number,
    parameters: Parameters,
    name: string,
  ) {
    const Kind = kind === "lstm" ? LSTM : GRU;
    this.#layer = new Kind(inputSize, hiddenSize, { parameters, name });
  }

  static specs(
    kind: "lstm" | "gru",
    name: string,
    inputSize: number,
    hiddenSize: number,
  ): ParameterSpec[] {
    return (kind === "lstm" ? LSTM : GRU).specs(name, inputSize, hiddenSize);
  }

  /** xs (N, T, D) → hs (N, T, H) and the state after the last step, which `scope` holds. */
  forward(xs: Tensor, call: CellCall, scope: Scope): { hs: Tensor; state: CellState } {
    const { h, c } = call.start ?? {};
    const options = {
      ...(h === undefined ? {} : { h }),
      ...(call.lengths === undefined ? {} : { lengths: call.lengths }),
      ...(call.reverse ? { reverse: true } : {}),
    };
    const layer = this.#layer;
    if (layer instanceof GRU) {
      const hs = scope.keep(layer.forward(xs, options));
      return { hs, state: { h: scope.keep(layer.state.h), c: null } };
    }
    const hs = scope.keep(layer.forward(xs, { ...options, ...(c ? { c } : {}) }));
    return { hs, state: { h: scope.keep(layer.state.h), c: scope.keep(layer.state.c) } };
  }

  /**
   * {@link forward} of LSTMs that read the same side by side, the second of two in reverse, without a backward pass:
   * their states (N, T, ΣH) and the last ones, which `scope` holds. Null where the cells are no LSTMs.
   */
  static read(
    cells: readonly Cell[],
    steps: Steps,
    lengths: Indices | undefined,
    scope: Scope,
  ): { hs: Tensor; state: CellState } | null {
    const layers = cells.map((cell) => cell.#layer);
    if (!layers.every((layer) => layer instanceof LSTM)) return null;
    const [N = 0, T = 0] = shapeOf(steps);
    const sizes = layers.map(sizeOf);
    const [first] = layers as [LSTM];
    const width = sizes.reduce((sum, size) => sum + size, 0);
    const made = (shape: readonly number[]): Tensor =>
      scope.keep(newTensor(first.params[0] as Tensor, shape));
    const [hs, h, c] = [made([N, T, width]), made([N, width]), made([N, width])];
    let offset = 0;
    for (const [i, layer] of layers.entries()) {
      const call = { ...(lengths === undefined ? {} : { lengths }), reverse: i === 1 };
      lstmStates(layer, inputsOf(steps), call, { hs, h, c, offset });
      offset += sizes[i]!;
    }
    return { hs, state: { h, c } };
  }

  /** {@link forward} of one step (N, 1, D) without a backward pass: the state is the caller's to dispose. */
  advance(steps: Steps, { h, c }: PartialState, scope: Scope): { hs: Tensor; state: CellState } {
    const start = h === undefined ? {} : { h };
    const layer = this.#layer;
    if (layer instanceof GRU) {
      const hs = scope.keep(layer.forward(numbersOf(steps, scope), start));
      return { hs, state: { h: layer.state.h, c: null } };
    }
    const [N = 0] = shapeOf(steps);
    const H = sizeOf(layer);
    const made = (): Tensor => newTensor(layer.params[0] as Tensor, [N, H]);
    const state = { h: made(), c: made() };
    const call = c ? { ...start, c } : start;
    lstmStates(layer, inputsOf(steps), call, { ...state, hs: null, offset: 0 });
    return { hs: scope.keep(state.h.reshape([N, 1, H])), state };
  }

  /** → the gradients of the inputs and of the state it started from, which `scope` holds. */
  backward(dhs: Tensor, dState: PartialState, scope: Scope): { dxs: Tensor; dState: CellState } {
    const { h, c } = dState;
    const layer = this.#layer;
    const gradients =
      layer instanceof GRU
        ? layer.backward(dhs, h === undefined ? {} : { h })
        : layer.backward(dhs, { ...(h === undefined ? {} : { h }), ...(c ? { c } : {}) });
    for (const gradient of gradients) scope.keep(gradient);
    const [dxs, dh, dc = null] = gradients;
    return { dxs, dState: { h: dh, c: dc } };
  }

  /** Gives back what the last forward pass kept for its backward pass. */
  release(): void {
    this.#layer.release();
  }
}

/** H */
function sizeOf(layer: LSTM): number {
  return layer.params[1]?.shape[0] ?? 0;
}

function shapeOf(steps: Steps): readonly number[] {
  return "ids" in steps ? steps.ids.shape : steps.shape;
}

function inputsOf(steps: Steps): LstmInputs {
  return "ids" in steps ? { table: steps.embed.params[0] as Tensor, ids: steps.ids } : steps;
}
