import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Command } from "commander";
import {
  AttentionSeq2seq,
  currentDevice,
  DataError,
  DeviceError,
  defaultConfig,
  defaultText,
  defaultTraining,
  evaluate,
  type Pair,
  Trainer,
} from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { likelyCause } from "../divergence.ts";
import { isEnsemble } from "../ensemble/members.ts";
import { resumeEnsemble, trainEnsemble } from "../ensemble/train-ensemble.ts";
import { complain, describeSystemError, Stop, UsageError, WorkError } from "../errors.ts";
import { checkOutput } from "../files.ts";
import { givenWords } from "../jobs/given-words.ts";
import { parentProcess } from "../jobs/parent.ts";
import { searchOf } from "../models.ts";
import { chooseDevice, withComputeOptions } from "../options.ts";
import { count, duration, pairCount, percent, print } from "../output.ts";
import { openProgress } from "../progress.ts";
import { checkUnchanged, describeInput, isOver } from "../run/description.ts";
import { checkRunDirectory, quoted, RunDirectory } from "../run/run-directory.ts";
import { checkFeatures, targetAdvice, textOptions } from "../text-flags.ts";
import {
  modelFlags,
  RESUME_FLAGS,
  rememberedFlags,
  type TrainFlags,
  trainingFlags,
  withTrainFlags,
} from "../train-flags.ts";
import { readTrainingData, type TrainingData } from "../training-data.ts";
import { type Best, runTraining, type TrainingOutcome } from "../training-run.ts";

const EXAMPLES = `
Examples:
  heed train dates.tsv                          learn, and write model.safetensors
  heed train words.tsv --target-tokens spaces   targets are words or phonemes, with spaces between
  heed train big.tsv --dev dev.tsv --max-seconds 600 --out big.safetensors
  heed train table.tsv --columns 3,1            from the third column to the first
  heed train pairs.tsv --ensemble 5             model.1.safetensors to model.5.safetensors, side by side
  heed train --resume model.run                 go on where a run was stopped or killed

A file of pairs is UTF-8 with one pair a line, source and target with a tab between.
Sizes and speeds that are not given are chosen by the number of pairs (--verbose says which).
The model that does best on the held-out pairs is the one that is kept.
Ctrl-C ends training after the step at hand, keeps the best so far, and says how to go on.`;

/** `heed train`: pairs in, model file out. */
export function trainCommand(): Command {
  const command = new Command("train")
    .summary("learn from a file of pairs")
    .description("Train a model on a file of pairs and write the best one found.")
    .argument("[pairs.tsv]", "pairs to learn from");
  withTrainFlags(command).optionsGroup("Computing:");
  withComputeOptions(command).addHelpText("after", EXAMPLES);
  const given = givenWords(command);
  return command.action(async (path: string | undefined, flags: TrainFlags) => {
    const { resume, ensemble } = flags;
    if (resume !== undefined) {
      refuseOthers(resume, path, flags, command);
      if (await isEnsemble(resume)) await resumeEnsemble(resume, { flags, given });
      else await conclude(await goOn(resume, flags, command));
      return;
    }
    const pairs = path ?? missingPairs(command);
    if (ensemble === undefined) await conclude(await begin(pairs, flags));
    else await trainEnsemble(pairs, runPathOf(flags), ensemble, { flags, given });
  });
}

/** Where a run is kept. */
function runPathOf({ run, out }: TrainFlags): string {
  return run ?? `${out.replace(/\.safetensors$/, "")}.run`;
}

/** A run that is ready to train. */
interface Job {
  readonly path: string;
  readonly flags: TrainFlags;
  readonly data: TrainingData;
  readonly trainer: Trainer;
  readonly run: RunDirectory;
  readonly best: Best | null;
  readonly secondsBefore: number;
}

function missingPairs(command: Command): never {
  return command.error("error: missing required argument 'pairs.tsv'");
}

async function begin(path: string, flags: TrainFlags): Promise<Job> {
  const { dev, out, seed } = flags;
  checkFeatures(flags);
  await checkOutput("--out", out, dev === undefined ? [path] : [path, dev]);
  const runPath = runPathOf(flags);
  await checkRunDirectory(runPath, flags.overwrite ?? false);
  const data = await readTrainingData(path, dev, flags);
  await chooseDevice(flags);

  const { pairs } = data;
  const text = defaultText(pairs, textOptions(flags));
  const { model, config, training } = asked(() => {
    const config = defaultConfig(pairs, { ...modelFlags(flags), ...text });
    const training = defaultTraining(pairs, trainingFlags(flags), config);
    return {
      model: AttentionSeq2seq.fromPairs(pairs, config, { seed, ...text }),
      config,
      training,
    };
  });
  const trainer = new Trainer(model, pairs, training);
  const description = {
    pairs: await describeInput(path),
    dev: dev === undefined ? null : await describeInput(dev),
    out: resolve(out),
    flags: rememberedFlags(flags),
    text,
    config,
    training,
    ended: null,
  };
  const run = await RunDirectory.create(runPath, description, flags.checkpointEvery);
  const job = { path, flags, data, trainer, run, best: null, secondsBefore: 0 };
  announce(job);
  run.log.write({ type: "start", ...facts(job), text, config, training });
  return job;
}

/** Flags that do not go together make a wrong call. */
function asked<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    const { expected, received, fix } = cause;
    const facts = { where: "train", expected, received, ...(fix === undefined ? {} : { fix }) };
    throw new UsageError(facts, { cause });
  }
}

/** A run has its own pairs and flags. */
function refuseOthers(
  runPath: string,
  path: string | undefined,
  call: TrainFlags,
  command: Command,
): void {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const [other] = Object.keys(call).filter(
    (name) => isGiven(name) && !RESUME_FLAGS.some((each) => each === name),
  );
  if (path !== undefined || other !== undefined) {
    throw new UsageError({
      where: `--resume ${runPath}`,
      expected: "no pairs and no flags but those of a call, since the run has its own",
      received:
        path ?? `--${(other ?? "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    });
  }
}

async function goOn(runPath: string, call: TrainFlags, command: Command): Promise<Job> {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const given = Object.fromEntries(Object.entries(call).filter(([name]) => isGiven(name)));
  const every = isGiven("checkpointEvery") ? call.checkpointEvery : undefined;
  const run = await RunDirectory.open(runPath, every);
  const { description } = run;
  const out = shown(description.out);
  const flags = { ...description.flags, ...given, out } as TrainFlags;
  refuseEnded(run, out, flags);
  const inputs = [description.pairs, ...(description.dev === null ? [] : [description.dev])];
  for (const input of inputs) await checkUnchanged(input);
  await checkOutput(
    "--out",
    out,
    inputs.map((input) => input.path),
  );
  const { pairs: from, dev } = description;
  const data = await readTrainingData(from.path, dev?.path, flags);
  await chooseDevice(flags);

  const { config, text, training } = description;
  const { pairs } = data;
  const model = AttentionSeq2seq.fromPairs(pairs, config, { seed: flags.seed, ...text });
  const trainer = new Trainer(model, pairs, training);
  const found = await run.checkpoints.newest();
  if (found !== null) trainer.restore(found.state);
  if (found?.refusal) complain(`warning: ${found.refusal.message}; the checkpoint before is whole`);
  const best = await bestOf(run, trainer);
  const secondsBefore = await run.log.rewindTo(trainer.steps);
  await run.reopen();
  const job = { path: shown(from.path), flags, data, trainer, run, best, secondsBefore };
  announce(job);
  run.log.write({ type: "resume", step: trainer.steps, ...facts(job) });
  return job;
}

/** Ends the command where there is nothing to go on with. */
function refuseEnded(
  { description, path, bestPath }: RunDirectory,
  out: string,
  flags: TrainFlags,
): void {
  const { ended } = description;
  if (!isOver(ended)) return;
  if (ended === "diverged") {
    throw new WorkError({
      where: path,
      expected: "a run that can be continued",
      received: "one that has diverged, and would again",
      fix: "begin anew with a lower --rate or a lower --clip",
    });
  }
  const model = existsSync(out) ? out : bestPath; // who moved the former still has the latter
  if (!flags.quiet) process.stderr.write(`${path} has come to its end; ${model} holds its model\n`);
  throw new Stop(0);
}

async function bestOf(run: RunDirectory, trainer: Trainer): Promise<Best | null> {
  const { best } = trainer;
  return best === null ? null : { ...best, bytes: await run.readBest() };
}

/** What the log says of a process that trains. */
function facts({ data, trainer }: Job): Readonly<Record<string, unknown>> {
  return {
    time: new Date().toISOString(),
    pairs: data.pairs.length,
    dev: data.dev.length,
    parameters: trainer.model.parameterCount,
    device: currentDevice().description,
  };
}

function announce({ flags, data, trainer, run }: Job): void {
  if (flags.quiet) return;
  const from = trainer.steps === 0 ? "" : `; goes on after step ${count(trainer.steps)}`;
  process.stderr.write(
    `${pairCount(data.pairs.length)} to learn from, ${count(data.dev.length)} to measure on; ` +
      `${count(trainer.model.parameterCount)} parameters on ${currentDevice().description}${from}\n`,
  );
  const advice = trainer.steps === 0 ? targetAdvice(data.pairs, flags) : null;
  if (advice !== null) complain(advice);
  if (!flags.verbose) return;
  const { config, text, training } = run.description;
  process.stderr.write(`${JSON.stringify({ ...text, ...config, ...training })}\n`);
}

/** A path as it is said to someone who works here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") || near === "" ? path : near;
}

async function conclude(job: Job): Promise<void> {
  const { path, flags, data, trainer, run, best, secondsBefore } = job;
  const keep = (bytes: Uint8Array): Promise<void> => writeFileAtomically(flags.out, bytes);
  const outcome = await runTraining({
    model: trainer.model,
    trainer,
    sample: data.sample,
    progress: parentProcess()?.progress ?? openProgress(flags.quiet ?? false),
    maxSeconds: flags.maxSeconds ?? null,
    goodEnough: Number.POSITIVE_INFINITY,
    keep,
    run,
    best,
    secondsBefore,
  }).catch(async (error: unknown) => {
    if (!(error instanceof DeviceError)) throw notWritten(error, run);
    await run.end("failed", false);
    throw tooLong(path, data.pairs, error);
  });
  // What another process found to be the best may never have come to its place.
  if (outcome.best !== null && outcome.best === best) await keep(best.bytes);
  if (outcome.ended === "diverged") await run.end("diverged", false);
  await report(job, outcome);
  if (outcome.ended === "out of time") await run.end(outcome.ended, false);
  else await run.end(outcome.ended, true);
}

/** Says how it ended; throws where that is an error or an interruption. */
async function report({ flags, data, trainer, run }: Job, outcome: TrainingOutcome): Promise<void> {
  const { best, ended, steps, seconds, last } = outcome;
  const kept =
    best === null
      ? "no model was written"
      : best.exactMatch === null
        ? `${flags.out} holds the model as it stood, not measured yet`
        : `${flags.out} holds the best so far, from epoch ${best.epoch}: ` +
          `exact match ${percent(best.exactMatch)}`;
  const resume = `heed train --resume ${quoted(run.path)}`;
  if (ended === "diverged") {
    const { cause, fix } = likelyCause(trainer, data.pairs, steps, outcome.before);
    const loss = last?.loss ?? Number.NaN;
    throw new WorkError({
      where: `step ${count(steps)} of training`,
      expected: "a finite loss",
      received: Number.isFinite(loss) ? "gradients or parameters that are not" : String(loss),
      fix: `most likely, ${cause}; ${kept}; ${savedIn(run)}; ${fix}`,
    });
  }
  if (ended === "interrupted") {
    if (!flags.quiet) process.stderr.write(`heed: interrupted; ${kept}; to go on: ${resume}\n`);
    throw new Stop(outcome.exitCode);
  }
  if (best === null || flags.quiet) return;
  const search = searchOf(flags);
  const isMeasured = data.dev.length <= data.sample.length && Object.keys(search).length === 0;
  const { exactMatch, symbolErrorRate } =
    isMeasured && best.exactMatch !== null && best.symbolErrorRate !== null
      ? { exactMatch: best.exactMatch, symbolErrorRate: best.symbolErrorRate }
      : await evaluate(AttentionSeq2seq.fromBytes(best.bytes), data.dev, search);
  const why = ended === "finished" ? "" : `, ${ended}`;
  await print(
    `${flags.out}: exact match ${percent(exactMatch)}, symbol errors ${percent(symbolErrorRate)} ` +
      `on ${pairCount(data.dev.length)} (epoch ${best.epoch}, ${duration(seconds)}${why})\n`,
  );
  if (ended === "out of time") process.stderr.write(`to go on: ${resume}\n`);
}

function savedIn(run: RunDirectory): string {
  const { savedStep } = run.checkpoints;
  return savedStep === null
    ? "there is no checkpoint yet"
    : `the last good checkpoint in ${run.path} is of step ${count(savedStep)}`;
}

/** What a full disk and its like keep from being written: says what there is all the same. */
function notWritten(error: unknown, run: RunDirectory): unknown {
  const reason = describeSystemError(error);
  if (reason === null) return error;
  return new WorkError(
    {
      where: run.path,
      form: "statement",
      received: reason,
      expected: savedIn(run),
      fix: `when there is room, go on by heed train --resume ${quoted(run.path)}`,
    },
    { cause: error },
  );
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
