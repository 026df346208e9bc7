import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import {
  type AttentionSeq2seq,
  Ensemble,
  evaluate,
  type Pair,
  type Transducer,
} from "../../index.ts";
import { Stop, WorkError } from "../errors.ts";
import { checkOutput } from "../files.ts";
import { allotment } from "../jobs/allotment.ts";
import { openJobsDisplay } from "../jobs/display.ts";
import type { GivenWords } from "../jobs/given-words.ts";
import { type Job, JobPool } from "../jobs/job-pool.ts";
import { readModel, searchOf } from "../models.ts";
import { chooseDevice } from "../options.ts";
import { count, pairCount, percent, print } from "../output.ts";
import { readDescription } from "../run/description.ts";
import { DESCRIPTION_NAME, quoted } from "../run/run-directory.ts";
import { checkFeatures } from "../text-flags.ts";
import type { TrainFlags } from "../train-flags.ts";
import { type DataFlags, readTrainingData } from "../training-data.ts";
import { createEnsemble, type Member, memberPath, memberRun, readEnsemble } from "./members.ts";

/** Flags that are about all members together, or that each has a value of its own for. */
const OWN = "ensemble seed split-seed dev out run overwrite resume threads quiet".split(" ");

/** A call of `heed train`, as it was typed and as it was read. */
export interface EnsembleCall {
  readonly flags: TrainFlags;
  readonly given: GivenWords;
}

/**
 * `heed train --ensemble k`: trains models that differ in their seed alone, side by side, each with a run
 * of its own, and measures them.
 *
 * @param folder the directory of the runs
 */
export async function trainEnsemble(
  path: string,
  folder: string,
  size: number,
  { flags, given }: EnsembleCall,
): Promise<void> {
  const { dev, out, seed, splitSeed = seed } = flags;
  checkFeatures(flags);
  const inputs = dev === undefined ? [path] : [path, dev];
  for (let i = 1; i <= size; i++) await checkOutput("--out", memberPath(out, i), inputs);
  const data = await readTrainingData(path, dev, flags);
  const shared = [
    ...passedOn(given),
    ...["--split-seed", String(splitSeed)],
    ...(dev === undefined ? [] : ["--dev", resolve(dev)]),
  ];
  const members = Array.from({ length: size }, (_, i): Member => {
    const own = (seed + i) % 2 ** 32;
    const name = `seed-${own}`;
    const model = resolve(memberPath(out, i + 1));
    const words = ["--seed", String(own), "--out", model, "--run", resolve(folder, name)];
    return { name, out: model, words: [resolve(path), ...shared, ...words] };
  });
  await createEnsemble(folder, members, flags.overwrite ?? false);
  const facts = `${pairCount(data.pairs.length)} to learn from, ${count(data.dev.length)} to measure on`;
  const failed = await train(folder, members, { flags, given }, facts);
  await measure(members, failed, data.dev, flags, searchOf(flags));
}

/** `heed train --resume` of an ensemble: goes on with every run that has not come to its end. */
export async function resumeEnsemble(folder: string, call: EnsembleCall): Promise<void> {
  const members = await readEnsemble(folder);
  const failed = await train(folder, members, call, `going on with ${folder}`);
  const trained = members.find(({ name }) => !failed.has(name));
  if (trained === undefined) throw someFailed(members, failed);
  const { pairs, dev, flags } = await readDescription(descriptionPath(folder, trained));
  const data = await readTrainingData(pairs.path, dev?.path, { seed: 0, ...flags } as DataFlags);
  await measure(members, failed, data.dev, call.flags, searchOf(flags));
}

function passedOn(given: GivenWords): string[] {
  return [...given].flatMap(([name, typed]) => (OWN.includes(name) ? [] : typed));
}

function descriptionPath(folder: string, member: Member): string {
  return join(memberRun(folder, member), DESCRIPTION_NAME);
}

/** Trains what has not been trained yet, and gives the reasons of those that failed, by name. */
async function train(
  folder: string,
  members: readonly Member[],
  { flags, given }: EnsembleCall,
  facts: string,
): Promise<ReadonlyMap<string, string>> {
  const cores = flags.threads ?? availableParallelism();
  const { sideBySide, threads } = allotment(members.length, cores);
  const display = openJobsDisplay(flags.quiet ?? false);
  display.say(`${facts}; ${count(members.length)} models, ${count(sideBySide)} at a time`);
  const pool = new JobPool(display);
  const jobs: Job[] = [];
  for (const member of members) {
    const isBegun = await readDescription(descriptionPath(folder, member)).catch(() => null);
    const words =
      isBegun === null ? member.words : ["--resume", memberRun(folder, member), ...passedOn(given)];
    const name = member.name;
    jobs.push({ name, words: ["train", ...words, "--threads", String(threads), "--quiet"] });
  }
  const outcomes = await pool.run(jobs, sideBySide);
  pool.close();
  if (pool.exitCode !== 0) {
    const resume = `heed train --resume ${quoted(folder)}`;
    if (!flags.quiet) process.stderr.write(`heed: interrupted; ${resume} goes on\n`);
    throw new Stop(pool.exitCode);
  }
  const failed = outcomes.filter(({ ended }) => ended === "failed");
  return new Map(failed.map(({ name, reason }) => [name, reason ?? ""]));
}

/** Prints how the models do on the pairs to measure on, alone and together. @throws WorkError when some could not be trained */
async function measure(
  members: readonly Member[],
  failed: ReadonlyMap<string, string>,
  dev: readonly Pair[],
  flags: TrainFlags,
  search: ReturnType<typeof searchOf>,
): Promise<void> {
  await chooseDevice(flags);
  const models: AttentionSeq2seq[] = [];
  const tell = async (what: string, by: Transducer): Promise<void> => {
    const { exactMatch, symbolErrorRate } = await evaluate(by, dev, search);
    const errors = percent(symbolErrorRate);
    await print(`${what}: exact match ${percent(exactMatch)}, symbol errors ${errors}\n`);
  };
  for (const { name, out } of flags.quiet ? [] : members) {
    if (failed.has(name)) continue;
    const model = await readModel(out);
    models.push(model);
    await tell(relative(process.cwd(), out), model);
  }
  if (models.length > 1) await tell(`all ${count(models.length)} together`, new Ensemble(models));
  if (failed.size > 0) throw someFailed(members, failed);
}

function someFailed(members: readonly Member[], failed: ReadonlyMap<string, string>): WorkError {
  const [first] = failed;
  return new WorkError({
    where: `${count(members.length)} models`,
    expected: "all of them to be trained",
    received: `${count(failed.size)} that failed, ${first?.join(": ")}`,
  });
}
