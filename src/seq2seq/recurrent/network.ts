import { Scope } from "../../core/scope.ts";
import type { Indices, Tensor } from "../../core/tensor.ts";
import { deviceOf } from "../../kernels/device.ts";
import { newTensor } from "../../layers/layer.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import { zerosLike } from "../axes.ts";
import type { SourceBatch } from "../batch.ts";
import { Dropouts } from "../dropouts.ts";
import { embeddingSpecs } from "../embeddings.ts";
import type { ModelConfig } from "../model-config.ts";
import type {
  Attending,
  DecoderState,
  DecoderStep,
  EncodedSource,
  Network,
  OutputGradients,
  StepOutput,
} from "../network.ts";
import type { VocabularySizes } from "../vocabulary-sizes.ts";
import { AttentionKeys, type AttentionMemory } from "./attention.ts";
import { Bridge } from "./bridge.ts";
import type { PartialState } from "./cell.ts";
import { RecurrentDecoder, type Standing } from "./decoder.ts";
import { RecurrentEncoder } from "./encoder.ts";

/**
 * LSTMs or GRUs with attention between them (Bahdanau et al. 2015; Luong et al. 2015), in all the forms
 * that a config can say.
 */
export class RecurrentNetwork implements Network {
  readonly #config: ModelConfig;
  readonly #encoder: RecurrentEncoder;
  readonly #bridge: Bridge;
  readonly #keys: AttentionKeys | null;
  readonly #decoder: RecurrentDecoder;
  #hs: Tensor | null = null;

  constructor(config: ModelConfig, sizes: VocabularySizes, parameters: Parameters, seed: number) {
    const dropouts = new Dropouts(seed);
    this.#config = config;
    this.#encoder = new RecurrentEncoder(config, sizes, parameters, dropouts);
    this.#bridge = new Bridge(config, parameters);
    this.#keys = config.attention === "none" ? null : new AttentionKeys(config, parameters);
    this.#decoder = new RecurrentDecoder(config, sizes, parameters, dropouts);
  }

  /** Names, shapes and beginnings of all parameters. */
  static specs(config: ModelConfig, sizes: VocabularySizes): ParameterSpec[] {
    // One that is the output layer too begins as an output layer does.
    const { tiedEmbeddings: tied } = config;
    return [
      ...embeddingSpecs("encoder", config, sizes, tied === "all"),
      ...RecurrentEncoder.specs(config),
      ...Bridge.specs(config),
      ...embeddingSpecs("decoder", config, sizes, tied !== "none"),
      ...RecurrentDecoder.specs(config, sizes.target),
    ];
  }

  encode({ sources, lengths }: SourceBatch, step: number | null, scope: Scope): EncodedSource {
    const { hs, states } =
      step === null
        ? this.#encoder.read(sources, lengths, scope)
        : this.#encoder.forward(sources, lengths, step, scope);
    this.#hs = hs;
    const { keys, values } = this.#keys?.forward(hs, scope) ?? { keys: hs, values: hs };
    const tensors: Record<string, Tensor> = { hs };
    if (keys !== hs) tensors["keys"] = keys;
    if (values !== hs) tensors["values"] = values;
    for (const [layer, { h, c }] of states.entries()) {
      tensors[`h${layer}`] = h;
      if (c !== null) tensors[`c${layer}`] = c;
    }
    return { lengths, tensors };
  }

  decode(inputs: Indices, source: EncodedSource, step: number | null, scope: Scope): StepOutput {
    const standing = this.#begin(source, scope);
    return this.#decoder.forward(
      inputs,
      this.#memoryOf(source, null, scope),
      standing,
      step,
      scope,
    );
  }

  backward(gradients: OutputGradients, scope: Scope): void {
    const { dStates, memory } = this.#decoder.backward(gradients, scope);
    const dEncoder = this.#bridge.backward(dStates, scope);
    const { dKeys, dValues } = memory;
    const dhs =
      this.#keys !== null && dKeys !== null && dValues !== null
        ? this.#keys.backward(dKeys, dValues, scope)
        : this.#noGradient(scope);
    this.#encoder.backward(dhs, dEncoder, scope);
  }

  begin(source: EncodedSource): DecoderState {
    const scope = new Scope();
    const { states, feed } = this.#begin(source, scope);
    // What the encoder gave goes with it, and a state does not.
    const own = states.map(({ h, c }) => ({ h: h && copyOf(h), c: c && copyOf(c) }));
    const tensors = byName(own, feed === null ? null : copyOf(feed));
    scope.dispose();
    return { steps: 0, tensors };
  }

  advance(
    inputs: Indices,
    source: EncodedSource,
    state: DecoderState,
    scope: Scope,
    attending?: Attending,
  ): DecoderStep {
    const { decoderLayers } = this.#config;
    const before: Standing = {
      states: statesOf(state.tensors, decoderLayers),
      feed: state.tensors["feed"] ?? null,
    };
    const memory = this.#memoryOf(source, attending?.steered ?? null, scope);
    const { standing, heads, ...output } = this.#decoder.advance(inputs, memory, before, scope);
    const { states, feed } = standing;
    const tensors = byName(states, feed === null ? null : copyOf(feed));
    return {
      ...output,
      heads: heads !== null && attending?.heads ? [heads] : [],
      state: { steps: state.steps + 1, tensors },
    };
  }

  #begin({ tensors }: EncodedSource, scope: Scope): Standing {
    const states = this.#bridge.forward(statesOf(tensors, this.#config.encoderLayers), scope);
    return { states, feed: this.#decoder.firstFeed(tensors["hs"] as Tensor, scope) };
  }

  /** Without attention, nothing comes back to the encoder's states but the last. */
  #noGradient(scope: Scope): Tensor {
    const hs = this.#hs as Tensor;
    return zerosLike(hs, hs.shape, scope);
  }

  #memoryOf(
    { lengths, tensors }: EncodedSource,
    steered: Tensor | null,
    scope: Scope,
  ): AttentionMemory | null {
    if (this.#keys === null) return null;
    const hs = tensors["hs"] as Tensor;
    const values = tensors["values"] ?? hs;
    if (steered === null) return { keys: tensors["keys"] ?? hs, values, lengths };
    return { keys: zerosLike(values, values.shape, scope), values, lengths, steered };
  }
}

/** The states of layers under their names. */
function statesOf(tensors: Readonly<Record<string, Tensor>>, layers: number): PartialState[] {
  return Array.from({ length: layers }, (_, layer) => {
    return { h: tensors[`h${layer}`], c: tensors[`c${layer}`] };
  });
}

/** Was `statesOf`, and what is fed: tensors by name. */
function byName(states: readonly PartialState[], feed: Tensor | null): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = feed === null ? {} : { feed };
  for (const [layer, { h, c }] of states.entries()) {
    if (h) tensors[`h${layer}`] = h;
    if (c) tensors[`c${layer}`] = c;
  }
  return tensors;
}

function copyOf(x: Tensor): Tensor {
  const copy = newTensor(x, x.shape);
  deviceOf(x).kernels.copy(x.storage, copy.storage, x.size);
  return copy;
}
