import { describe, expect, it, test } from "vitest";
import {
  AttentionSeq2seq,
  attentionToSvg,
  attentionToText,
  calibration,
  DataError,
  defaultConfig,
  defaultTraining,
  Ensemble,
  evaluate,
  HeedError,
  holdOut,
  joinSymbols,
  parsePairs,
  Random,
  readTrainingState,
  Trainer,
  tokenize,
  Vocabulary,
  writeSafetensors,
  writeTrainingState,
} from "../../src/index.ts";

/** What plain JavaScript can pass where a type says otherwise. */
const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  5,
  -1,
  Number.NaN,
  "text",
  true,
  10n,
  Symbol("s"),
  {},
  [null],
  [{}],
  [{ source: "a" }],
  [{ source: 1, target: 2 }],
  () => 1,
  new ArrayBuffer(8),
  new Float32Array(2),
];

const pairs = [
  { source: "ab", target: "ba", line: 1 },
  { source: "cd", target: "dc", line: 2 },
];
const config = defaultConfig(pairs, { hiddenSize: 4, embeddingSize: 2 });
const model = AttentionSeq2seq.fromPairs(pairs, config);
const trainer = new Trainer(model, pairs);
const state = await trainer.state();
const { sourceVocabulary: source, targetVocabulary: target } = model;
const tsv = new TextEncoder().encode("a\tb\n");
const map = { sourceSymbols: ["a"], outputSymbols: ["b"], attention: [[1]] };

type Call = (value: never) => unknown;

describe("nonsense from plain JavaScript is taken or refused by an error of heed, never a crash", () => {
  it.each<[name: string, call: Call]>([
    ["AttentionSeq2seq, config", (v) => new AttentionSeq2seq(v, source, target)],
    ["AttentionSeq2seq, source", (v) => new AttentionSeq2seq(config, v, target)],
    ["AttentionSeq2seq, target", (v) => new AttentionSeq2seq(config, source, v)],
    ["AttentionSeq2seq, options", (v) => new AttentionSeq2seq(config, source, target, v)],
    ["AttentionSeq2seq, dtype", (dtype) => new AttentionSeq2seq(config, source, target, { dtype })],
    ...Object.keys(config).map((name): [string, Call] => [
      `AttentionSeq2seq, config.${name}`,
      (v) => new AttentionSeq2seq({ ...config, [name]: v }, source, target),
    ]),
    ["fromPairs, pairs", (v) => AttentionSeq2seq.fromPairs(v, config)],
    ["fromPairs, options", (v) => AttentionSeq2seq.fromPairs(pairs, config, v)],
    ["fromBytes, bytes", (v) => AttentionSeq2seq.fromBytes(v)],
    ["fromBytes, options", (v) => AttentionSeq2seq.fromBytes(new Uint8Array(9), v)],
    ["encode", (v) => model.encode(v)],
    ["transduce", (v) => model.transduce(v)],
    ["transduceMany", (v) => model.transduceMany(v)],
    ["transduceMany, options", (v) => model.transduceMany(["a"], v)],
    ["transduceStream", (v) => model.transduceStream(v).next()],
    ...["attention", "beam", "nBest", "lengthPenalty", "batchSize"].map((name): [string, Call] => [
      `transduce, ${name}`,
      (v) => model.transduce("a", { [name]: v }),
    ]),
    ["Ensemble", (v) => new Ensemble(v)],
    ["Ensemble, a model", (v) => new Ensemble([model, v])],
    ["Ensemble, transduceMany", (v) => new Ensemble([model]).transduceMany(v)],
    ["calibration", (v) => calibration(v)],
    ["calibration, a prediction", (v) => calibration([v])],
    ["Trainer, model", (v) => new Trainer(v, pairs)],
    ["Trainer, pairs", (v) => new Trainer(model, v)],
    ["Trainer, options", (v) => new Trainer(model, pairs, v)],
    ...Object.keys(defaultTraining(pairs)).flatMap((name): [string, Call][] => [
      [`Trainer, ${name}`, (v) => new Trainer(model, pairs, { [name]: v })],
      [`defaultTraining, ${name}`, (v) => defaultTraining(pairs, { [name]: v })],
    ]),
    ["Trainer.batchOf", (v) => trainer.batchOf(v)],
    ["Trainer.measured", (v) => trainer.measured(v)],
    ["Trainer.restore", (v) => trainer.restore(v)],
    ["Trainer.restore, standing", (standing) => trainer.restore({ standing, arrays: new Map() })],
    ["Trainer.restore, arrays", (arrays) => trainer.restore({ ...state, arrays })],
    ["writeTrainingState", (v) => writeTrainingState(v)],
    ["writeTrainingState, arrays", (arrays) => writeTrainingState({ ...state, arrays })],
    ["readTrainingState", (v) => readTrainingState(v, "file")],
    ["evaluate, model", (v) => evaluate(v, pairs)],
    ["evaluate, pairs", (v) => evaluate(model, v)],
    ["evaluate, options", (v) => evaluate(model, pairs, v)],
    ["evaluate, beam", (beam) => evaluate(model, pairs, { beam })],
    ["evaluate, batchSize", (batchSize) => evaluate(model, pairs, { batchSize })],
    ["evaluate, onProgress", (onProgress) => evaluate(model, pairs, { onProgress })],
    ["defaultConfig, pairs", (v) => defaultConfig(v)],
    ["defaultConfig, overrides", (v) => defaultConfig(pairs, v)],
    ["defaultTraining, pairs", (v) => defaultTraining(v)],
    ["defaultTraining, overrides", (v) => defaultTraining(pairs, v)],
    ["holdOut, pairs", (v) => holdOut(v, 0.5, new Random(1))],
    ["holdOut, share", (v) => holdOut(pairs, v, new Random(1))],
    ["holdOut, random", (v) => holdOut(pairs, 0.5, v)],
    ["holdOut, most", (v) => holdOut(pairs, 0.5, new Random(1), v)],
    ["parsePairs, bytes", (v) => parsePairs(v, { file: "f" })],
    ["parsePairs, options", (v) => parsePairs(tsv, v)],
    ["parsePairs, file", (file) => parsePairs(tsv, { file })],
    ["parsePairs, features", (features) => parsePairs(tsv, { file: "f", features })],
    ["parsePairs, columns", (columns) => parsePairs(tsv, { file: "f", columns })],
    ["Vocabulary", (v) => new Vocabulary(v)],
    ["Vocabulary, symbols", (symbols) => new Vocabulary({ ...source.toJSON(), symbols })],
    ["Vocabulary, pad", (pad) => new Vocabulary({ ...source.toJSON(), pad })],
    ["Vocabulary, tokens", (tokens) => new Vocabulary({ ...source.toJSON(), tokens })],
    [
      "Vocabulary, normalization",
      (normalization) => new Vocabulary({ ...source.toJSON(), normalization }),
    ],
    ["Vocabulary.fromTexts", (v) => Vocabulary.fromTexts(v, "chars")],
    ["Vocabulary.fromTexts, tokens", (v) => Vocabulary.fromTexts(["a"], v)],
    ["Vocabulary.fromTexts, options", (v) => Vocabulary.fromTexts(["a"], "chars", v)],
    [
      "Vocabulary.fromTexts, normalization",
      (normalization) => Vocabulary.fromTexts(["a"], "chars", { normalization }),
    ],
    ["Vocabulary.fromJSON", (v) => Vocabulary.fromJSON(v, "file")],
    ["Vocabulary.encode", (v) => source.encode(v)],
    ["Vocabulary.unknownIn", (v) => source.unknownIn(v)],
    ["Vocabulary.symbolsIn", (v) => source.symbolsIn(v)],
    ["Vocabulary.encodeSymbols", (v) => source.encodeSymbols(v)],
    ["Vocabulary.unknownAmong", (v) => source.unknownAmong(v)],
    ["Vocabulary.textOf", (v) => source.textOf(v)],
    ["Vocabulary.decode", (v) => source.decode(v)],
    ["tokenize", (v) => tokenize(v, "chars")],
    ["joinSymbols", (v) => joinSymbols(v, "chars")],
    ["writeSafetensors", (v) => writeSafetensors(v)],
    ["writeSafetensors, metadata", (v) => writeSafetensors({ metadata: v, tensors: new Map() })],
    ["writeSafetensors, tensors", (v) => writeSafetensors({ metadata: new Map(), tensors: v })],
    [
      "writeSafetensors, a tensor",
      (v) => writeSafetensors({ metadata: new Map(), tensors: new Map([["t", v]]) }),
    ],
    [
      "writeSafetensors, a text",
      (v) => writeSafetensors({ metadata: new Map([["k", v]]), tensors: new Map() }),
    ],
    ["attentionToSvg", (v) => attentionToSvg(v)],
    ["attentionToSvg, options", (v) => attentionToSvg(map, v)],
    ["attentionToSvg, title", (title) => attentionToSvg(map, { title })],
    ["attentionToText", (v) => attentionToText(v)],
    ["attentionToText, options", (v) => attentionToText(map, v)],
    ["attentionToText, width", (width) => attentionToText(map, { width })],
  ])("%s", async (_name, call) => {
    for (const value of NONSENSE) {
      try {
        await call(value as never);
      } catch (error) {
        if (!(error instanceof HeedError)) throw error;
      }
    }
  });
});

test("refusals say where, what was expected and what came", async () => {
  const refused: [call: () => unknown, message: string][] = [
    [
      () => defaultConfig([{ source: "a" }] as never),
      "defaultConfig: expected pairs[0].target to be a string, got undefined",
    ],
    [
      () => new Trainer({} as never, pairs),
      "Trainer: expected model to be of class AttentionSeq2seq, got an object",
    ],
    [
      () => AttentionSeq2seq.fromPairs(pairs, config, { sead: 1 } as never),
      'got the option "sead"',
    ],
    [() => parsePairs("a\tb" as never, { file: "f" }), "parsePairs: expected the file's bytes"],
    [() => holdOut(pairs, 0.5, Math.random as never), "random to be of class Random"],
  ];
  for (const [call, message] of refused) {
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  }
  const transduce = model.transduce(["ab"] as never);
  await expect(transduce).rejects.toThrow(
    "transduce: expected text to be a string, or { source, features }, got an array of length 1",
  );
});

test("evaluate refuses batches that would never come to an end", async () => {
  for (const batchSize of [0, -1, 0.5, Number.NaN]) {
    await expect(evaluate(model, pairs, { batchSize })).rejects.toThrow(
      `evaluate: expected batchSize to be a whole number from 1 to 65536, got ${batchSize}`,
    );
  }
});
