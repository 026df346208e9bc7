import type { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import type { Embedding } from "../../layers/embedding.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { stackSteps, stepOf, sumOf, zerosLike } from "../axes.ts";
import type { DropoutSite, Dropouts } from "../dropouts.ts";
import { newEmbedding } from "../embeddings.ts";
import type { ModelConfig } from "../model-config.ts";
import type { OutputGradients, StepOutput } from "../network.ts";
import type { VocabularySizes } from "../vocabulary-sizes.ts";
import { type AttentionMemory, MemoryGradients } from "./attention.ts";
import type { CellState, PartialState } from "./cell.ts";
import { type ChunkGradients, type ChunkOutput, DecoderChunk, feedSize } from "./chunk.ts";
import { OutputLayer } from "./output-layer.ts";
import type { Symbols } from "./steps.ts";

/** Where a decoder stands: its cells' states, and what it is fed of the step before. */
export interface Standing {
  readonly states: readonly PartialState[];
  readonly feed: Tensor | null;
}

/**
 * Writes targets: embedding, layers of LSTMs or GRUs, attention over the encoder's states, and the output
 * layer. All steps at once where none needs what attention made of the one before, else one by one.
 */
export class RecurrentDecoder {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #dropouts: Dropouts;
  readonly #embed: Embedding;
  readonly #dropout: DropoutSite;
  readonly #output: OutputLayer;
  /** One for each step with input feeding, else one for all. */
  readonly #chunks: DecoderChunk[] = [];
  #hasVector = false;
  #steps = 0;

  constructor(
    config: ModelConfig,
    sizes: VocabularySizes,
    parameters: Parameters,
    dropouts: Dropouts,
  ) {
    this.#config = config;
    this.#parameters = parameters;
    this.#dropouts = dropouts;
    this.#embed = newEmbedding("decoder", config, sizes, parameters);
    this.#dropout = dropouts.site(config.embeddingDropout);
    this.#output = new OutputLayer(config, sizes.target, parameters, dropouts);
  }

  /** The parameters but for the embedding's. */
  static specs(config: ModelConfig, symbols: number): ParameterSpec[] {
    return [...DecoderChunk.specs(config), ...OutputLayer.specs(config, symbols)];
  }

  /** What the first step is fed: zeros (N, 1, F), or null without input feeding. */
  firstFeed(hs: Tensor, scope: Scope): Tensor | null {
    const size = feedSize(this.#config);
    if (size === 0) return null;
    return zerosLike(hs, [hs.shape[0]!, 1, size], scope);
  }

  /** inputs (N, Td) → the outputs of all steps, and where the decoder stands after them. */
  forward(
    inputs: Indices,
    memory: AttentionMemory | null,
    { states, feed }: Standing,
    step: number | null,
    scope: Scope,
  ): StepOutput & { readonly standing: Standing } {
    const embedded = scope.keep(this.#embed.forward(inputs));
    const xs = this.#dropout.forward(embedded, step, scope);
    const Td = inputs.shape[1] ?? 0;
    this.#steps = feed === null ? 1 : Td;
    const outputs: (ChunkOutput & { states: readonly CellState[] })[] = [];
    let [before, fed]: [readonly PartialState[], Tensor | null] = [states, feed];
    for (let t = 0; t < this.#steps; t++) {
      const x = feed === null ? xs : stepOf(xs, t, scope);
      const out = this.#chunk(t).forward(x, fed, before, memory, step, scope);
      outputs.push(out);
      before = out.states;
      if (feed !== null) fed = out.vector ?? out.context;
    }
    const all = stackOutputs(outputs, scope);
    this.#hasVector = all.vector !== null;
    const { logits, gate } = this.#output.forward(all, xs, step, scope);
    return { logits, weights: all.weights, gate, standing: { states: before, feed: fed } };
  }

  /** {@link forward} of one step (N, 1) without dropout and backward pass: the cells' states are the caller's. */
  advance(
    inputs: Indices,
    memory: AttentionMemory | null,
    { states, feed }: Standing,
    scope: Scope,
  ): StepOutput & { readonly standing: Standing; readonly heads: Tensor | null } {
    const steps: Symbols = { embed: this.#embed, ids: inputs };
    const out = this.#chunk(0).advance(steps, feed, states, memory, scope);
    const { logits, gate } = this.#output.forward(out, steps, null, scope);
    this.release();
    const fed = feed === null ? null : (out.vector ?? out.context);
    const { weights, heads } = out;
    return { logits, weights, heads, gate, standing: { states: out.states, feed: fed } };
  }

  /** → the gradients of the states it started from, and of keys and values; parameters' are added to. */
  backward(
    { dLogits, dWeights, dGate }: OutputGradients,
    scope: Scope,
  ): { dStates: readonly PartialState[]; memory: MemoryGradients } {
    const all = this.#output.backward(dLogits, dGate, this.#hasVector, scope);
    const memory = new MemoryGradients();
    const dxs: Tensor[] = [];
    let dStates: readonly PartialState[] = [];
    let dFeed: Tensor | null = null;
    for (let t = this.#steps - 1; t >= 0; t--) {
      const d = this.#gradientsOfStep({ ...all, dWeights }, t, dFeed, scope);
      const back = this.#chunk(t).backward(d, dStates, memory, scope);
      dxs.unshift(back.dxs);
      dStates = back.dStates;
      dFeed = back.dFeed;
    }
    const d = sumOf(stackSteps(dxs, scope), all.dxs, scope) as Tensor;
    this.#embed.backward(this.#dropout.backward(d, scope));
    this.release();
    return { dStates, memory };
  }

  /** Gives back what the last forward pass kept for a backward pass. */
  release(): void {
    for (const chunk of this.#chunks) chunk.release();
  }

  /** The gradients of what step t gave, with what came back of feeding it to step t + 1. */
  #gradientsOfStep(
    all: ChunkGradients,
    t: number,
    dFeed: Tensor | null,
    scope: Scope,
  ): ChunkGradients {
    if (feedSize(this.#config) === 0) return all;
    const of = (stacked: Tensor | null): Tensor | null =>
      stacked === null ? null : stepOf(stacked, t, scope);
    const [dVector, dContext] = [of(all.dVector), of(all.dContext)];
    const own = { dHidden: of(all.dHidden), dWeights: of(all.dWeights) };
    return this.#hasVector
      ? { ...own, dContext, dVector: sumOf(dVector, dFeed, scope) }
      : { ...own, dVector, dContext: sumOf(dContext, dFeed, scope) };
  }

  #chunk(t: number): DecoderChunk {
    let chunk = this.#chunks[t];
    if (chunk === undefined) {
      chunk = new DecoderChunk(this.#config, this.#parameters, this.#dropouts);
      this.#chunks[t] = chunk;
    }
    return chunk;
  }
}

/** What several steps gave, as what one run of them all would have given. */
function stackOutputs(outputs: readonly ChunkOutput[], scope: Scope): ChunkOutput {
  const [first] = outputs as [ChunkOutput];
  if (outputs.length === 1) return first;
  const stack = (name: keyof ChunkOutput): Tensor | null => {
    const steps = outputs.map((out) => out[name]).filter((each) => each !== null);
    return steps.length === 0 ? null : stackSteps(steps, scope);
  };
  return {
    hidden: stack("hidden") as Tensor,
    context: stack("context"),
    vector: stack("vector"),
    weights: stack("weights"),
    heads: null,
  };
}
