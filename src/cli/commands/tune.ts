import { mkdir, readdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { Command, type Option } from "commander";
import { Stop, UsageError } from "../errors.ts";
import { allotment } from "../jobs/allotment.ts";
import { openJobsDisplay } from "../jobs/display.ts";
import { type GivenWords, givenWords } from "../jobs/given-words.ts";
import { JobPool } from "../jobs/job-pool.ts";
import { number, POSITIVE } from "../numbers.ts";
import { count, duration } from "../output.ts";
import { checkFeatures } from "../text-flags.ts";
import type { TrainFlags } from "../train-flags.ts";
import { readTrainingData } from "../training-data.ts";
import { type Choice, parseGrid } from "../tune/grid.ts";
import { checkBudget, roundSizes, runTrials } from "../tune/halving.ts";
import { report } from "../tune/report.ts";
import { newTrial, ranked } from "../tune/trial.ts";
import { trainCommand } from "./train.ts";

/** Flags of `heed train` that are about files, or that this command sets itself. */
const NOT_TAKEN = [
  "out",
  "run",
  "overwrite",
  "resume",
  "checkpoint-every",
  "max-seconds",
  "ensemble",
];
/** The groups of flags of which several values can be tried, by how their headings begin. */
const TRIED = /^(Model|Training)\b/;

interface TuneFlags extends TrainFlags {
  readonly grid: string;
  readonly budget: number;
  readonly dir: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  heed tune pairs.tsv --grid 'hidden=128,256 dropout=0.2,0.4' --budget 600
  heed tune pairs.tsv --grid 'rate=0.001,0.002,0.004' --budget 300 --epochs 20 --json
  heed plot tune --over seconds                 the curves of all of them in one picture

A grid is the names of flags without dashes, each with the values to try; the other flags hold for all.
Every combination trains for a while, as many side by side as there are cores; then the better half
goes on, and so forth until two are left (successive halving), for --budget seconds in all.
Ctrl-C prints the table as far as it has come.`;

/** `heed tune`: which settings are worth a full training. */
export function tuneCommand(): Command {
  const command = new Command("tune")
    .summary("try a small grid of settings within a time")
    .description("Try every combination of a few settings within a time, and say which does best.")
    .argument("<pairs.tsv>", "pairs to learn from")
    .requiredOption("--grid <settings>", "what to try, such as 'hidden=128,256 dropout=0.2,0.4'")
    .requiredOption("--budget <seconds>", "time for all together", number("--budget", POSITIVE))
    .option("--dir <folder>", "where the runs are kept, new or empty", "tune")
    .option("--json", "print the table as JSON")
    .addHelpText("after", EXAMPLES);
  for (const option of trainCommand().options) {
    if (!NOT_TAKEN.includes(option.name())) command.addOption(option);
  }
  const given = givenWords(command);
  return command.action((path: string, flags: TuneFlags) => tune(path, flags, command, given));
}

async function tune(
  path: string,
  flags: TuneFlags,
  command: Command,
  given: GivenWords,
): Promise<void> {
  const choices = parseGrid(flags.grid, command.options.filter(canBeTried));
  refuseBoth(choices[0]!, given);
  const cores = flags.threads ?? availableParallelism();
  checkBudget(flags.budget, choices.length, cores);
  checkFeatures(flags);
  await readTrainingData(path, flags.dev, flags); // what is wrong with it is said once, here
  await makeFolder(flags.dir);

  const own = ["grid", "budget", "dir", "json", "quiet", "threads"];
  const words = [...given].flatMap(([name, typed]) => (own.includes(name) ? [] : typed));
  // Seeds are compared on the same pairs.
  if (flags.splitSeed === undefined && "seed" in choices[0]!.settings) {
    words.push("--split-seed", String(flags.seed));
  }
  const display = openJobsDisplay(flags.quiet ?? false);
  const pool = new JobPool(display);
  const rounds = roundSizes(choices.length).length;
  display.say(
    `${count(choices.length)} combinations, ${allotment(choices.length, cores).sideBySide} at a time, ` +
      `in ${count(rounds)} ${rounds === 1 ? "round" : "rounds"}; ${duration(flags.budget)} in all`,
  );
  const trials = await runTrials(
    choices.map((choice) => newTrial(choice, flags.dir)),
    {
      pool,
      budget: flags.budget,
      cores,
      wordsOf: ({ run, rounds, choice }) =>
        rounds > 0
          ? ["--resume", run]
          : [path, ...words, ...choice.words, "--run", run, "--out", `${run}.safetensors`],
    },
  );
  pool.close();
  const call = ["heed", "train", path, ...words];
  await report(ranked(trials), ({ choice }) => [...call, ...choice.words], flags.json ?? false);
  if (pool.exitCode !== 0) throw new Stop(pool.exitCode);
}

function canBeTried({ helpGroupHeading }: Option): boolean {
  return TRIED.test(helpGroupHeading ?? "");
}

/** A setting is either tried or given. */
function refuseBoth({ settings }: Choice, given: GivenWords): void {
  const names = Object.keys(settings);
  const both = names.find((name) => given.has(name) || given.has(`no-${name}`));
  if (both === undefined) return;
  throw new UsageError({
    where: "--grid",
    expected: "settings that no other flag sets",
    received: `${both}, and ${(given.get(both) ?? given.get(`no-${both}`))?.join(" ")}`,
  });
}

async function makeFolder(path: string): Promise<void> {
  const refuse = (received: string, fix: string): UsageError =>
    new UsageError({ where: `--dir ${path}`, expected: "a new or empty folder", received, fix });
  const found = await stat(path).catch(() => null);
  if (found !== null && !found.isDirectory()) throw refuse("a file", "name another");
  if (found !== null && (await readdir(path)).length > 0) {
    throw refuse("one with files in it", "name another, or remove it");
  }
  const above = dirname(resolve(path));
  if (!(await stat(above).catch(() => null))?.isDirectory()) {
    throw refuse(`no folder ${above}`, "create it first");
  }
  await mkdir(path, { recursive: true });
}
