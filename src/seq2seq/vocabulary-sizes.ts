/** How many symbols a model's two sides have. */
export interface VocabularySizes {
  /** What the encoder reads, tags counted. */
  readonly source: number;
  /** What the decoder reads and writes. */
  readonly target: number;
}
