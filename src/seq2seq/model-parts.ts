import type { Memory } from "../core/storage.ts";
import type { Parameters } from "../layers/parameters.ts";
import type { Decoder } from "./decoder.ts";
import type { Encoder } from "./encoder.ts";
import type { ModelConfig } from "./types.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What an `AttentionSeq2seq` consists of, for the code that decodes with it or writes it down. */
export interface ModelParts {
  readonly config: ModelConfig;
  readonly sourceVocabulary: Vocabulary;
  readonly targetVocabulary: Vocabulary;
  /** All learned numbers, flat and by name, with their gradients. */
  readonly parameters: Parameters;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  /** The device it computes on. */
  readonly device: Memory;
}
