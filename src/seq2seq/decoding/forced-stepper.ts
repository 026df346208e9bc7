import type { Step, Stepper } from "./stepper.ts";

/** Steps that leave no choice at first: outputs begin with given symbols, of the probability that they have. */
export class ForcedStepper implements Stepper {
  readonly #stepper: Stepper;
  readonly #forced: readonly (readonly number[])[];
  readonly #length: number;
  /** Of every row, which source it writes of. */
  #owners: Int32Array;
  #step = 0;

  /** @param forced of every source, the symbols that its outputs begin with, equally many of each */
  constructor(stepper: Stepper, forced: readonly (readonly number[])[]) {
    this.#stepper = stepper;
    this.#forced = forced;
    this.#length = forced[0]?.length ?? 0;
    this.#owners = Int32Array.from(forced.keys());
  }

  async advance(symbols: Int32Array): Promise<Step> {
    const made = await this.#stepper.advance(symbols);
    const step = this.#step++;
    if (step >= this.#length) return made;
    const probabilities = Float64Array.from(made.probabilities);
    for (const [row, owner] of this.#owners.entries()) {
      const symbol = this.#forced[owner]![step]!;
      const start = row * made.width;
      const probability = probabilities[start + symbol]!;
      probabilities.fill(0, start, start + made.width);
      // A search takes 0 for what cannot be.
      probabilities[start + symbol] = Math.max(probability, Number.MIN_VALUE);
    }
    return { ...made, probabilities };
  }

  select(rows: Int32Array): void {
    this.#stepper.select(rows);
    this.#owners = rows.map((row) => this.#owners[row]!);
  }

  dispose(): void {
    this.#stepper.dispose();
  }
}
