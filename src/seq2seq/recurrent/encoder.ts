import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import type { Embedding } from "../../layers/embedding.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { addInto, join, split } from "../axes.ts";
import type { DropoutSite, Dropouts } from "../dropouts.ts";
import { newEmbedding } from "../embeddings.ts";
import type { ModelConfig } from "../model-config.ts";
import type { VocabularySizes } from "../vocabulary-sizes.ts";
import { Cell, type CellState, type PartialState } from "./cell.ts";
import { layerName } from "./sizes.ts";
import { numbersOf, type Steps } from "./steps.ts";

/** One layer that reads: a cell, or two that read from both ends and share the hidden size. */
class EncoderLayer {
  readonly dropout: DropoutSite;
  readonly #cells: readonly Cell[];
  readonly #sizes: readonly number[];

  constructor(cells: readonly Cell[], sizes: readonly number[], dropout: DropoutSite) {
    this.#cells = cells;
    this.#sizes = sizes;
    this.dropout = dropout;
  }

  forward(
    xs: Tensor,
    lengths: Indices | undefined,
    scope: Scope,
  ): { hs: Tensor; state: CellState } {
    const outs = this.#cells.map((cell, direction) =>
      cell.forward(xs, { lengths, reverse: direction === 1 }, scope),
    );
    const hs = outs.map((out) => out.hs);
    const h = outs.map((out) => out.state.h);
    const c = outs.map((out) => out.state.c).filter((each) => each !== null);
    const state = { h: join(h, scope), c: c.length === 0 ? null : join(c, scope) };
    return { hs: join(hs, scope), state };
  }

  /** {@link forward} for those who need no backward pass. */
  read(steps: Steps, lengths: Indices | undefined, scope: Scope): { hs: Tensor; state: CellState } {
    const read = Cell.read(this.#cells, steps, lengths, scope);
    return read ?? this.forward(numbersOf(steps, scope), lengths, scope);
  }

  backward(dhs: Tensor, dState: PartialState, scope: Scope): Tensor {
    const parts = (whole: Tensor | null | undefined): Tensor[] =>
      whole ? split(whole, this.#sizes, scope) : [];
    const [dhsParts, dh, dc] = [parts(dhs), parts(dState.h), parts(dState.c)];
    const gradients = this.#cells.map((cell, i) => {
      return cell.backward(dhsParts[i] as Tensor, { h: dh[i], c: dc[i] }, scope).dxs;
    });
    return total(gradients);
  }

  release(): void {
    for (const cell of this.#cells) cell.release();
  }
}

/** Reads a batch of sources: embedding, then layers of LSTMs or GRUs, dropout before each while training. */
export class RecurrentEncoder {
  readonly #embed: Embedding;
  readonly #layers: readonly EncoderLayer[];

  constructor(
    config: ModelConfig,
    sizes: VocabularySizes,
    parameters: Parameters,
    dropouts: Dropouts,
  ) {
    this.#embed = newEmbedding("encoder", config, sizes, parameters);
    this.#layers = Array.from({ length: config.encoderLayers }, (_, layer) => {
      const all = directions(config, layer);
      const cells = all.map(({ path, inputSize, size }) => {
        return new Cell(config.cell, inputSize, size, parameters, path);
      });
      const rate = layer === 0 ? config.embeddingDropout : config.layerDropout;
      const sizes = all.map(({ size }) => size);
      return new EncoderLayer(cells, sizes, dropouts.site(rate));
    });
  }

  /** The parameters but for the embedding's. */
  static specs(config: ModelConfig): ParameterSpec[] {
    return Array.from({ length: config.encoderLayers }, (_, layer) => directions(config, layer))
      .flat()
      .flatMap(({ path, inputSize, size }) => Cell.specs(config.cell, path, inputSize, size));
  }

  /** sources (N, Te) → hs (N, Te, H) of the last layer, and every layer's last state. */
  forward(
    sources: Indices,
    lengths: Indices | undefined,
    step: number,
    scope: Scope,
  ): { hs: Tensor; states: CellState[] } {
    let hs = scope.keep(this.#embed.forward(sources));
    const states = this.#layers.map((layer) => {
      const out = layer.forward(layer.dropout.forward(hs, step, scope), lengths, scope);
      hs = out.hs;
      return out.state;
    });
    return { hs, states };
  }

  /** {@link forward} without dropout, for those who need no backward pass. */
  read(
    sources: Indices,
    lengths: Indices | undefined,
    scope: Scope,
  ): { hs: Tensor; states: CellState[] } {
    let steps: Steps = { embed: this.#embed, ids: sources };
    const states: CellState[] = [];
    for (const layer of this.#layers) {
      const { hs, state } = layer.read(steps, lengths, scope);
      steps = hs;
      states.push(state);
    }
    this.release();
    return { hs: numbersOf(steps, scope), states };
  }

  /** Of the gradients of hs and of every layer's last state; those of parameters are added to. */
  backward(dhs: Tensor, dStates: readonly PartialState[], scope: Scope): void {
    let d = dhs;
    for (const [i, layer] of [...this.#layers.entries()].reverse()) {
      d = layer.dropout.backward(layer.backward(d, dStates[i] ?? {}, scope), scope);
    }
    this.#embed.backward(d);
    this.release();
  }

  /** Gives back what the last forward pass kept for a backward pass. */
  release(): void {
    for (const layer of this.#layers) layer.release();
  }
}

/** The cells of a layer: one, or one for each direction with half of the hidden size. */
function directions(config: ModelConfig, layer: number) {
  const { embeddingSize, hiddenSize, bidirectional, cell } = config;
  const inputSize = layer === 0 ? embeddingSize : hiddenSize;
  const path = layerName(`encoder.${cell}`, layer);
  const size = bidirectional ? hiddenSize / 2 : hiddenSize;
  const paths = bidirectional ? [path, `${path}.reverse`] : [path];
  return paths.map((each) => ({ path: each, inputSize, size }));
}

/** The sum of gradients, in the memory of the first. */
function total(gradients: readonly Tensor[]): Tensor {
  const [first, ...rest] = gradients as [Tensor, ...Tensor[]];
  for (const each of rest) addInto(first, each);
  return first;
}
