/**
 * Decoders at work on a batch of sources, one symbol at a time: what a search asks, and a network or
 * several of them answer. A row is an output that is being written; at first there is one per source.
 */
export interface Stepper {
  /** One step of every row, given the symbol that each wrote last (at first: begin). */
  advance(symbols: Int32Array): Promise<Step>;
  /** Goes on with these rows in this order; a row may come several times, or not at all. */
  select(rows: Int32Array): void;
  /** Gives back what it holds. */
  dispose(): void;
}

/** What a step of all rows gave. */
export interface Step {
  /** (rows, width), row-major: how probable each symbol is to come next. Valid until the next step. */
  readonly probabilities: Float32Array | Float64Array;
  /** Symbols to choose among: those of the target vocabulary, then those that only the source has. */
  readonly width: number;
  /**
   * How much a row's step looked at each symbol of its source, and then, where they were asked for, how much
   * each head did; null where nobody asked, or nothing attends.
   */
  readonly attention: ((row: number) => number[]) | null;
}

/** How the outputs of a batch end, and what they may consist of. */
export interface OutputRules {
  /** What every output begins with. */
  readonly begin: number;
  /** What ends an output; null where every output has `limit` symbols. */
  readonly end: number | null;
  /** Most steps of an output, that of the end symbol included. */
  readonly limit: number;
  /** Symbols that are never written: they say nothing, and have no part in a score. */
  readonly forbidden: ReadonlySet<number>;
}

/** An output as a search leaves it. */
export interface Written {
  /** Its symbols, without end. */
  readonly symbols: readonly number[];
  /** Σ ln p over its steps, that of the end symbol included where it came. */
  readonly score: number;
  /** Whether it came to its end rather than to the limit. */
  readonly finished: boolean;
  /** A row per symbol; empty where nobody asked. */
  readonly attention: readonly (readonly number[])[];
}
