/**
 * Trains the date model of *Deep Learning from Scratch 2* with the book's own setting: embeddings of 16,
 * states of 256, batches of 128, Adam at 0.001, clip 5, sources padded to the longest and reversed, no
 * mask, ten decoding steps.
 * Prints exact match on dev after every epoch, over all pairs and over those whose source does not
 * occur in training.
 *
 *     npm run bench:book -- train.tsv dev.tsv [epochs] [seed]
 */
import { readFileSync } from "node:fs";
import {
  AttentionSeq2seq,
  defaultConfig,
  evaluate,
  type ModelConfig,
  type Pair,
  parsePairs,
  Trainer,
  tokenize,
  Vocabulary,
} from "heed";

const [trainFile, devFile, epochs = "3", seed = "1"] = process.argv.slice(2);
if (trainFile === undefined || devFile === undefined) {
  console.error("usage: npm run bench:book -- train.tsv dev.tsv [epochs] [seed]");
  process.exit(2);
}

const read = (file: string): Pair[] => parsePairs(readFileSync(file), { file });
const [train, dev] = [read(trainFile), read(devFile)];
const seen = new Set(train.map(({ source }) => source));
const unseen = dev.filter(({ source }) => !seen.has(source));

const longest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, text.length), 0);
const targetLength = longest(train.map(({ target }) => target));
const config: ModelConfig = defaultConfig(train, {
  bidirectional: false,
  attention: "dot",
  inputFeeding: false,
  attentionalSize: null,
  embeddingSize: 16,
  hiddenSize: 256,
  reverseSource: true,
  maskPadding: false,
  sourceLength: longest([...train, ...dev].map(({ source }) => source)),
  targetLength,
  targetLimit: targetLength,
  bridge: "hidden",
  dropout: 0,
});

// One vocabulary for both sides, in order of first appearance; "_" begins, the space pads.
const text = train.map(({ source, target }) => `${source}_${target}`);
const symbols = [...new Set([" ", ...text.flatMap((line) => tokenize(line, "chars"))])];
const vocabulary = new Vocabulary({
  symbols,
  tokens: "chars",
  normalization: "none",
  pad: 0,
  begin: symbols.indexOf("_"),
  end: null,
  unknown: null,
});

const model = new AttentionSeq2seq(config, vocabulary, vocabulary, { seed: Number(seed) });
const trainer = new Trainer(model, train, {
  batchSize: 128,
  rate: 0.001,
  warmup: 0,
  finalRate: 1,
  labelSmoothing: 0,
  averageLast: 1,
  clip: 5,
  epochs: Number(epochs),
  seed: Number(seed),
});
console.log(
  `${train.length} pairs, ${dev.length} for dev, ${unseen.length} of them unseen sources`,
);
console.log(`${symbols.length} symbols, ${model.parameterCount} parameters\n`);
console.log("epoch  exact on dev  exact on unseen  loss    ms per step");
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const times: number[] = [];
let losses: number[] = [];
while (!trainer.done) {
  const start = performance.now();
  const report = await trainer.step();
  times.push(performance.now() - start);
  losses.push(report.loss);
  if (!report.endOfEpoch) continue;
  const { predictions, exactMatch } = await evaluate(model, dev, { batchSize: 250 });
  const hits = predictions.filter(({ pair, exact }) => exact && !seen.has(pair.source)).length;
  const perStep = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
  console.log(
    `${String(report.epoch).padStart(5)}  ${percent(exactMatch).padStart(12)}` +
      `  ${percent(hits / unseen.length).padStart(15)}  ${mean.toFixed(4)}  ${perStep.toFixed(0)}`,
  );
  losses = [];
}
