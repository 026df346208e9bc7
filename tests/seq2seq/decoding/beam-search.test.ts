import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beamSearch } from "../../../src/seq2seq/decoding/beam-search.ts";
import { type BeamRules, lengthNormaliser } from "../../../src/seq2seq/decoding/beams.ts";
import { greedySearch } from "../../../src/seq2seq/decoding/greedy.ts";
import type { Written } from "../../../src/seq2seq/decoding/stepper.ts";
import { RandomWriter } from "./random-writer.ts";

const BEGIN = 0;
const END = 1;
/** begin, end and this many to write with. */
const LETTERS = 3;
const WIDTH = 2 + LETTERS;

function rules(overrides: Partial<BeamRules> = {}): BeamRules {
  return {
    begin: BEGIN,
    end: END,
    limit: 4,
    forbidden: new Set([BEGIN]),
    beam: 3,
    best: 1,
    lengthPenalty: 0,
    spell: (symbols) => symbols.join(),
    ...overrides,
  };
}

/** All outputs that come to their end within the limit, best first. */
function enumerate(source: number, { limit, lengthPenalty }: BeamRules) {
  const writer = new RandomWriter([], WIDTH);
  const found: { symbols: number[]; score: number; rank: number }[] = [];
  const extend = (symbols: number[], score: number): void => {
    const after = writer.after([source, BEGIN, ...symbols]);
    const length = symbols.length + 1;
    const whole = score + Math.log(after[END]!);
    found.push({
      symbols,
      score: whole,
      rank: whole / ((5 + length) / 6) ** lengthPenalty,
    });
    if (length === limit) return;
    for (let symbol = 2; symbol < WIDTH; symbol++) {
      extend([...symbols, symbol], score + Math.log(after[symbol]!));
    }
  };
  extend([], 0);
  return found.sort((a, b) => b.rank - a.rank);
}

const search = (sources: readonly number[], given: BeamRules): Promise<(readonly Written[])[]> =>
  beamSearch(new RandomWriter(sources, WIDTH), sources.length, given);

const seed = fc.integer({ min: 0, max: 100_000 });

describe("beamSearch", () => {
  test.each([0, 0.6, 1, 2.5])(
    "as wide as there are outputs, finds the best of all, with α = %f",
    async (lengthPenalty) => {
      await fc.assert(
        fc.asyncProperty(seed, async (source) => {
          const given = rules({ beam: LETTERS ** 4, best: 7, lengthPenalty });
          const best = enumerate(source, given).slice(0, 7);
          const [found] = await search([source], given);
          expect(found!.map(({ symbols }) => symbols)).toEqual(best.map(({ symbols }) => symbols));
          for (const [i, { score, finished }] of found!.entries()) {
            expect(score).toBeCloseTo(best[i]!.score, 10);
            expect(finished).toBe(true);
          }
        }),
        { numRuns: 30 },
      );
    },
  );

  test("of width 1 is greedy search, whatever it thinks of length", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(seed, { minLength: 1, maxLength: 9 }),
        fc.constantFrom(0, 0.6, 3),
        async (sources, lengthPenalty) => {
          const given = rules({ beam: 1, limit: 6, lengthPenalty });
          const wide = await search(sources, given);
          const writer = new RandomWriter(sources, WIDTH);
          const greedy = await greedySearch(writer, sources.length, given);
          expect(wide.map(([best]) => best?.symbols)).toEqual(greedy.map((each) => each.symbols));
          for (const [i, { score, finished, attention }] of greedy.entries()) {
            expect(wide[i]![0]).toMatchObject({ finished, attention });
            expect(wide[i]![0]!.score).toBeCloseTo(score, 12);
          }
        },
      ),
    );
  });

  test("finds for many sources at once what it finds for each alone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(seed, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0, 1),
        async (sources, beam, lengthPenalty) => {
          const given = rules({ beam, best: Math.min(beam, 3), limit: 7, lengthPenalty });
          const together = await search(sources, given);
          for (const [i, source] of sources.entries()) {
            expect([together[i]]).toEqual(await search([source], given));
          }
        },
      ),
    );
  });

  test("attention is that of the steps which wrote the output", async () => {
    const found = await search([5, 6], rules({ beam: 4, best: 4, limit: 6 }));
    for (const [source, outputs] of [5, 6].map((source, i) => [source, found[i]!] as const)) {
      for (const { symbols, attention } of outputs) {
        // RandomWriter looks at what stands before.
        const before = symbols.map((_, i) => [source, BEGIN, ...symbols.slice(0, i)]);
        expect(attention).toEqual(before);
      }
    }
  });

  test("ranks what is finished before what is not, and both by score over length", async () => {
    const given = rules({ beam: 8, best: 8, limit: 3, lengthPenalty: 0.8 });
    const [found] = await search([3], given);
    const key = ({ symbols, score, finished }: Written): number => {
      const rank = score / lengthNormaliser(symbols.length + (finished ? 1 : 0), 0.8);
      return finished ? rank : rank - 1e6;
    };
    const keys = found!.map(key);
    expect(keys).toEqual(keys.toSorted((a, b) => b - a));
    expect(new Set(found!.map(({ finished }) => finished))).toEqual(new Set([true, false]));
  });

  test("gives outputs that are spelled differently, each by its best symbols", async () => {
    // 2 and 3 are two names of one letter.
    const spell = (symbols: readonly number[]): string =>
      symbols.map((symbol) => (symbol === 3 ? 2 : symbol)).join();
    await fc.assert(
      fc.asyncProperty(seed, async (source) => {
        const given = rules({ beam: LETTERS ** 4, best: 6, spell });
        const best = new Map<string, number>();
        for (const { symbols, score } of enumerate(source, given)) {
          if (!best.has(spell(symbols))) best.set(spell(symbols), score);
        }
        const [found] = await search([source], given);
        expect(found!.map(({ symbols }) => spell(symbols))).toEqual([...best.keys()].slice(0, 6));
      }),
      { numRuns: 30 },
    );
  });

  test("without an end symbol writes as many symbols as the limit says", async () => {
    const [found] = await search([1], rules({ end: null, limit: 3, beam: 9, best: 9 }));
    expect(found).toHaveLength(9);
    for (const { symbols, finished } of found!) {
      expect(symbols).toHaveLength(3);
      expect(finished).toBe(true);
    }
  });

  test("drops outputs that cannot win, so that a sure writer costs as many rows as it needs", async () => {
    const sources = [1, 2, 3, 4];
    const writer = new RandomWriter(sources, WIDTH);
    // Sure of "2, end" whatever the source, and least of all of writing nothing.
    writer.after = ([, ...symbols]) => {
      return symbols.length === 1 ? [0, 0.01, 0.95, 0.02, 0.02] : [0, 0.95, 0.01, 0.02, 0.02];
    };
    const found = await beamSearch(writer, 4, rules({ beam: 3, limit: 50 }));
    expect(found.map(([best]) => best!.symbols)).toEqual([[2], [2], [2], [2]]);
    expect(writer.rowsOfSteps).toEqual([4, 12]);
  });

  test("probabilities that are no numbers end an output, unfinished", async () => {
    const writer = new RandomWriter([1, 2], WIDTH);
    writer.after = ([source]) => {
      return Array.from({ length: WIDTH }, (_, i) => (source === 1 ? Number.NaN : i / 10));
    };
    const [lost, found] = await beamSearch(writer, 2, rules({ beam: 2 }));
    expect(lost).toMatchObject([{ symbols: [], finished: false, score: Number.NEGATIVE_INFINITY }]);
    expect(found![0]!.symbols).not.toEqual([]);
  });
});
