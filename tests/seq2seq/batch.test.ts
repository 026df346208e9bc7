import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { arrangeSource, batchOrder, sourcePosition } from "../../src/seq2seq/batch.ts";
import { defaultConfig } from "../../src/seq2seq/config.ts";
import { Vocabulary } from "../../src/seq2seq/vocabulary.ts";

describe("the place of a source symbol", () => {
  const configs = [
    { reverseSource: true },
    { reverseSource: false },
    { reverseSource: true, maskPadding: false, sourceLength: 5 },
    { reverseSource: false, maskPadding: false, sourceLength: 5 },
  ];

  test.each(configs)("is where the encoder reads it: %o", (fields) => {
    const vocabulary = Vocabulary.fromTexts(["abcdefg"], "chars");
    const config = defaultConfig([], { ...fields, targetLimit: 5 });
    for (const text of ["", "a", "abc", "abcde", "abcdefg"]) {
      const ids = vocabulary.encode(text);
      const arranged = arrangeSource(ids, config, vocabulary);
      expect(ids.map((_, e) => arranged[sourcePosition(e, ids.length, config)])).toEqual(ids);
    }
  });
});

describe("an epoch's batches", () => {
  const random = new Random(3);
  const lengths = Array.from({ length: 1000 }, () => random.integer(40));
  const batches = batchOrder(lengths, 8, new Random(1));

  test("hold every pair once", () => {
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    expect(batches).toHaveLength(125);
  });

  test("waste little on padding, and come in no order of length", () => {
    const longest = batches.map((batch) => Math.max(...batch.map((i) => lengths[i]!)));
    const padded = longest.reduce((sum, width) => sum + 8 * width, 0);
    expect(padded / lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(1.2);
    expect(longest).not.toEqual(longest.toSorted((a, b) => a - b));
  });

  test("are the same for the same seed, and others for another", () => {
    expect(batchOrder(lengths, 8, new Random(1))).toEqual(batches);
    expect(batchOrder(lengths, 8, new Random(2))).not.toEqual(batches);
  });
});
