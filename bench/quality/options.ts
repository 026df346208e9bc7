import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** One task: a file to learn from and one to measure on. */
export interface Task {
  readonly name: string;
  readonly train: string;
  readonly dev: string;
}

/** What to measure, from the command line. */
export interface QualityOptions {
  readonly tasks: readonly Task[];
  readonly seeds: readonly number[];
  readonly columns: readonly [number, number];
  readonly text: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly training: Readonly<Record<string, unknown>>;
  readonly beam: number;
  readonly sample: number;
  readonly jobs: number;
  readonly name: string;
  readonly json: string | null;
}

export const USAGE = `usage: npm run bench:quality -- (FOLDER | --train FILE --dev FILE) [options]

  FOLDER                 of NAME_train.tsv and NAME_dev.tsv, one task each
  --tasks ice,gre        some of them
  --train F --dev F      one task
  --columns 1,2          of source and target
  --seeds 1,2,3          a model for each; several are an ensemble too
  --text JSON            as of TextOptions, e.g. '{"targetTokens":"spaces"}'
  --config JSON          as of ModelConfig, where it is not to be the default
  --training JSON        as of TrainOptions, where it is not to be the default
  --beam 4               also measured with so many hypotheses
  --sample 1000          most dev pairs to measure on after each epoch
  --jobs ${availableParallelism()}               models at a time, one thread each
  --name NAME            for the table, and for the models in bench/.cache/quality/NAME
  --json FILE            write the results there`;

/** @throws TypeError for an option that does not exist, or a folder without tasks */
export function readQualityOptions(args: readonly string[]): QualityOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tasks: { type: "string" },
      train: { type: "string" },
      dev: { type: "string" },
      columns: { type: "string", default: "1,2" },
      seeds: { type: "string", default: "1,2,3" },
      text: { type: "string", default: "{}" },
      config: { type: "string", default: "{}" },
      training: { type: "string", default: "{}" },
      beam: { type: "string", default: "4" },
      sample: { type: "string", default: "1000" },
      jobs: { type: "string", default: String(availableParallelism()) },
      name: { type: "string", default: "models" },
      json: { type: "string" },
    },
  });
  const { train, dev } = values;
  const given = train !== undefined && dev !== undefined ? [{ name: "dev", train, dev }] : [];
  const [folder] = positionals;
  const tasks = folder === undefined ? given : tasksIn(folder, values.tasks?.split(","));
  if (tasks.length === 0) throw new TypeError("no task: a folder of them, or --train and --dev");
  const [source = 1, target = 2] = values.columns.split(",").map(Number);
  return {
    tasks,
    seeds: values.seeds.split(",").map(Number),
    columns: [source, target],
    text: JSON.parse(values.text),
    config: JSON.parse(values.config),
    training: JSON.parse(values.training),
    beam: Number(values.beam),
    sample: Number(values.sample),
    jobs: Number(values.jobs),
    name: values.name,
    json: values.json ?? null,
  };
}

function tasksIn(folder: string, wanted: readonly string[] | undefined): Task[] {
  const names = readdirSync(folder)
    .map((file) => /^(.+)_train\.tsv$/.exec(file)?.[1])
    .filter((name) => name !== undefined);
  return names
    .filter((name) => wanted?.includes(name) ?? true)
    .map((name) => {
      const file = (part: string): string => join(folder, `${name}_${part}.tsv`);
      return { name, train: file("train"), dev: file("dev") };
    })
    .filter(({ dev }) => existsSync(dev))
    .sort((a, b) => a.name.localeCompare(b.name));
}
