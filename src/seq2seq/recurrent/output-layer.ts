import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Linear } from "../../layers/linear.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { TiedLinear } from "../../layers/tied-linear.ts";
import { sumOf } from "../axes.ts";
import type { DropoutSite, Dropouts } from "../dropouts.ts";
import { embeddingName } from "../embeddings.ts";
import type { ModelConfig } from "../model-config.ts";
import { type ChunkGradients, type ChunkOutput, combinedSizes } from "./chunk.ts";
import { numbersOf, type Steps } from "./steps.ts";

const GATE = "decoder.gate";

/** Scores of all symbols, and how much is written rather than copied, of what the decoder's steps give. */
export class OutputLayer {
  readonly #affine: Linear | TiedLinear;
  readonly #gate: Linear | null;
  readonly #dropouts: readonly DropoutSite[];

  constructor(config: ModelConfig, symbols: number, parameters: Parameters, dropouts: Dropouts) {
    const name = "decoder.affine";
    this.#affine =
      config.tiedEmbeddings === "none"
        ? new Linear(inputSizes(config), symbols, { parameters, name })
        : new TiedLinear(symbols, {
            parameters,
            name,
            table: `${embeddingName("decoder", config)}.W`,
          });
    this.#gate = config.copy ? new Linear(gateSizes(config), 1, { parameters, name: GATE }) : null;
    this.#dropouts = inputSizes(config).map(() => dropouts.site(config.outputDropout));
  }

  static specs(config: ModelConfig, symbols: number): ParameterSpec[] {
    return [
      ...(config.tiedEmbeddings === "none"
        ? Linear.specs("decoder.affine", inputSizes(config), symbols)
        : TiedLinear.specs("decoder.affine", symbols)),
      ...(config.copy ? Linear.specs(GATE, gateSizes(config), 1) : []),
    ];
  }

  /** Of the steps' outputs and of their inputs xs (N, T, D) → logits (N, T, V) and the gate's, (N, T). */
  forward(
    { hidden, context, vector }: ChunkOutput,
    xs: Steps,
    step: number | null,
    scope: Scope,
  ): { logits: Tensor; gate: Tensor | null } {
    const inputs = (vector === null ? [context, hidden] : [vector]).filter((x) => x !== null);
    const kept = inputs.map((x, i) => this.#dropouts[i]!.forward(x, step, scope)) as [Tensor];
    const logits = scope.keep(this.#affine.forward(...kept));
    if (this.#gate === null || context === null) return { logits, gate: null };
    const gate = scope.keep(this.#gate.forward(context, hidden, numbersOf(xs, scope)));
    return { logits, gate: scope.keep(gate.reshape(gate.shape.slice(0, 2))) };
  }

  /** → the gradients of the steps' outputs and, where something is copied, of xs. */
  backward(
    dLogits: Tensor,
    dGate: Tensor | null,
    hasVector: boolean,
    scope: Scope,
  ): Omit<ChunkGradients, "dWeights"> & { dxs: Tensor | null } {
    const dInputs = this.#affine
      .backward(dLogits)
      .map((d, i) => this.#dropouts[i]!.backward(scope.keep(d), scope));
    const dVector = hasVector ? (dInputs[0] as Tensor) : null;
    let dHidden = hasVector ? null : (dInputs.at(-1) as Tensor);
    let dContext = hasVector || dInputs.length === 1 ? null : (dInputs[0] as Tensor);
    let dxs: Tensor | null = null;
    if (this.#gate !== null && dGate !== null) {
      const column = scope.keep(dGate.reshape([...dGate.shape, 1]));
      const parts = this.#gate.backward(column);
      const [toContext, toHidden, toXs] = parts.map((d) => scope.keep(d)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      dContext = sumOf(dContext, toContext, scope);
      dHidden = sumOf(dHidden, toHidden, scope);
      dxs = toXs;
    }
    return { dVector, dHidden, dContext, dxs };
  }
}

function inputSizes(config: ModelConfig): number[] {
  return config.attentionalSize === null ? combinedSizes(config) : [config.attentionalSize];
}

/** Context, hidden state and input (See, Liu & Manning 2017, equation 8). */
function gateSizes(config: ModelConfig): number[] {
  return [...combinedSizes(config), config.embeddingSize];
}
