import { describe, expect, test } from "vitest";
import { greedySearch } from "../../../src/seq2seq/decoding/greedy.ts";
import { MixtureStepper } from "../../../src/seq2seq/decoding/mixture.ts";
import type { OutputRules } from "../../../src/seq2seq/decoding/stepper.ts";
import { RandomWriter } from "./random-writer.ts";

const WIDTH = 5;
const rules: OutputRules = { begin: 0, end: 1, limit: 6, forbidden: new Set([0]) };
const sources = Array.from({ length: 40 }, (_, i) => i);

/** The most probable of what may be written. */
function likeliest(probabilities: readonly number[]): number {
  const allowed = probabilities.map((p, symbol) => (rules.forbidden.has(symbol) ? 0 : p));
  return allowed.indexOf(Math.max(...allowed));
}

describe("greedySearch", () => {
  test("writes the most probable symbol at every step, and sums their logarithms", async () => {
    const writer = new RandomWriter(sources, WIDTH);
    const found = await greedySearch(writer, sources.length, rules);
    for (const [source, { symbols, score, finished, attention }] of found.entries()) {
      const written: number[] = [];
      let expected = 0;
      for (let step = 0; step < rules.limit; step++) {
        const after = writer.after([source, 0, ...written]);
        const symbol = likeliest(after);
        expected += Math.log(after[symbol]!);
        if (symbol === rules.end) break;
        written.push(symbol);
      }
      expect(symbols).toEqual(written);
      expect(score).toBeCloseTo(expected, 10);
      expect(finished).toBe(written.length < rules.limit);
      expect(attention).toEqual(written.map((_, i) => [source, 0, ...written.slice(0, i)]));
    }
    expect(new Set(found.map(({ finished }) => finished))).toEqual(new Set([true, false]));
  });

  test("leaves rows out that have ended", async () => {
    const writer = new RandomWriter(sources, WIDTH);
    const found = await greedySearch(writer, sources.length, rules);
    const needed = found.reduce((sum, { symbols, finished }) => {
      return sum + symbols.length + (finished ? 1 : 0);
    }, 0);
    const computed = writer.rowsOfSteps.reduce((a, b) => a + b);
    expect(computed).toBeLessThan(needed * 1.4);
    expect(Math.max(...writer.rowsOfSteps)).toBe(sources.length);
    expect(writer.rowsOfSteps).toEqual(writer.rowsOfSteps.toSorted((a, b) => b - a));
  });

  test("ends a row whose probabilities are no numbers, and no other", async () => {
    const writer = new RandomWriter([1, 2], WIDTH);
    const { after } = writer;
    writer.after = (prefix) =>
      prefix[0] === 1 && prefix.length === 3
        ? Array.from({ length: WIDTH }, () => Number.NaN)
        : after.call(writer, prefix);
    const [lost, other] = await greedySearch(writer, 2, { ...rules, end: null, limit: 4 });
    expect(lost).toMatchObject({ finished: false, score: Number.NEGATIVE_INFINITY });
    expect(lost!.symbols).toHaveLength(1);
    expect(other).toMatchObject({ finished: true });
    expect(other!.symbols).toHaveLength(4);
  });

  test("of no sources is nothing", async () => {
    expect(await greedySearch(new RandomWriter([], WIDTH), 0, rules)).toEqual([]);
  });
});

describe("MixtureStepper", () => {
  test("gives the mean of probabilities and of attention, and tells all which rows go on", async () => {
    const writers = [new RandomWriter([1, 2], 3), new RandomWriter([3, 4], 5)];
    const mixture = new MixtureStepper(writers);
    await mixture.advance(Int32Array.of(0, 0));
    mixture.select(Int32Array.of(1, 1, 0));
    const step = await mixture.advance(Int32Array.of(2, 1, 2));
    const prefixes = [
      [2, 0, 2],
      [2, 0, 1],
      [1, 0, 2],
    ];
    expect(step.width).toBe(5);
    for (const [row, prefix] of prefixes.entries()) {
      const [source, ...symbols] = prefix as [number, ...number[]];
      const one = [...writers[0]!.after(prefix), 0, 0];
      const other = writers[1]!.after([source + 2, ...symbols]);
      const mean = one.map((p, i) => (p + other[i]!) / 2);
      for (const [i, p] of mean.entries()) {
        expect(step.probabilities[row * 5 + i]).toBeCloseTo(p, 12);
      }
      expect(step.attention!(row)).toEqual([source + 1, ...symbols]);
    }
  });
});
