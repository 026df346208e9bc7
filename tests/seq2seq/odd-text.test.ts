import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AttentionSeq2seq, defaultConfig, type Pair } from "../../src/index.ts";

const pairs: Pair[] = ["abc", "bca", "é한b", "👍🏽a", "\ud800b"].map((source, i) => ({
  source,
  target: [...source].reverse().join(""),
  line: i + 1,
}));

/** What the page on models has a line about. */
const ODD = {
  "no symbols": "",
  "white space": " \t\u3000\u2028",
  "a NUL": "a\0b",
  "right to left": "\u202eשלום \u0627\u0644\u0633",
  "combining marks alone": "\u0301\u0323",
  "an emoji of many": "👩‍👩‍👧👍🏽🇩🇪",
  "half a pair": "\ud83d",
  "the other half": "\udf08a\ud83c",
  "a byte-order mark": "\ufeffa",
  "line ends": "a\r\nb\rc\nd",
  "what Unicode has not assigned": "\u0378\u{e0fff}\uffff",
  "names that objects have": "__proto__ constructor",
};

let model: AttentionSeq2seq;
beforeAll(() => {
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8 });
  model = AttentionSeq2seq.fromPairs(pairs, config);
});

describe("a model answers", () => {
  it.each(Object.entries(ODD))("%s, and says what it has never seen", async (_, text) => {
    const result = await model.transduce(text);
    expect(result.source).toBe(text);
    expect(result.sourceSymbols).toEqual(model.sourceVocabulary.symbolsIn(text));
    expect(result.unknownSymbols).toEqual(model.sourceVocabulary.unknownIn(text));
    expect(result.attention.length).toBe(result.outputSymbols.length);
    for (const row of result.attention) {
      expect(row.length).toBe(result.sourceSymbols.length);
      expect(row.every(Number.isFinite)).toBe(true);
    }
  });

  it("all of it as one batch, in order", async () => {
    const texts = Object.values(ODD);
    const results = await model.transduceMany(texts);
    expect(results.map(({ source }) => source)).toEqual(texts);
    for (const [i, text] of texts.entries()) {
      expect(results[i]?.output, text).toBe((await model.transduce(text)).output);
    }
  });

  it("any string, with text", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => {
        return String.fromCharCode(...units);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (texts) => {
        const results = await model.transduceMany(texts);
        expect(results.map(({ source }) => source)).toEqual(texts);
        for (const { output, outputSymbols } of results) {
          expect(output).toBe(model.targetVocabulary.textOf(outputSymbols));
        }
      }),
      { seed: 31, numRuns: 60 },
    );
  });

  it("a text in the same way in whatever form it comes", async () => {
    for (const source of ["é한b", "bé", "한é한"]) {
      const [composed, decomposed] = await model.transduceMany([
        source.normalize("NFC"),
        source.normalize("NFD"),
      ]);
      expect(decomposed?.output).toBe(composed?.output);
      expect(decomposed?.unknownSymbols).toEqual([]);
      expect(decomposed?.source).toBe(source.normalize("NFD"));
    }
  });

  it("a megabyte", { timeout: 60_000 }, async () => {
    const text = "👍🏽".repeat(2 ** 16) + "👎🏽".repeat(2 ** 16);
    expect(new TextEncoder().encode(text).length).toBe(2 ** 20);
    const result = await model.transduce(text);
    expect(result.sourceSymbols.length).toBe(2 ** 17);
    expect(result.unknownSymbols).toEqual(["👎🏽"]);
  });
});

describe("a model of half surrogate pairs", () => {
  it("is the same after it has been a file", async () => {
    const again = AttentionSeq2seq.fromBytes(await model.toBytes());
    expect(again.sourceVocabulary).toEqual(model.sourceVocabulary);
    expect(again.sourceVocabulary.unknownIn("\ud800")).toEqual([]);
  });
});
