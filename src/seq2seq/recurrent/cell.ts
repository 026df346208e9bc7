import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { GRU } from "../../layers/gru.ts";
import { LSTM } from "../../layers/lstm.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";

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
