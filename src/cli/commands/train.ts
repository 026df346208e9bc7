import { Command } from "commander";
import {
  AttentionSeq2seq,
  currentDevice,
  DeviceError,
  defaultConfig,
  defaultTraining,
  evaluate,
  holdOut,
  type ModelConfig,
  type Pair,
  Random,
  type Tokens,
  Trainer,
  type TrainOptions,
} from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { Stop, WorkError } from "../errors.ts";
import { checkOutput, readPairs } from "../files.ts";
import { parentProcess } from "../jobs/parent.ts";
import { columnPair, number, oneOf, POSITIVE, SHARE, wholeNumber } from "../numbers.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { count, duration, pairCount, percent, print } from "../output.ts";
import { openProgress } from "../progress.ts";
import { runTraining, type TrainingOutcome } from "../training-run.ts";

const TOKENS = ["chars", "spaces"] as const;
/** The share of the distinct sources that is held out where there is no `--dev`. */
const HELD_OUT = 0.1;
/** Most pairs to measure on after each epoch; the end measures on all. */
const SAMPLE = 1000;
/** The stream of random numbers that holds pairs out and draws the sample. */
const SPLIT_STREAM = 0x5117;

interface TrainFlags extends ComputeOptions {
  readonly dev?: string;
  readonly out: string;
  readonly columns?: readonly [number, number];
  readonly sourceTokens: Tokens;
  readonly targetTokens: Tokens;
  readonly hidden?: number;
  readonly embedding?: number;
  readonly batch?: number;
  readonly rate?: number;
  readonly clip?: number;
  readonly epochs?: number;
  readonly dropout?: number;
  readonly seed: number;
  readonly mask: boolean;
  readonly reverse?: boolean;
  readonly bridge?: ModelConfig["bridge"];
  readonly maxSeconds?: number;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Examples:
  heed train dates.tsv                          learn, and write model.safetensors
  heed train words.tsv --target-tokens spaces   targets are words or phonemes, with spaces between
  heed train big.tsv --dev dev.tsv --max-seconds 600 --out big.safetensors
  heed train table.tsv --columns 3,1            from the third column to the first

A file of pairs is UTF-8 with one pair a line, source and target with a tab between.
Sizes and speeds that are not given are chosen by the number of pairs (--verbose says which).
The model that does best on the held-out pairs is the one that is kept.
Ctrl-C ends training after the step at hand and keeps the best so far.`;

/** `heed train`: pairs in, model file out. */
export function trainCommand(): Command {
  const command = new Command("train")
    .summary("learn from a file of pairs")
    .description("Train a model on a file of pairs and write the best one found.")
    .argument("<pairs.tsv>", "pairs to learn from")
    .option(
      "--dev <file>",
      "pairs to measure on (default: a tenth of the sources, at most 1,000, held out)",
    )
    .option("--out <file>", "where to write the model", "model.safetensors")
    .option("--columns <s,t>", "columns of source and target (default: 1,2)", columnPair)
    .option("--source-tokens <how>", "chars or spaces", oneOf("--source-tokens", TOKENS), "chars")
    .option("--target-tokens <how>", "chars or spaces", oneOf("--target-tokens", TOKENS), "chars")
    .option("--hidden <n>", "size of the LSTM states", wholeNumber("--hidden", 1, 16384))
    .option("--embedding <n>", "size of the embeddings", wholeNumber("--embedding", 1, 16384))
    .option("--batch <n>", "pairs per step", wholeNumber("--batch", 1, 65536))
    .option("--rate <x>", "highest learning rate", number("--rate", POSITIVE))
    .option("--clip <x>", "largest norm of the gradients", number("--clip", POSITIVE))
    .option("--epochs <n>", "passes over the pairs", wholeNumber("--epochs", 1))
    .option("--dropout <x>", "share of numbers dropped while training", number("--dropout", SHARE))
    .option("--seed <n>", "seed of everything random", wholeNumber("--seed", 0, 2 ** 32 - 1), 0)
    .option("--no-mask", "pad all sources and read the padding like any symbol")
    .option("--reverse", "read sources from their end rather than their beginning")
    .option(
      "--bridge <how>",
      "what the decoder's state begins with: state, hidden, linear or zero",
      oneOf("--bridge", ["state", "hidden", "linear", "zero"] as const),
    )
    .option("--max-seconds <x>", "stop training after that time", number("--max-seconds", POSITIVE))
    .option("--quiet", "say nothing unless something is wrong")
    .addHelpText("after", EXAMPLES)
    .action(train);
  return withComputeOptions(command);
}

async function train(path: string, flags: TrainFlags): Promise<void> {
  const inputs = flags.dev === undefined ? [path] : [path, flags.dev];
  await checkOutput("--out", flags.out, inputs);
  const { pairs, dev } = await readData(path, flags);
  await chooseDevice(flags);

  const { sourceTokens, targetTokens, seed } = flags;
  const config = defaultConfig(pairs, { ...modelFlags(flags), sourceTokens, targetTokens });
  const training = defaultTraining(pairs, trainFlags(flags));
  const model = AttentionSeq2seq.fromPairs(pairs, config, { seed, sourceTokens, targetTokens });
  const tell = (text: string): void => {
    if (!flags.quiet) process.stderr.write(`${text}\n`);
  };
  tell(
    `${pairCount(pairs.length)} to learn from, ${count(dev.length)} to measure on; ` +
      `${count(model.parameterCount)} parameters on ${currentDevice().description}`,
  );
  if (flags.verbose) tell(JSON.stringify({ ...config, ...training }));

  const shuffled = [...dev];
  new Random(flags.seed, SPLIT_STREAM + 1).shuffle(shuffled);
  const outcome = await runTraining({
    model,
    trainer: new Trainer(model, pairs, training),
    epochs: training.epochs,
    sample: shuffled.slice(0, SAMPLE),
    progress: parentProcess()?.progress ?? openProgress(flags.quiet ?? false),
    maxSeconds: flags.maxSeconds ?? null,
    goodEnough: Number.POSITIVE_INFINITY,
    keep: (bytes) => writeFileAtomically(flags.out, bytes),
  }).catch((error: unknown) => {
    throw error instanceof DeviceError ? tooLong(path, pairs, error) : error;
  });
  await conclude(outcome, flags, dev);
}

/** Memory runs out where a pair is very long: says which one. */
function tooLong(path: string, pairs: readonly Pair[], cause: DeviceError): WorkError {
  const length = (pair: Pair): number => pair.source.length + pair.target.length;
  const longest = pairs.reduce((most, pair) => (length(pair) > length(most) ? pair : most));
  return new WorkError(
    {
      where: `${path}, line ${longest.line}`,
      expected: "pairs that a batch of fits in memory",
      received: `one of ${count(length(longest))} characters, the longest of all`,
      fix: "leave it out, or take a smaller --batch or --hidden",
    },
    { cause },
  );
}

async function readData(
  path: string,
  flags: TrainFlags,
): Promise<{ readonly pairs: readonly Pair[]; readonly dev: readonly Pair[] }> {
  const all = await readPairs(path, flags.columns);
  if (flags.dev !== undefined)
    return { pairs: all, dev: await readPairs(flags.dev, flags.columns) };
  if (new Set(all.map((pair) => pair.source)).size < 2) {
    throw new WorkError({
      where: path,
      expected: "at least two different sources, to hold one out for measuring",
      received: "one",
      fix: "add pairs, or give a file to measure on with --dev",
    });
  }
  const { train: pairs, heldOut } = holdOut(all, HELD_OUT, new Random(flags.seed, SPLIT_STREAM));
  return { pairs, dev: heldOut };
}

function modelFlags(flags: TrainFlags): Partial<ModelConfig> {
  return {
    ...(flags.hidden === undefined ? {} : { hiddenSize: flags.hidden }),
    ...(flags.embedding === undefined ? {} : { embeddingSize: flags.embedding }),
    ...(flags.dropout === undefined ? {} : { dropout: flags.dropout }),
    ...(flags.bridge === undefined ? {} : { bridge: flags.bridge }),
    ...(flags.mask ? {} : { maskPadding: false }),
    ...(flags.reverse ? { reverseSource: true } : {}),
  };
}

function trainFlags(flags: TrainFlags): TrainOptions {
  return {
    seed: flags.seed,
    ...(flags.batch === undefined ? {} : { batchSize: flags.batch }),
    ...(flags.rate === undefined ? {} : { rate: flags.rate }),
    ...(flags.clip === undefined ? {} : { clip: flags.clip }),
    ...(flags.epochs === undefined ? {} : { epochs: flags.epochs }),
  };
}

async function conclude(
  outcome: TrainingOutcome,
  flags: TrainFlags,
  dev: readonly Pair[],
): Promise<void> {
  const { best, ended, steps, seconds, loss } = outcome;
  const kept =
    best === null
      ? "no model was written"
      : best.exactMatch === null
        ? `${flags.out} holds the model as it stood, not measured yet`
        : `${flags.out} holds the best so far, from epoch ${best.epoch}: ` +
          `exact match ${percent(best.exactMatch)}`;
  if (ended === "diverged") {
    throw new WorkError({
      where: `step ${count(steps)} of training`,
      expected: "a finite loss",
      received: Number.isFinite(loss) ? "gradients or parameters that are not" : String(loss),
      fix: `${kept}; try a lower --rate or a lower --clip`,
    });
  }
  if (ended === "interrupted") {
    if (!flags.quiet) process.stderr.write(`heed: interrupted; ${kept}\n`);
    throw new Stop(outcome.exitCode);
  }
  if (best === null || flags.quiet) return;
  const model = AttentionSeq2seq.fromBytes(best.bytes);
  const { exactMatch, symbolErrorRate } =
    dev.length > SAMPLE || best.exactMatch === null || best.symbolErrorRate === null
      ? await evaluate(model, dev)
      : { exactMatch: best.exactMatch, symbolErrorRate: best.symbolErrorRate };
  const why = ended === "out of time" ? ", out of time" : "";
  await print(
    `${flags.out}: exact match ${percent(exactMatch)}, symbol errors ${percent(symbolErrorRate)} ` +
      `on ${pairCount(dev.length)} (epoch ${best.epoch}, ${duration(seconds)}${why})\n`,
  );
}
