import type { TransduceOptions, Transduction, TransductionInput } from "./types.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What makes outputs of texts: an `AttentionSeq2seq`, or an `Ensemble` of several. */
export interface Transducer {
  /** The symbols it reads. */
  readonly sourceVocabulary: Vocabulary;
  /** The tags it reads besides; null: none. */
  readonly featureVocabulary: Vocabulary | null;
  /** The symbols it writes. */
  readonly targetVocabulary: Vocabulary;

  /**
   * What it makes of one text.
   *
   * A text without symbols is answered by an empty output. Symbols that it has never seen are listed in
   * the result.
   *
   * @param options.attention true unless given
   * @throws DataError for a symbol that it has never seen, where its vocabulary has none for unknown ones,
   *   and for features where it reads none
   * @throws DeviceError for a text so long that memory does not suffice
   */
  transduce(input: TransductionInput, options?: TransduceOptions): Promise<Transduction>;

  /**
   * What it makes of several texts, in their order: {@link transduceStream}, collected.
   *
   * @param options.attention false unless given
   */
  transduceMany(
    inputs: Iterable<TransductionInput> | AsyncIterable<TransductionInput>,
    options?: TransduceOptions,
  ): Promise<Transduction[]>;

  /**
   * What it makes of texts that may come over time and without end, in their order, at constant memory.
   * Texts that are there are decoded together, those of like length in a batch; what has arrived never
   * waits for what has not. No text ends the stream: what `transduce` would throw for is answered by an
   * empty output, with the reason in its `refusal`.
   *
   * @param options.attention false unless given
   * @throws DataError for an input that is no text, after the results of those before its window
   */
  transduceStream(
    inputs: Iterable<TransductionInput> | AsyncIterable<TransductionInput>,
    options?: TransduceOptions,
  ): AsyncGenerator<Transduction>;

  /** Gives the parameters' memory back. */
  dispose(): void;
}
