import type { Memory } from "../core/storage.ts";
import type { Parameters } from "../layers/parameters.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import type { ModelConfig } from "./types.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What an `AttentionSeq2seq` consists of, for the code that decodes with it or writes it down. */
export interface ModelParts {
  /** Everything about it that is not learned. */
  readonly config: ModelConfig;
  /** The symbols it reads. */
  readonly sourceVocabulary: Vocabulary;
  /** The symbols it writes. */
  readonly targetVocabulary: Vocabulary;
  /** All learned numbers, flat and by name, with their gradients. */
  readonly parameters: Parameters;
  /** The half that reads. */
  readonly encoder: Encoder;
  /** The half that writes. */
  readonly decoder: Decoder;
  /** The device it computes on. */
  readonly device: Memory;
}
