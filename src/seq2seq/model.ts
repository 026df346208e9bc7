import { checkOptions } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { Scope } from "../core/scope.ts";
import type { Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceHolding } from "../devices/create.ts";
import { zeroGradients } from "../layers/optimisation.ts";
import { Parameters } from "../layers/parameters.ts";
import { SoftmaxCrossEntropy } from "../layers/softmax-cross-entropy.ts";
import { checkInstance, checkPair, checkPairs, checkText, checkTexts } from "./arguments.ts";
import {
  arrangeSource,
  batchSources,
  batchTargets,
  checkTargetLength,
  type EncodedPair,
  IGNORED,
} from "./batch.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { checkConfig } from "./config.ts";
import { Decoder, passedState } from "./decoder.ts";
import { greedy } from "./decoding.ts";
import { Encoder } from "./encoder.ts";
import type { ModelParts } from "./model-parts.ts";
import { checkParameterCount, parameterSpecs } from "./parameter-specs.ts";
import type { ModelConfig, ModelOptions, Pair, Tokens, Transduction } from "./types.ts";
import { Vocabulary } from "./vocabulary.ts";

const OPTIONS: readonly (keyof ModelOptions)[] = ["device", "dtype", "seed"];

/** Random streams that one training step may use: one of the encoder, three of the decoder. */
const STREAMS_PER_STEP = 4;

/**
 * A sequence-to-sequence model with attention: an LSTM reads the source, an LSTM writes the target,
 * started from the reader's last state and attending to all of the reader's states at every step
 * (Sutskever et al. 2014; attention after Bahdanau et al. 2015, with the "dot" score of Luong et al.
 * 2015, without input feeding).
 *
 * @example
 * const pairs = [{ source: "abc", target: "cba", line: 1 }, { source: "de", target: "ed", line: 2 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const { output, attention } = await model.transduce("abc");
 * attention.length === output.length; // → true
 */
export class AttentionSeq2seq implements ModelParts {
  readonly config: ModelConfig;
  readonly sourceVocabulary: Vocabulary;
  readonly targetVocabulary: Vocabulary;
  readonly parameters: Parameters;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly device: Memory;
  readonly #loss = new SoftmaxCrossEntropy({ ignoredIndex: IGNORED, reduction: "sum" });

  /** @throws DataError when the config or a vocabulary does not fit */
  constructor(
    config: ModelConfig,
    sourceVocabulary: Vocabulary,
    targetVocabulary: Vocabulary,
    options: ModelOptions = {},
  ) {
    const where = "AttentionSeq2seq";
    this.config = checkConfig(where, config);
    checkInstance(where, "sourceVocabulary", sourceVocabulary, Vocabulary);
    checkInstance(where, "targetVocabulary", targetVocabulary, Vocabulary);
    checkOptions(where, options, OPTIONS);
    const { dtype = "float32", seed = 0 } = options;
    const device = deviceHolding(where, dtype, options.device);
    if ((targetVocabulary.end === null) !== (config.targetLength !== null)) {
      throw new DataError({
        where,
        expected: "either an end symbol in the target vocabulary or a targetLength in the config",
        received: targetVocabulary.end === null ? "neither" : "both",
      });
    }
    this.sourceVocabulary = sourceVocabulary;
    this.targetVocabulary = targetVocabulary;
    this.device = device;
    const { embeddingSize, hiddenSize, dropout } = config;
    const source = { symbols: sourceVocabulary.size, embeddingSize, hiddenSize };
    const target = { symbols: targetVocabulary.size, embeddingSize, hiddenSize };
    const specs = parameterSpecs(config, source.symbols, target.symbols);
    checkParameterCount(where, specs);
    this.parameters = new Parameters(specs, { device, dtype, seed });
    this.encoder = new Encoder(source, this.parameters, dropout, seed ?? 0);
    this.decoder = new Decoder(target, this.parameters, dropout, seed ?? 0);
  }

  /**
   * A model with vocabularies made from the pairs, and parameters at their beginning.
   *
   * @param options how each side is cut into symbols (`"chars"` unless given), device, seed
   * @throws DataError when the config is out of range
   */
  static fromPairs(
    pairs: readonly Pair[],
    config: ModelConfig,
    options: ModelOptions & {
      readonly sourceTokens?: Tokens;
      readonly targetTokens?: Tokens;
    } = {},
  ): AttentionSeq2seq {
    const where = "AttentionSeq2seq.fromPairs";
    checkPairs(where, pairs);
    checkOptions(where, options, [...OPTIONS, "sourceTokens", "targetTokens"]);
    const { sourceTokens = "chars", targetTokens = "chars", ...rest } = options;
    const source = Vocabulary.fromTexts(
      pairs.map((pair) => pair.source),
      sourceTokens,
    );
    const target = Vocabulary.fromTexts(
      pairs.map((pair) => pair.target),
      targetTokens,
    );
    return new AttentionSeq2seq(config, source, target, rest);
  }

  /**
   * The model that {@link AttentionSeq2seq.toBytes} wrote.
   *
   * @param options.where what messages call the bytes, e.g. the file's name
   * @throws CheckpointError when they are damaged, foreign or from a later version
   */
  static fromBytes(
    bytes: Uint8Array,
    options: { readonly device?: Memory; readonly where?: string } = {},
  ): AttentionSeq2seq {
    const call = "AttentionSeq2seq.fromBytes";
    checkOptions(call, options, ["device", "where"]);
    const { where = call, device } = options;
    checkText(call, "where", where);
    const { config, source, target, tensors } = readCheckpoint(bytes, where);
    const given = device === undefined ? {} : { device };
    const model = new AttentionSeq2seq(config, source, target, { ...given, seed: null });
    for (const [name, data] of tensors) model.parameters.value(name).storage.write(data);
    return model;
  }

  /** The model as a safetensors file, config and vocabularies in its metadata. */
  async toBytes(): Promise<Uint8Array> {
    return writeCheckpoint(this);
  }

  /** The number of learned numbers. */
  get parameterCount(): number {
    const { names } = this.parameters;
    return names.reduce((total, name) => total + this.parameters.value(name).size, 0);
  }

  /**
   * A pair as numbers, checked.
   *
   * @throws DataError when the target does not fit a model without end symbol
   */
  encode(pair: Pair): EncodedPair {
    checkPair("AttentionSeq2seq.encode", "pair", pair);
    const { config, sourceVocabulary, targetVocabulary } = this;
    const source = arrangeSource(sourceVocabulary.encode(pair.source), config, sourceVocabulary);
    const target = targetVocabulary.encode(pair.target);
    if (config.targetLength !== null) {
      const where = pair.line > 0 ? `line ${pair.line}` : "AttentionSeq2seq.encode";
      checkTargetLength(where, target, config.targetLength);
    }
    return { source, target };
  }

  /**
   * Adds to the gradients those of Σ cross-entropy / `total` over this share of a batch, by teacher
   * forcing, and gives the sum of cross-entropies, a tensor of shape () to dispose.
   *
   * @param total target symbols of the whole batch, when it is cut into shares; this share's otherwise
   * @param step number of the training step, for dropout's random streams
   */
  gradients(
    share: readonly EncodedPair[],
    step: number,
    total?: number,
  ): { loss: Tensor; count: number } {
    const scope = new Scope();
    const { config, encoder, decoder } = this;
    const sources = share.map(({ source }) => source);
    const targets = share.map(({ target }) => target);
    const { pad } = this.sourceVocabulary;
    const batch = batchSources(sources, config, pad, this.device, scope);
    const { inputs, answers, count } = batchTargets(
      targets,
      this.targetVocabulary,
      this.device,
      scope,
    );
    const training = config.dropout > 0;
    const stream = training ? step * STREAMS_PER_STEP : null;

    const { hs, state } = encoder.forward(batch.sources, batch.lengths, stream, scope);
    const memory = { hs, lengths: batch.lengths };
    const start = passedState(config, state);
    const next = stream === null ? null : stream + 1;
    const { logits, weights, state: last } = decoder.forward(inputs, memory, start, next, scope);
    for (const unused of [weights, last.h, last.c]) scope.keep(unused);
    const loss = this.#loss.forward(logits, answers);

    const dLogits = scope.keep(this.#loss.backward(1 / Math.max(total ?? count, 1)));
    const { dhsEncoder, dState } = decoder.backward(dLogits, training, scope);
    const passed = passedState(config, dState);
    encoder.backward(dhsEncoder, passed, training, scope);
    this.#loss.release();
    scope.dispose();
    return { loss, count };
  }

  /**
   * What the model makes of a text, by greedy decoding.
   *
   * @throws DataError for a symbol it has never seen, where its vocabulary has none for unknown ones
   */
  async transduce(text: string): Promise<Transduction> {
    checkText("AttentionSeq2seq.transduce", "text", text);
    const [result] = await this.transduceMany([text]);
    return result as Transduction;
  }

  /**
   * What the model makes of several texts, decoded as one batch, in their order.
   *
   * @param options.attention whether to collect the attention maps (default); without, they are empty
   * @throws DataError as {@link transduce}
   */
  async transduceMany(
    texts: readonly string[],
    options: { readonly attention?: boolean } = {},
  ): Promise<Transduction[]> {
    const where = "AttentionSeq2seq.transduceMany";
    checkTexts(where, "texts", texts);
    checkOptions(where, options, ["attention"]);
    return greedy(this, texts, options.attention ?? true);
  }

  /** Gives the parameters' memory back. */
  dispose(): void {
    this.parameters.dispose();
  }

  /** Sets all gradients to 0. */
  zeroGradients(): void {
    zeroGradients([this.parameters.grads]);
  }
}
