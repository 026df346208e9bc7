import { checkOptions, picked } from "../core/arguments.ts";
import { DataError } from "../core/errors.ts";
import { Scope } from "../core/scope.ts";
import type { Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceHolding } from "../devices/create.ts";
import { zeroGradients } from "../layers/optimisation.ts";
import { Parameters } from "../layers/parameters.ts";
import { checkParameterCount, networkOf, parameterSpecs } from "./architectures.ts";
import { checkInstance, checkPair, checkPairs, checkText } from "./arguments.ts";
import {
  batchSources,
  batchTargets,
  checkTargetLength,
  type EncodedPair,
  IGNORED,
} from "./batch.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { transduceStream, transduceText, transduceTexts } from "./decoding/transduce.ts";
import { checkConfig, type ModelConfig } from "./model-config.ts";
import type { ModelOptions } from "./model-options.ts";
import type { ModelParts } from "./model-parts.ts";
import type { Network } from "./network.ts";
import { CopyingLoss, type SequenceLoss, WritingLoss } from "./sequence-loss.ts";
import { readSource } from "./source.ts";
import { defaultText, TEXT_FIELDS, type TextOptions, vocabulariesOf } from "./text-options.ts";
import type { Transducer } from "./transducer.ts";
import type { Pair, TransduceOptions, Transduction, TransductionInput } from "./types.ts";
import { Vocabulary } from "./vocabulary.ts";

const OPTIONS: readonly (keyof ModelOptions)[] = ["device", "dtype", "seed", "featureVocabulary"];

/**
 * A sequence-to-sequence model with attention: one network reads the source, another writes the target
 * symbol by symbol, attending to all that the first has made of the source (Sutskever et al. 2014;
 * Bahdanau et al. 2015; Luong et al. 2015). Which networks, and how they attend, its {@link ModelConfig}
 * says.
 *
 * @example
 * const pairs = [{ source: "abc", target: "cba", line: 1 }, { source: "de", target: "ed", line: 2 }];
 * const model = AttentionSeq2seq.fromPairs(pairs, defaultConfig(pairs));
 * const { output, attention } = await model.transduce("abc");
 * attention.length === output.length; // → true
 */
export class AttentionSeq2seq implements ModelParts, Transducer {
  readonly config: ModelConfig;
  readonly sourceVocabulary: Vocabulary;
  readonly featureVocabulary: Vocabulary | null;
  readonly targetVocabulary: Vocabulary;
  readonly parameters: Parameters;
  readonly network: Network;
  readonly device: Memory;
  readonly #loss: SequenceLoss;

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
    const { dtype = "float32", seed = 0, featureVocabulary = null } = options;
    if (featureVocabulary !== null) {
      checkInstance(where, "featureVocabulary", featureVocabulary, Vocabulary);
    }
    const device = deviceHolding(where, dtype, options.device);
    if ((targetVocabulary.end === null) !== (config.targetLength !== null)) {
      throw new DataError({
        where,
        expected: "either an end symbol in the target vocabulary or a targetLength in the config",
        received: targetVocabulary.end === null ? "neither" : "both",
      });
    }
    if (config.tiedEmbeddings === "all") checkShared(where, sourceVocabulary, targetVocabulary);
    this.sourceVocabulary = sourceVocabulary;
    this.featureVocabulary = featureVocabulary;
    this.targetVocabulary = targetVocabulary;
    this.device = device;
    const sizes = {
      source: sourceVocabulary.size + (featureVocabulary?.size ?? 0),
      target: targetVocabulary.size,
    };
    const specs = parameterSpecs(this.config, sizes);
    checkParameterCount(where, specs);
    this.parameters = new Parameters(specs, { device, dtype, seed });
    this.#loss = this.config.copy ? new CopyingLoss() : new WritingLoss();
    this.network = networkOf(this.config, sizes, this.parameters, seed ?? 0);
  }

  /**
   * A model with vocabularies made from the pairs, and parameters at their beginning. Where the config ties
   * all embeddings, both sides have one vocabulary; where a pair has features, there is one of those too.
   *
   * @param options how each side is cut into symbols (see {@link defaultText}), device, seed
   * @throws DataError when the config is out of range
   */
  static fromPairs(
    pairs: readonly Pair[],
    config: ModelConfig,
    options: Omit<ModelOptions, "featureVocabulary"> & TextOptions = {},
  ): AttentionSeq2seq {
    const where = "AttentionSeq2seq.fromPairs";
    checkPairs(where, pairs);
    checkOptions(where, options, ["device", "dtype", "seed", ...TEXT_FIELDS]);
    const text = picked(options, TEXT_FIELDS);
    const shared = config?.tiedEmbeddings === "all";
    const { source, target, features } = vocabulariesOf(
      where,
      pairs,
      defaultText(pairs, text),
      shared,
    );
    return new AttentionSeq2seq(config, source, target, {
      ...picked(options, ["device", "dtype", "seed"]),
      featureVocabulary: features,
    });
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
    const { config, source, features, target, tensors } = readCheckpoint(bytes, where);
    const given = device === undefined ? {} : { device };
    const made = { ...given, seed: null, featureVocabulary: features };
    const model = new AttentionSeq2seq(config, source, target, made);
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
   * @throws DataError when the target does not fit a model without end symbol, or the pair has features and
   *   the model reads none
   */
  encode(pair: Pair): EncodedPair {
    checkPair("AttentionSeq2seq.encode", "pair", pair);
    const { config, targetVocabulary } = this;
    const where = pair.line > 0 ? `line ${pair.line}` : "AttentionSeq2seq.encode";
    const { source, copies } = readSource(this, pair, where);
    const target = targetVocabulary.encode(pair.target);
    if (config.targetLength !== null) checkTargetLength(where, target, config.targetLength);
    if (!config.copy) return { source, target };
    // While training, a symbol that no target has is none to copy.
    const known = copies.map((id) => (id < targetVocabulary.size ? id : IGNORED));
    return { source, target, copies: known };
  }

  /**
   * Adds to the gradients those of Σ cross-entropy / `total` over this share of a batch, by teacher
   * forcing, and gives the sum of cross-entropies, a tensor of shape () to dispose.
   *
   * @param step number of the training step, for dropout's random streams
   * @param options.total target symbols of the whole batch, when it is cut into shares; this share's otherwise
   * @param options.labelSmoothing share of the probability that every answer leaves to all symbols alike
   *   (Szegedy et al. 2016, section 7); 0 unless given
   */
  gradients(
    share: readonly EncodedPair[],
    step: number,
    options: { readonly total?: number; readonly labelSmoothing?: number } = {},
  ): { loss: Tensor; count: number } {
    checkOptions("AttentionSeq2seq.gradients", options, ["total", "labelSmoothing"]);
    const scope = new Scope();
    const { config, network, device } = this;
    const batch = batchSources(share, config, this.sourceVocabulary.pad, device, scope);
    const targets = share.map(({ target }) => target);
    const { inputs, answers, count } = batchTargets(targets, this.targetVocabulary, device, scope);
    const { total = count, labelSmoothing = 0 } = options;
    const source = network.encode(batch, step, scope);
    const output = network.decode(inputs, source, step, scope);
    const loss = this.#loss.forward(output, answers, batch.copies, labelSmoothing, scope);
    network.backward(this.#loss.backward(1 / Math.max(total, 1), scope), scope);
    scope.dispose();
    return { loss, count };
  }

  /**
   * What the model makes of one text; see {@link Transducer.transduce}.
   *
   * @throws DataError for a symbol that it has never seen, where its vocabulary has none for unknown ones,
   *   and for features where it reads none
   */
  async transduce(input: TransductionInput, options: TransduceOptions = {}): Promise<Transduction> {
    return transduceText([this], input, options, "AttentionSeq2seq.transduce");
  }

  /** What the model makes of several texts, in their order; see {@link Transducer.transduceMany}. */
  async transduceMany(
    inputs: Iterable<TransductionInput> | AsyncIterable<TransductionInput>,
    options: TransduceOptions = {},
  ): Promise<Transduction[]> {
    return transduceTexts([this], inputs, options, "AttentionSeq2seq.transduceMany");
  }

  /** The same of texts that may come over time and without end; see {@link Transducer.transduceStream}. */
  transduceStream(
    inputs: Iterable<TransductionInput> | AsyncIterable<TransductionInput>,
    options: TransduceOptions = {},
  ): AsyncGenerator<Transduction> {
    return transduceStream([this], inputs, options, "AttentionSeq2seq.transduceStream");
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

/** Refuses two vocabularies where one table of embeddings is to serve both. */
function checkShared(where: string, source: Vocabulary, target: Vocabulary): void {
  if (JSON.stringify(source) === JSON.stringify(target)) return;
  throw new DataError({
    where,
    expected: "one vocabulary for sources and targets, since all embeddings are tied",
    received: `two, of ${source.size} and ${target.size} symbols`,
  });
}
