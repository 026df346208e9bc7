import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Tanh } from "../../layers/activations.ts";
import { Linear } from "../../layers/linear.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { sumOf } from "../axes.ts";
import type { ModelConfig } from "../model-config.ts";
import type { PartialState } from "./cell.ts";
import { layerName } from "./sizes.ts";

/** tanh(s · W + b) of a state. */
class StateLayer {
  readonly #linear: Linear;
  readonly #tanh = new Tanh();

  constructor(size: number, parameters: Parameters, name: string) {
    this.#linear = new Linear(size, size, { parameters, name });
  }

  forward(s: Tensor, scope: Scope): Tensor {
    return scope.keep(this.#tanh.forward(scope.keep(this.#linear.forward(s))));
  }

  backward(d: Tensor, scope: Scope): Tensor {
    const [ds] = this.#linear.backward(scope.keep(this.#tanh.backward(d)));
    return scope.keep(ds as Tensor);
  }
}

/**
 * What the decoder's layers begin with, of the encoder's last states: layer by layer from the top down, the
 * encoder's lowest for those that it has no counterpart of.
 */
export class Bridge {
  readonly #kind: ModelConfig["bridge"];
  readonly #encoderLayers: number;
  readonly #decoderLayers: number;
  readonly #h: readonly StateLayer[];
  readonly #c: readonly StateLayer[];

  constructor(config: ModelConfig, parameters: Parameters) {
    this.#kind = config.bridge;
    this.#encoderLayers = config.encoderLayers;
    this.#decoderLayers = config.decoderLayers;
    const layers = (half: "h" | "c"): StateLayer[] =>
      bridgeNames(config, half).map((name) => new StateLayer(config.hiddenSize, parameters, name));
    this.#h = layers("h");
    this.#c = layers("c");
  }

  static specs(config: ModelConfig): ParameterSpec[] {
    const names = [...bridgeNames(config, "h"), ...bridgeNames(config, "c")];
    return names.flatMap((name) => Linear.specs(name, [config.hiddenSize], config.hiddenSize));
  }

  /** The encoder's last states → what each layer of the decoder begins with. */
  forward(states: readonly PartialState[], scope: Scope): PartialState[] {
    return Array.from({ length: this.#decoderLayers }, (_, layer): PartialState => {
      const { h, c } = states[this.#counterpart(layer)] ?? {};
      if (this.#kind === "zero" || h === undefined) return {};
      if (this.#kind === "hidden") return { h };
      if (this.#kind === "state") return { h, c: c ?? null };
      const [ofH, ofC] = [this.#h[layer], this.#c[layer]];
      return {
        h: ofH === undefined ? h : ofH.forward(h, scope),
        c: c && ofC !== undefined ? ofC.forward(c, scope) : null,
      };
    });
  }

  /** The gradients of what the decoder's layers began with → those of the encoder's last states. */
  backward(dStarts: readonly PartialState[], scope: Scope): PartialState[] {
    const sums: { h: Tensor | null; c: Tensor | null }[] = [];
    for (let i = 0; i < this.#encoderLayers; i++) sums.push({ h: null, c: null });
    if (this.#kind === "zero") return sums.map(() => ({}));
    for (const [layer, { h = null, c = null }] of dStarts.entries()) {
      const sum = sums[this.#counterpart(layer)];
      if (sum === undefined) continue;
      const [ofH, ofC] = [this.#h[layer], this.#c[layer]];
      const dh = h !== null && ofH !== undefined ? ofH.backward(h, scope) : h;
      const dc = c !== null && ofC !== undefined ? ofC.backward(c, scope) : c;
      sum.h = sumOf(sum.h, dh, scope);
      if (this.#kind !== "hidden") sum.c = sumOf(sum.c, dc, scope);
    }
    return sums.map(({ h, c }) => ({ ...(h === null ? {} : { h }), c }));
  }

  /** The encoder's layer whose state layer `layer` of the decoder begins with. */
  #counterpart(layer: number): number {
    return Math.max(0, this.#encoderLayers - this.#decoderLayers + layer);
  }
}

function bridgeNames(config: ModelConfig, half: "h" | "c"): string[] {
  if (config.bridge !== "linear" || (half === "c" && config.cell === "gru")) return [];
  return Array.from({ length: config.decoderLayers }, (_, i) => layerName(`bridge.${half}`, i));
}
