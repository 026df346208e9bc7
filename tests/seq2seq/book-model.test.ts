import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  AttentionSeq2seq,
  defaultConfig,
  evaluate,
  type ModelConfig,
  parsePairs,
  readSafetensors,
  Vocabulary,
} from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";
import { missing, sharedPath } from "../support/shared-files.ts";

/** The book's conventions: sources padded to 29 with spaces and reversed, ten steps from "_". */
const BOOK: ModelConfig = defaultConfig([], {
  bidirectional: false,
  attention: "dot",
  inputFeeding: false,
  attentionalSize: null,
  embeddingSize: 16,
  hiddenSize: 256,
  reverseSource: true,
  maskPadding: false,
  sourceLength: 29,
  targetLength: 10,
  targetLimit: 10,
  bridge: "hidden",
  dropout: 0,
});

/** Symbols numbered in order of first appearance through date.txt, question then answer with its "_". */
function bookVocabulary(text: string): Vocabulary {
  const symbols = [...new Set(text.replaceAll("\n", ""))];
  return new Vocabulary({
    symbols,
    tokens: "chars",
    normalization: "none",
    pad: symbols.indexOf(" "),
    begin: symbols.indexOf("_"),
    end: null,
    unknown: null,
  });
}

describe.skipIf(missing("data/dates"))("the book's trained date model", () => {
  for (const { name, device, dtype } of openDevices()) {
    test(`gets every dev date right on ${name}`, { timeout: 600_000 }, async () => {
      const vocabulary = bookVocabulary(readFileSync(sharedPath("data/dates/date.txt"), "utf8"));
      expect(vocabulary.size).toBe(59);
      const model = new AttentionSeq2seq(BOOK, vocabulary, vocabulary, { device, dtype });
      const file = readFileSync(sharedPath("data/dates/book-date-model.safetensors"));
      const { tensors } = readSafetensors(file, "book-date-model.safetensors");
      expect([...tensors.keys()].sort()).toEqual([...model.parameters.names].sort());
      for (const [tensorName, { data, shape }] of tensors) {
        const value = model.parameters.value(tensorName);
        expect(value.shape).toEqual(shape);
        value.storage.write(data);
      }
      const bytes = readFileSync(sharedPath("data/dates/dev.tsv"));
      const all = parsePairs(bytes, { file: "dev.tsv" });
      // The definitions are slow, and so is a GPU in software: some of the dates are enough to see that they agree.
      const every = name.startsWith("reference") ? 50 : device.name === "webgpu" ? 500 : 1;
      const pairs = all.filter((_, i) => i % every === 0);
      const { exactMatch } = await evaluate(model, pairs, { batchSize: 250 });
      expect(exactMatch).toBe(1);
    });
  }
});
