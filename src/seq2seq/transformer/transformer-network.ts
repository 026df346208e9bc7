import type { Scope } from "../../core/scope.ts";
import type { Indices } from "../../core/tensor.ts";
import type { ParameterSpec, Parameters } from "../../layers/parameters.ts";
import type { SourceBatch } from "../batch.ts";
import { Dropouts } from "../dropouts.ts";
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
import { type ProjectedSource, TransformerDecoder } from "./decoder.ts";
import { TransformerEncoder } from "./encoder.ts";
import { blocksOf, namedTensors, tensorOf } from "./named-tensors.ts";

const TO_TRAIN = "give encode a step too, to go on to a backward pass";
const TO_PREDICT = "give encode no step, to go on without a backward pass";

/**
 * A Transformer (Vaswani et al. 2017) whose norms come before its layers, with one more behind each stack
 * (Xiong et al. 2020).
 *
 * Trained, a source is the encoder's `states` (N, Te, H). Otherwise it is what each block of the decoder
 * meets of them, `block1.keys`, `block1.values`, … (N, Te, H), projected once. A state is keys and values
 * of all steps so far, by the same names, (N, heads, steps, H / heads): a step costs time in proportion to
 * those before it.
 */
export class TransformerNetwork implements Network {
  readonly #encoder: TransformerEncoder;
  readonly #decoder: TransformerDecoder;
  readonly #blocks: number;

  /** @param seed of dropout */
  constructor(config: ModelConfig, sizes: VocabularySizes, parameters: Parameters, seed: number) {
    const dropouts = new Dropouts(seed);
    this.#encoder = new TransformerEncoder(config, sizes, parameters, dropouts);
    this.#decoder = new TransformerDecoder(config, sizes, parameters, dropouts);
    this.#blocks = config.decoderLayers;
  }

  /** All parameters, in their order. */
  static specs(config: ModelConfig, sizes: VocabularySizes): ParameterSpec[] {
    return [...TransformerEncoder.specs(config, sizes), ...TransformerDecoder.specs(config, sizes)];
  }

  encode(batch: SourceBatch, step: number | null, scope: Scope): EncodedSource {
    const states = this.#encoder.forward(batch, step, scope);
    const { lengths } = batch;
    if (step !== null) return { lengths, tensors: { states } };
    const keysAndValues = this.#decoder.project(states, scope);
    states.dispose();
    return { lengths, tensors: namedTensors(keysAndValues) };
  }

  /** Weights only without a step: who trains needs none. */
  decode(inputs: Indices, source: EncodedSource, step: number | null, scope: Scope): StepOutput {
    if (step === null) {
      const begun = this.begin(source);
      const { state, heads: _, ...output } = this.advance(inputs, source, begun, scope);
      for (const { tensors } of [begun, state]) {
        for (const tensor of Object.values(tensors)) tensor.dispose();
      }
      return output;
    }
    const states = tensorOf(source.tensors, "states", TO_TRAIN);
    const logits = this.#decoder.forward(inputs, states, source.lengths, step, scope);
    return { logits, weights: null, gate: null };
  }

  backward({ dLogits }: OutputGradients, scope: Scope): void {
    this.#encoder.backward(this.#decoder.backward(dLogits, scope), scope);
  }

  /** Its tensors are the caller's to dispose, as are those of the states that follow. */
  begin(source: EncodedSource): DecoderState {
    const past = this.#decoder.begin(this.#projected(source));
    return { steps: 0, tensors: namedTensors(past) };
  }

  /** Takes any number of steps at once: inputs (N, T). */
  advance(
    inputs: Indices,
    source: EncodedSource,
    state: DecoderState,
    scope: Scope,
    attending?: Attending,
  ): DecoderStep {
    const past = blocksOf(state.tensors, this.#blocks, "begin with a state of begin");
    const { present, ...output } = this.#decoder.advance(
      inputs,
      this.#projected(source),
      past,
      state.steps,
      scope,
      attending,
    );
    const steps = state.steps + inputs.shape[1]!;
    return { ...output, gate: null, state: { steps, tensors: namedTensors(present) } };
  }

  #projected({ lengths, tensors }: EncodedSource): ProjectedSource {
    return { lengths, keysAndValues: blocksOf(tensors, this.#blocks, TO_PREDICT) };
  }
}
