import type { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Tanh } from "../../layers/activations.ts";
import { Linear } from "../../layers/linear.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { join, split, sumOf } from "../axes.ts";
import type { DropoutSite, Dropouts } from "../dropouts.ts";
import type { ModelConfig } from "../model-config.ts";
import {
  type AttentionMemory,
  AttentionQuery,
  attentionSpecs,
  type MemoryGradients,
} from "./attention.ts";
import { Cell, type CellState, type PartialState } from "./cell.ts";
import { layerName } from "./sizes.ts";
import { numbersOf, type Steps } from "./steps.ts";

/** What a run of T decoder steps gives. */
export interface ChunkOutput {
  /** (N, T, H), of the last layer. */
  readonly hidden: Tensor;
  /** (N, T, H); null without attention. */
  readonly context: Tensor | null;
  /** (N, T, A), the attentional vector; null without. */
  readonly vector: Tensor | null;
  /** (N, T, Te); null without attention. */
  readonly weights: Tensor | null;
  /** (N, heads, T, Te) where there are several, else the weights. */
  readonly heads: Tensor | null;
}

/** Gradients of a {@link ChunkOutput}; null: nothing came back. */
export interface ChunkGradients {
  readonly dHidden: Tensor | null;
  readonly dContext: Tensor | null;
  readonly dVector: Tensor | null;
  readonly dWeights: Tensor | null;
}

/** Size of what a step is fed of the step before; 0: nothing. */
export function feedSize({ inputFeeding, attentionalSize, hiddenSize }: ModelConfig): number {
  return inputFeeding ? (attentionalSize ?? hiddenSize) : 0;
}

/**
 * A run of steps of the decoder that need nothing of each other but the cell's state: all of them without
 * input feeding, one at a time with it. Its layers remember one forward pass; their parameters are shared.
 */
export class DecoderChunk {
  readonly #embeddingSize: number;
  readonly #feedSize: number;
  readonly #cells: readonly Cell[];
  readonly #dropouts: readonly DropoutSite[];
  readonly #attention: AttentionQuery | null;
  readonly #combine: Linear | null;
  readonly #tanh = new Tanh();

  constructor(config: ModelConfig, parameters: Parameters, dropouts: Dropouts) {
    this.#embeddingSize = config.embeddingSize;
    this.#feedSize = feedSize(config);
    const layers = cellSizes(config);
    this.#cells = layers.map(({ name, inputSize }) => {
      return new Cell(config.cell, inputSize, config.hiddenSize, parameters, name);
    });
    this.#dropouts = layers.slice(1).map(() => dropouts.site(config.layerDropout));
    this.#attention = config.attention === "none" ? null : new AttentionQuery(config, parameters);
    const { attentionalSize } = config;
    this.#combine =
      attentionalSize === null
        ? null
        : new Linear(combinedSizes(config), attentionalSize, {
            parameters,
            name: "decoder.combine",
          });
  }

  static specs(config: ModelConfig): ParameterSpec[] {
    const { cell, hiddenSize, attentionalSize } = config;
    return [
      ...cellSizes(config).flatMap(({ name, inputSize }) =>
        Cell.specs(cell, name, inputSize, hiddenSize),
      ),
      ...attentionSpecs(config),
      ...(attentionalSize === null
        ? []
        : Linear.specs("decoder.combine", combinedSizes(config), attentionalSize)),
    ];
  }

  /**
   * xs (N, T, D), embedded, from `starts` on.
   *
   * @param feed (N, T, F) of the steps before, with input feeding
   * @param stream of dropout's random numbers; null leaves it out
   */
  forward(
    xs: Tensor,
    feed: Tensor | null,
    starts: readonly PartialState[],
    memory: AttentionMemory | null,
    stream: number | null,
    scope: Scope,
  ): ChunkOutput & { states: CellState[] } {
    let hidden = feed === null ? xs : join([xs, feed], scope);
    const states = this.#cells.map((cell, layer) => {
      const site = layer === 0 ? undefined : this.#dropouts[layer - 1];
      const input = site === undefined ? hidden : site.forward(hidden, stream, scope);
      const out = cell.forward(input, { start: starts[layer] ?? {} }, scope);
      hidden = out.hs;
      return out.state;
    });
    return { ...this.#attended(hidden, memory, scope), states };
  }

  /** {@link forward} of one step (N, 1, …) without dropout and backward pass: the states are the caller's. */
  advance(
    steps: Steps,
    feed: Tensor | null,
    starts: readonly PartialState[],
    memory: AttentionMemory | null,
    scope: Scope,
  ): ChunkOutput & { states: CellState[] } {
    let hidden = feed === null ? steps : join([numbersOf(steps, scope), feed], scope);
    const states = this.#cells.map((cell, layer) => {
      const out = cell.advance(hidden, starts[layer] ?? {}, scope);
      hidden = out.hs;
      return out.state;
    });
    return { ...this.#attended(numbersOf(hidden, scope), memory, scope), states };
  }

  /** → the gradients of xs, feed and the states it started from; what keys and values get is added up. */
  backward(
    { dHidden, dContext, dVector, dWeights }: ChunkGradients,
    dStates: readonly PartialState[],
    memory: MemoryGradients,
    scope: Scope,
  ): { dxs: Tensor; dFeed: Tensor | null; dStates: CellState[] } {
    let [toHidden, toContext] = [dHidden, dContext];
    if (dVector !== null && this.#combine !== null) {
      const parts = this.#combine.backward(scope.keep(this.#tanh.backward(dVector)));
      for (const part of parts) scope.keep(part);
      toHidden = sumOf(toHidden, parts.at(-1) as Tensor, scope);
      if (parts.length > 1) toContext = sumOf(toContext, parts[0] as Tensor, scope);
    }
    if (this.#attention !== null && toContext !== null) {
      const { dhs, dKeys, dValues } = this.#attention.backward(toContext, dWeights, scope);
      memory.add(dKeys, dValues);
      toHidden = sumOf(toHidden, dhs, scope);
    }
    let d = toHidden as Tensor;
    const starts: CellState[] = [];
    for (let layer = this.#cells.length - 1; layer >= 0; layer--) {
      const { dxs, dState } = this.#cells[layer]!.backward(d, dStates[layer] ?? {}, scope);
      starts.unshift(dState);
      d = layer === 0 ? dxs : this.#dropouts[layer - 1]!.backward(dxs, scope);
    }
    const sizes =
      this.#feedSize === 0 ? [this.#embeddingSize] : [this.#embeddingSize, this.#feedSize];
    const [dxs, dFeed = null] = split(d, sizes, scope);
    return { dxs: dxs as Tensor, dFeed, dStates: starts };
  }

  /** Gives back what the last forward pass kept for a backward pass. */
  release(): void {
    for (const cell of this.#cells) cell.release();
  }

  /** What the last layer's states (N, T, H) find by attention, and the vectors of both. */
  #attended(hidden: Tensor, memory: AttentionMemory | null, scope: Scope): ChunkOutput {
    const found =
      this.#attention === null || memory === null
        ? { context: null, weights: null, heads: null }
        : this.#attention.forward(hidden, memory, scope);
    return { hidden, ...found, vector: this.#combined(found.context, hidden, scope) };
  }

  #combined(context: Tensor | null, hidden: Tensor, scope: Scope): Tensor | null {
    if (this.#combine === null) return null;
    const inputs = context === null ? [hidden] : [context, hidden];
    return scope.keep(this.#tanh.forward(scope.keep(this.#combine.forward(...inputs))));
  }
}

/** Sizes of what an output is made of: context, where there is one, and hidden state. */
export function combinedSizes({ attention, hiddenSize }: ModelConfig): number[] {
  return attention === "none" ? [hiddenSize] : [hiddenSize, hiddenSize];
}

function cellSizes(config: ModelConfig) {
  return Array.from({ length: config.decoderLayers }, (_, layer) => ({
    name: layerName(`decoder.${config.cell}`, layer),
    inputSize: layer === 0 ? config.embeddingSize + feedSize(config) : config.hiddenSize,
  }));
}
