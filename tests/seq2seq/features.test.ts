import { beforeAll, describe, expect, it } from "vitest";
import {
  AttentionSeq2seq,
  DataError,
  defaultConfig,
  evaluate,
  type Pair,
  Trainer,
} from "../../src/index.ts";

/** What each tag asks for. */
const ASKED: Record<string, (text: string) => string> = {
  SAME: (text) => text,
  DOUBLE: (text) => text + text,
  "END;Z": (text) => `${text}z`,
};

const sources = ["a", "b", "c", "ab", "ba", "cb", "abc", "cab", "bca", "cc", "bb", "aa"];
const pairs: Pair[] = sources.flatMap((source, i) =>
  Object.entries(ASKED).map(([features, make]) => ({
    source,
    target: make(source),
    features,
    line: i + 1,
  })),
);
const config = defaultConfig(pairs, { embeddingSize: 16, hiddenSize: 32, dropout: 0 });

describe("a model that reads features", () => {
  const model = AttentionSeq2seq.fromPairs(pairs, config, { seed: 2 });

  beforeAll(async () => {
    const trainer = new Trainer(model, pairs, { batchSize: 12, epochs: 60, rate: 0.01 });
    while (!trainer.done) await trainer.step();
  });

  it("learns what each asks for, where the source alone does not say it", async () => {
    const { exactMatch } = await evaluate(model, pairs);
    expect(exactMatch).toBeGreaterThan(0.9);
    const without = pairs.map(({ features: _, ...pair }) => pair);
    expect((await evaluate(model, without)).exactMatch).toBeLessThan(0.6);
  });

  it("takes them in any spelling, shows them, and says which it has never seen", async () => {
    const [spaced, plain, strange] = await model.transduceMany([
      { source: "ab", features: " END ; Z;" },
      { source: "ab", features: "END;Z" },
      { source: "ax", features: "NEW;Z" },
    ]);
    expect(spaced?.output).toBe(plain?.output);
    expect(plain?.source).toBe("ab");
    expect(plain?.sourceSymbols).toEqual(["END", "Z", "a", "b"]);
    for (const row of plain?.attention ?? []) {
      expect(row.length).toBe(4);
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
    }
    expect(strange?.unknownSymbols).toEqual(["NEW", "x"]);
  });

  it("can be asked without any", async () => {
    const [text, none, empty] = await model.transduceMany([
      "ab",
      { source: "ab" },
      { source: "ab", features: " ; " },
    ]);
    expect(none).toEqual(text);
    expect(empty).toEqual(text);
    expect(text?.sourceSymbols).toEqual(["a", "b"]);
  });

  it("is the same after it has been a file", async () => {
    const again = AttentionSeq2seq.fromBytes(await model.toBytes());
    expect(again.featureVocabulary).toEqual(model.featureVocabulary);
    for (const pair of pairs.slice(0, 4)) {
      expect((await again.transduce(pair)).output).toBe((await model.transduce(pair)).output);
    }
  });

  it("keeps a tag apart from a symbol that is spelled alike", () => {
    const alike: Pair[] = [{ source: "V", target: "a", features: "V", line: 1 }];
    const small = AttentionSeq2seq.fromPairs(alike, config);
    const { source } = small.encode(alike[0] as Pair);
    expect(new Set(source).size).toBe(2);
  });
});

describe("a model that reads none", () => {
  const plain = pairs.map(({ features: _, ...pair }) => pair);
  const model = AttentionSeq2seq.fromPairs(plain, config);

  it("has no vocabulary of them, and refuses them rather than leave them out", async () => {
    expect(model.featureVocabulary).toBeNull();
    await expect(model.transduce({ source: "a", features: "V" })).rejects.toThrow(DataError);
    await expect(model.transduce({ source: "a", features: "V" })).rejects.toThrow(
      /got "V"; leave them out, or train with --features/,
    );
    expect((await model.transduce({ source: "a", features: "" })).sourceSymbols).toEqual(["a"]);
  });
});
