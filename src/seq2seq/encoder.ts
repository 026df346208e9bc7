import type { Scope } from "../core/scope.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { LSTM, type LstmState } from "../layers/lstm.ts";
import type { ParameterSpec, Parameters } from "../layers/parameters.ts";

/** Sizes of an encoder or a decoder: vocabulary V, embedding D, hidden H. */
export interface Sizes {
  readonly symbols: number;
  readonly embeddingSize: number;
  readonly hiddenSize: number;
}

/** Reads a batch of sources: embedding, dropout while training, LSTM. */
export class Encoder {
  readonly #embed: Embedding;
  readonly #dropout: Dropout;
  readonly #lstm: LSTM;

  constructor(sizes: Sizes, parameters: Parameters, dropout: number, seed: number) {
    const { symbols, embeddingSize, hiddenSize } = sizes;
    this.#embed = new Embedding(symbols, embeddingSize, { parameters, name: "encoder.embed" });
    this.#lstm = new LSTM(embeddingSize, hiddenSize, { parameters, name: "encoder.lstm" });
    this.#dropout = new Dropout(dropout, seed);
  }

  static specs({ symbols, embeddingSize, hiddenSize }: Sizes): ParameterSpec[] {
    return [
      ...Embedding.specs("encoder.embed", symbols, embeddingSize),
      ...LSTM.specs("encoder.lstm", embeddingSize, hiddenSize),
    ];
  }

  /**
   * sources (N, Te) → hs (N, Te, H) and the last state.
   *
   * @param stream number of the dropout's random stream; null leaves dropout out
   */
  forward(
    sources: Indices,
    lengths: Indices | undefined,
    stream: number | null,
    scope: Scope,
  ): { hs: Tensor; state: LstmState } {
    let xs = scope.keep(this.#embed.forward(sources));
    if (stream !== null) xs = scope.keep(this.#dropout.forward(xs, stream));
    const hs = scope.keep(this.#lstm.forward(xs, lengths === undefined ? {} : { lengths }));
    const { state } = this.#lstm;
    scope.keep(state.h);
    scope.keep(state.c);
    return { hs, state };
  }

  /** dState: what came back to the last state. Gradients are added to the parameters'. */
  backward(dhs: Tensor, dState: Partial<LstmState>, training: boolean, scope: Scope): void {
    const gradients = this.#lstm.backward(dhs, dState);
    for (const gradient of gradients) scope.keep(gradient);
    const [dxs] = gradients;
    this.#embed.backward(training ? scope.keep(this.#dropout.backward(dxs)) : dxs);
    this.#lstm.release();
  }

  /** Gives back what the last forward pass kept for a backward pass that will not come. */
  release(): void {
    this.#lstm.release();
  }
}
