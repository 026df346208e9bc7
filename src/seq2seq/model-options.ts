import type { Dtype, Memory } from "../core/storage.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Where a model's numbers live and where its initial parameters come from. */
export interface ModelOptions {
  /** The current device unless given. */
  readonly device?: Memory;
  /** float64, on the reference device, is for checking gradients. */
  readonly dtype?: Dtype;
  /**
   * Seed of the initial parameters and of dropout's streams; 0 unless given. With null, parameters begin
   * with zeros, for numbers that are to be written over.
   */
  readonly seed?: number | null;
  /** The tags it reads besides, cut as "tags"; null, or left out: none. */
  readonly featureVocabulary?: Vocabulary | null;
}
