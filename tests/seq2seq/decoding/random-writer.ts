import { Random } from "../../../src/core/random.ts";
import type { Step, Stepper } from "../../../src/seq2seq/decoding/stepper.ts";

/**
 * A decoder whose probabilities are a function of the source and of all symbols before, and otherwise
 * random: any confusion of rows shows in what is written.
 */
export class RandomWriter implements Stepper {
  readonly width: number;
  /** Rows of all steps so far, of each step its number of rows. */
  readonly rowsOfSteps: number[] = [];
  #prefixes: readonly (readonly number[])[];

  /** @param sources a number for each; equal ones are written alike */
  constructor(sources: readonly number[], width: number) {
    this.#prefixes = sources.map((source) => [source]);
    this.width = width;
  }

  async advance(symbols: Int32Array): Promise<Step> {
    this.#prefixes = this.#prefixes.map((prefix, row) => [...prefix, symbols[row]!]);
    this.rowsOfSteps.push(symbols.length);
    const prefixes = this.#prefixes;
    const probabilities = Float64Array.from(prefixes.flatMap((prefix) => this.after(prefix)));
    return { probabilities, width: this.width, attention: (row) => [...prefixes[row]!] };
  }

  select(rows: Int32Array): void {
    this.#prefixes = Array.from(rows, (row) => this.#prefixes[row]!);
  }

  dispose(): void {}

  /** What comes after a source and symbols, begin included. */
  after(prefix: readonly number[]): number[] {
    const seed = prefix.reduce((hash, part) => (hash * 31 + part + 7) % 1_000_003, 1);
    const random = new Random(seed);
    const weights = Array.from({ length: this.width }, () => Math.exp(2 * random.normal()));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  }
}
