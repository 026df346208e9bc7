import type { Command } from "commander";
import type {
  AttentionKind,
  ConfigOverrides,
  ModelConfig,
  Schedule,
  TrainOptions,
} from "../index.ts";
import { UsageError } from "./errors.ts";
import { type DecodeOptions, withSearchOptions } from "./models.ts";
import { columnPair, number, oneOf, POSITIVE, SHARE, wholeNumber } from "./numbers.ts";
import type { ComputeOptions } from "./options.ts";
import { type TextFlags, withFeatures, withTextFlags } from "./text-flags.ts";

const ARCHITECTURES = [
  "recurrent",
  "transformer",
] as const satisfies readonly ModelConfig["architecture"][];
const CELLS = ["lstm", "gru"] as const satisfies readonly ModelConfig["cell"][];
const BRIDGES = [
  "state",
  "hidden",
  "linear",
  "zero",
] as const satisfies readonly ModelConfig["bridge"][];
const TIES = ["none", "target", "all"] as const satisfies readonly ModelConfig["tiedEmbeddings"][];
const ATTENTIONS = [
  "none",
  "dot",
  "scaled-dot",
  "multiplicative",
  "additive",
  "multi-head",
] as const satisfies readonly AttentionKind[];
const SCHEDULES = [
  "linear",
  "constant",
  "plateau",
  "inverse-root",
  "cosine",
] as const satisfies readonly Schedule[];
const WITHIN_1 = { words: "≥ 0 and ≤ 1", holds: (value: number) => value >= 0 && value <= 1 };
const BETWEEN = { words: "> 0 and < 1", holds: (value: number) => value > 0 && value < 1 };
/** Seconds from one checkpoint to the next. */
const CHECKPOINT_EVERY = 30;

/** What `heed train` can be told. */
export interface TrainFlags
  extends ComputeOptions,
    TextFlags,
    Pick<DecodeOptions, "beam" | "lengthPenalty"> {
  readonly dev?: string;
  readonly out: string;

  readonly architecture?: ModelConfig["architecture"];
  readonly hidden?: number;
  readonly embedding?: number;
  readonly cell?: ModelConfig["cell"];
  /** Of the encoder, and of the decoder. */
  readonly layers?: readonly [number, number];
  readonly bidirectional?: boolean;
  readonly attention?: AttentionKind;
  readonly heads?: number;
  readonly inputFeeding?: boolean;
  /** False: there is no attentional vector. */
  readonly attentionalSize?: number | boolean;
  readonly bridge?: ModelConfig["bridge"];
  readonly tiedEmbeddings?: ModelConfig["tiedEmbeddings"];
  readonly copy?: boolean;
  readonly feedForward?: number;
  readonly reverse?: boolean;
  readonly mask: boolean;
  readonly dropout?: number;
  readonly embeddingDropout?: number;
  readonly layerDropout?: number;
  readonly outputDropout?: number;

  readonly batch?: number;
  readonly epochs?: number;
  readonly rate?: number;
  readonly schedule?: Schedule;
  readonly warmup?: number;
  readonly finalRate?: number;
  readonly plateauFactor?: number;
  readonly plateauPatience?: number;
  /** False: gradients are not clipped. */
  readonly clip?: number | boolean;
  readonly labelSmoothing?: number;
  readonly average?: number;
  readonly patience?: number;
  readonly seed: number;
  readonly splitSeed?: number;

  readonly ensemble?: number;

  readonly run?: string;
  readonly overwrite?: boolean;
  readonly resume?: string;
  readonly checkpointEvery: number;
  readonly maxSeconds?: number;
  readonly quiet?: boolean;
}

/** Adds the flags of `heed train`, in groups. */
export function withTrainFlags(command: Command): Command {
  withDataFlags(command);
  withModelFlags(command);
  withTrainingFlags(command);
  withRunFlags(command);
  return withSearchOptions(
    command.optionsGroup("Measuring at the end (until then, by the likeliest symbols):"),
  );
}

function withDataFlags(command: Command): Command {
  command
    .optionsGroup("Data:")
    .option(
      "--dev <file>",
      "pairs to measure on (default: a tenth of the sources, at most 1,000, held out)",
    )
    .option(
      "--split-seed <n>",
      "seed of what is held out (default: that of --seed)",
      wholeNumber("--split-seed", 0, 2 ** 32 - 1),
    )
    .option("--out <file>", "where to write the model", "model.safetensors")
    .option("--columns <s,t>", "columns of source and target (default: 1,2)", columnPair);
  return withTextFlags(withFeatures(command));
}

function withModelFlags(command: Command): Command {
  const size = (flag: string) => wholeNumber(flag, 1, 16384);
  const share = (flag: string) => number(flag, SHARE);
  return command
    .optionsGroup("Model (sizes that are not given go by the number of pairs):")
    .option(
      "--architecture <which>",
      "recurrent or transformer (default: recurrent)",
      oneOf("--architecture", ARCHITECTURES),
    )
    .option("--hidden <n>", "size of the states", size("--hidden"))
    .option("--embedding <n>", "size of the embeddings", size("--embedding"))
    .option("--cell <which>", "lstm or gru (default: lstm)", oneOf("--cell", CELLS))
    .option("--layers <n>", "layers on each side, or encoder,decoder: 2 or 2,1", layerPair)
    .option("--bidirectional", "read sources from both ends (default, if --hidden is even)")
    .option("--no-bidirectional", "read sources from one end")
    .option(
      "--attention <kind>",
      "none, dot, scaled-dot, multiplicative, additive or multi-head (default: additive)",
      oneOf("--attention", ATTENTIONS),
    )
    .option("--heads <n>", "heads of multi-head attention (default: 4)", size("--heads"))
    .option("--input-feeding", "give each step what the one before made of its context (default)")
    .option("--no-input-feeding", "give each step the symbol before alone")
    .option(
      "--attentional-size <n>",
      "size of the layer of context and state before the output (default: as --hidden)",
      size("--attentional-size"),
    )
    .option("--no-attentional-size", "make the output of context and state as they are")
    .option(
      "--bridge <how>",
      "how the decoder begins: state, hidden, linear or zero (default: state)",
      oneOf("--bridge", BRIDGES),
    )
    .option(
      "--tied-embeddings <which>",
      "whose embeddings the output layer is too: none, target or all (default: none)",
      oneOf("--tied-embeddings", TIES),
    )
    .option("--copy", "let outputs copy symbols of the source")
    .option("--no-copy", "let outputs be written alone")
    .option("--feed-forward <n>", "numbers within layers of a transformer", size("--feed-forward"))
    .option("--reverse", "read sources from their end rather than their beginning")
    .option("--no-reverse", "read sources from their beginning")
    .option("--no-mask", "pad all sources and read the padding like any symbol")
    .option("--dropout <x>", "share of numbers dropped while training", share("--dropout"))
    .option(
      "--embedding-dropout <x>",
      "the same after embeddings alone",
      share("--embedding-dropout"),
    )
    .option("--layer-dropout <x>", "the same between layers alone", share("--layer-dropout"))
    .option("--output-dropout <x>", "the same before the output alone", share("--output-dropout"));
}

/** The parser of `--layers`. */
function layerPair(text: string): readonly [number, number] {
  const parts = text.split(",");
  const [encoder = Number.NaN, decoder = encoder] = parts.map(wholeNumber("--layers", 1, 64));
  if (parts.length <= 2) return [encoder, decoder];
  throw new UsageError({
    where: "--layers",
    expected: "a number for both sides, or one for each, such as 2,1",
    received: JSON.stringify(text),
  });
}

function withTrainingFlags(command: Command): Command {
  const count = (flag: string, least = 1) => wholeNumber(flag, least);
  return command
    .optionsGroup("Training:")
    .option("--batch <n>", "pairs per step", wholeNumber("--batch", 1, 65536))
    .option("--epochs <n>", "passes over the pairs, over which the rate falls", count("--epochs"))
    .option("--rate <x>", "highest learning rate", number("--rate", POSITIVE))
    .option(
      "--schedule <how>",
      "how the rate goes: linear, cosine, inverse-root, plateau or constant (default: linear)",
      oneOf("--schedule", SCHEDULES),
    )
    .option(
      "--warmup <n>",
      "steps over which the rate rises first (default: 1 of 20, at most 500)",
      count("--warmup", 0),
    )
    .option(
      "--final-rate <x>",
      "share of the rate that is left at the end, linear and cosine (default: 0.05)",
      number("--final-rate", WITHIN_1),
    )
    .option(
      "--plateau-factor <x>",
      "what plateau multiplies the rate by (default: 0.5)",
      number("--plateau-factor", BETWEEN),
    )
    .option(
      "--plateau-patience <n>",
      "epochs without a better model after which it does (default: 3)",
      count("--plateau-patience"),
    )
    .option("--clip <x>", "largest norm of the gradients (default: 5)", number("--clip", POSITIVE))
    .option("--no-clip", "leave gradients as they are")
    .option(
      "--label-smoothing <x>",
      "share of each answer that is spread over all symbols (default: 0.1)",
      number("--label-smoothing", SHARE),
    )
    .option(
      "--average <n>",
      "keep the mean of the parameters of that many epochs (default: 1 of 12, at most 5)",
      wholeNumber("--average", 1, 64),
    )
    .option(
      "--patience <n>",
      "stop after that many epochs without a better model",
      count("--patience"),
    )
    .option("--seed <n>", "seed of everything random", wholeNumber("--seed", 0, 2 ** 32 - 1), 0);
}

function withRunFlags(command: Command): Command {
  return command
    .optionsGroup("Run:")
    .option(
      "--ensemble <k>",
      "train k models, whose seeds count up from --seed, side by side",
      wholeNumber("--ensemble", 2, 1000),
    )
    .option("--run <dir>", "where log and checkpoints are kept (default: as --out, ending in .run)")
    .option("--overwrite", "begin anew where a run has not come to its end")
    .option("--resume <dir>", "go on with the run in that directory")
    .option(
      "--checkpoint-every <seconds>",
      "time from one checkpoint to the next",
      number("--checkpoint-every", POSITIVE),
      CHECKPOINT_EVERY,
    )
    .option("--max-seconds <x>", "stop training after that time", number("--max-seconds", POSITIVE))
    .option("--quiet", "say nothing unless something is wrong");
}

/** The flags that a run may be continued with; all else it has its own. */
export const RESUME_FLAGS: readonly (keyof TrainFlags)[] = [
  "resume",
  "device",
  "threads",
  "checkpointEvery",
  "maxSeconds",
  "quiet",
  "verbose",
];

/** Flags that are about a call rather than about the run that it begins. */
const OF_A_CALL: readonly string[] = [
  "maxSeconds",
  "run",
  "overwrite",
  "resume",
  "out",
  "dev",
  "quiet",
  "verbose",
];

/** What a run remembers of the flags that it was begun with. */
export function rememberedFlags(flags: TrainFlags): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !OF_A_CALL.includes(name)));
}

/** What flags say of a model's config. */
export function modelFlags(flags: TrainFlags): ConfigOverrides {
  return {
    ...given({
      architecture: flags.architecture,
      hiddenSize: flags.hidden,
      embeddingSize: flags.embedding,
      cell: flags.cell,
      encoderLayers: flags.layers?.[0],
      decoderLayers: flags.layers?.[1],
      bidirectional: flags.bidirectional,
      attention: flags.attention,
      heads: flags.heads,
      inputFeeding: flags.inputFeeding,
      attentionalSize: numberOrNull(flags.attentionalSize),
      bridge: flags.bridge,
      tiedEmbeddings: flags.tiedEmbeddings,
      copy: flags.copy,
      feedForwardSize: flags.feedForward,
      reverseSource: flags.reverse,
      dropout: flags.dropout,
      embeddingDropout: flags.embeddingDropout,
      layerDropout: flags.layerDropout,
      outputDropout: flags.outputDropout,
    }),
    ...(flags.mask ? {} : { maskPadding: false }),
  };
}

/** The options of a training that flags set. */
export function trainingFlags(flags: TrainFlags): TrainOptions {
  return given({
    seed: flags.seed,
    batchSize: flags.batch,
    epochs: flags.epochs,
    rate: flags.rate,
    schedule: flags.schedule,
    warmup: flags.warmup,
    finalRate: flags.finalRate,
    plateauFactor: flags.plateauFactor,
    plateauPatience: flags.plateauPatience,
    clip: numberOrNull(flags.clip),
    labelSmoothing: flags.labelSmoothing,
    averageLast: flags.average,
    patience: flags.patience,
  });
}

/** The number of a flag that also exists with "no": null then. */
function numberOrNull(flag: number | boolean | undefined): number | null | undefined {
  return typeof flag === "number" ? flag : flag === false ? null : undefined;
}

/** Fields without those that are undefined. */
function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>;
  };
}
