import type { Step, Stepper } from "./stepper.ts";

/**
 * Several decoders of the same symbols as one: the mean of their probabilities,
 *
 *     p(y) = 1/k · Σ_m p_m(y)
 *
 * and of the attention of those that attend.
 */
export class MixtureStepper implements Stepper {
  readonly #members: readonly Stepper[];

  constructor(members: readonly Stepper[]) {
    this.#members = members;
  }

  async advance(symbols: Int32Array): Promise<Step> {
    const steps: Step[] = [];
    for (const member of this.#members) steps.push(await member.advance(symbols));
    // Some copy symbols of the source, others do not: these give them the probability 0.
    const width = Math.max(...steps.map((step) => step.width));
    const probabilities = new Float64Array(symbols.length * width);
    for (const step of steps) {
      for (let row = 0; row < symbols.length; row++) {
        for (let symbol = 0; symbol < step.width; symbol++) {
          const probability = step.probabilities[row * step.width + symbol]!;
          probabilities[row * width + symbol]! += probability / steps.length;
        }
      }
    }
    const maps = steps.map(({ attention }) => attention).filter((attention) => attention !== null);
    const attention = maps.length === 0 ? null : (row: number) => mean(maps.map((of) => of(row)));
    return { probabilities, width, attention };
  }

  select(rows: Int32Array): void {
    for (const member of this.#members) member.select(rows);
  }

  dispose(): void {
    for (const member of this.#members) member.dispose();
  }
}

function mean(rows: readonly (readonly number[])[]): number[] {
  return (rows[0] ?? []).map((_, i) => {
    return rows.reduce((sum, row) => sum + (row[i] ?? 0), 0) / rows.length;
  });
}
