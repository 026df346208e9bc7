import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { Linear } from "../layers/linear.ts";
import { LSTM, type LstmState } from "../layers/lstm.ts";
import type { ParameterSpec, Parameters } from "../layers/parameters.ts";
import { TimeAttention } from "../layers/time-attention.ts";
import type { Sizes } from "./encoder.ts";
import type { ModelConfig } from "./types.ts";

/** What the decoder sees of the source: the encoder's states, and how many of them are real. */
export interface SourceMemory {
  readonly hs: Tensor;
  readonly lengths: Indices | undefined;
}

/** What of the encoder's last state, or of its gradient, passes between encoder and decoder. */
export function passedState(config: ModelConfig, state: LstmState): Partial<LstmState> {
  return config.initialCell === "encoder" ? state : { h: state.h };
}

/**
 * Writes targets: embedding, LSTM from the encoder's last state, attention over the encoder's states,
 * and a linear layer over [context; hidden].
 */
export class Decoder {
  readonly #embed: Embedding;
  readonly #dropoutIn: Dropout;
  readonly #dropoutContext: Dropout;
  readonly #dropoutHidden: Dropout;
  readonly #lstm: LSTM;
  /** Whoever calls `forward` is given the weights, however many they are. */
  readonly #attention = new TimeAttention({ keepWeights: true });
  readonly #affine: Linear;

  constructor(sizes: Sizes, parameters: Parameters, dropout: number, seed: number) {
    const { symbols, embeddingSize, hiddenSize } = sizes;
    this.#embed = new Embedding(symbols, embeddingSize, { parameters, name: "decoder.embed" });
    this.#lstm = new LSTM(embeddingSize, hiddenSize, { parameters, name: "decoder.lstm" });
    const inputs = [hiddenSize, hiddenSize];
    this.#affine = new Linear(inputs, symbols, { parameters, name: "decoder.affine" });
    this.#dropoutIn = new Dropout(dropout, seed);
    this.#dropoutContext = new Dropout(dropout, seed);
    this.#dropoutHidden = new Dropout(dropout, seed);
  }

  static specs({ symbols, embeddingSize, hiddenSize }: Sizes): ParameterSpec[] {
    return [
      ...Embedding.specs("decoder.embed", symbols, embeddingSize),
      ...LSTM.specs("decoder.lstm", embeddingSize, hiddenSize),
      ...Linear.specs("decoder.affine", [hiddenSize, hiddenSize], symbols),
    ];
  }

  /**
   * inputs (N, Td) → logits (N, Td, V), from `start` on; Td = 1 is one step of decoding. `weights`
   * (N, Td, Te) are the caller's to dispose, like `state`, where decoding goes on.
   *
   * @param stream number of the first of three random streams of dropout; null leaves dropout out
   */
  forward(
    inputs: Indices,
    memory: SourceMemory,
    start: Partial<LstmState>,
    stream: number | null,
    scope: Scope,
  ): { logits: Tensor; weights: Tensor; state: LstmState } {
    let xs = scope.keep(this.#embed.forward(inputs));
    if (stream !== null) xs = scope.keep(this.#dropoutIn.forward(xs, stream));
    let hs = scope.keep(this.#lstm.forward(xs, start));
    let context = scope.keep(this.#attention.forward(memory.hs, hs, memory.lengths));
    const weights = this.#attention.attentionWeights;
    if (stream !== null) {
      context = scope.keep(this.#dropoutContext.forward(context, stream + 1));
      hs = scope.keep(this.#dropoutHidden.forward(hs, stream + 2));
    }
    const logits = scope.keep(this.#affine.forward(context, hs));
    return { logits, weights, state: this.#lstm.state };
  }

  /** → the gradients of the encoder's states and of the state the decoder started from. */
  backward(
    dLogits: Tensor,
    training: boolean,
    scope: Scope,
  ): { dhsEncoder: Tensor; dState: LstmState } {
    let [dContext, dhs] = this.#affine.backward(dLogits).map((each) => scope.keep(each)) as [
      Tensor,
      Tensor,
    ];
    if (training) {
      dContext = scope.keep(this.#dropoutContext.backward(dContext));
      dhs = scope.keep(this.#dropoutHidden.backward(dhs));
    }
    const [dhsEncoder, dhsAttention] = this.#attention.backward(dContext);
    scope.keep(dhsEncoder);
    scope.keep(dhsAttention);
    // hs went into the attention and into the output: both gradients meet here.
    deviceOf(dhs).kernels.add(dhs.storage, dhsAttention.storage, dhs.storage, dhs.size);
    const gradients = this.#lstm.backward(dhs);
    for (const gradient of gradients) scope.keep(gradient);
    const [dxs, h, c] = gradients;
    this.#embed.backward(training ? scope.keep(this.#dropoutIn.backward(dxs)) : dxs);
    this.#lstm.release();
    return { dhsEncoder, dState: { h, c } };
  }

  /** Gives back what the last forward pass kept for a backward pass that will not come. */
  release(): void {
    this.#lstm.release();
  }
}
