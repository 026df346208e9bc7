/**
 * How good models get: trains one for each task and seed, several at a time, and prints word error rates on
 * dev, of single models and of all seeds together. See README.md of this folder's parent.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AttentionSeq2seq, Ensemble, evaluate } from "heed";
import { CACHE } from "../cache.ts";
import { formatJson } from "../json.ts";
import { dayAndMachine } from "../machine.ts";
import { type Job, type JobResult, readPairs } from "./job.ts";
import { type QualityOptions, readQualityOptions, type Task, USAGE } from "./options.ts";

interface Row extends JobResult {
  readonly task: string;
  readonly seed: number;
}

interface EnsembleRow {
  readonly task: string;
  readonly models: number;
  readonly wordErrors: number;
  readonly beamWordErrors: number;
}

const options = readOptions();
const folder = join(CACHE, "quality", options.name);
mkdirSync(folder, { recursive: true });
const modelOf = (task: Task, seed: number): string =>
  join(folder, `${task.name}.${seed}.safetensors`);
const rows: Row[] = [];
const todo = options.tasks.flatMap((task) => options.seeds.map((seed) => ({ task, seed })));
await Promise.all(Array.from({ length: options.jobs }, work));
const ensembles: EnsembleRow[] = [];
if (options.seeds.length > 1)
  for (const task of options.tasks) ensembles.push(await together(task));
report();

function readOptions(): QualityOptions {
  try {
    return readQualityOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Takes one model after the other until there are none left. */
async function work(): Promise<void> {
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    const { task, seed } = next;
    const { columns, text, config, training, beam, sample } = options;
    const { train, dev } = task;
    const model = modelOf(task, seed);
    const result = await trainOne({
      train,
      dev,
      columns,
      text,
      config,
      training,
      seed,
      beam,
      sample,
      model,
    });
    rows.push({ task: task.name, seed, ...result });
    const { wordErrors, beamWordErrors, bestEpoch, epochs, seconds } = result;
    console.error(
      `${task.name} seed ${seed}: ${wordErrors.toFixed(1)} (beam ${beamWordErrors.toFixed(1)}), ` +
        `of distinct sources ${result.sourceErrors.toFixed(1)}, ` +
        `epoch ${bestEpoch} of ${epochs}, ${seconds.toFixed(0)} s; ${todo.length} to go`,
    );
  }
}

/** One model, in a process of its own. */
function trainOne(job: Job): Promise<JobResult> {
  const script = fileURLToPath(new URL("job.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`${job.train}, seed ${job.seed}: exit code ${code}`));
    });
  });
}

/** All seeds of a task as one. */
async function together(task: Task): Promise<EnsembleRow> {
  const models = options.seeds.map((seed) => {
    return AttentionSeq2seq.fromBytes(readFileSync(modelOf(task, seed)));
  });
  const ensemble = new Ensemble(models);
  const dev = readPairs(task.dev, options.columns);
  const greedy = await evaluate(ensemble, dev);
  const beam = await evaluate(ensemble, dev, { beam: options.beam });
  for (const model of models) model.dispose();
  return {
    task: task.name,
    models: models.length,
    wordErrors: 100 * (1 - greedy.exactMatch),
    beamWordErrors: 100 * (1 - beam.exactMatch),
  };
}

function report(): void {
  const mean = (numbers: readonly number[]): number =>
    numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const range = (numbers: readonly number[]): string =>
    `${mean(numbers).toFixed(1)} (${Math.min(...numbers).toFixed(1)}–${Math.max(...numbers).toFixed(1)})`;
  const last = options.seeds.length > 1 ? ` ${options.seeds.length} models, beam |` : "";
  console.log(`| ${options.name} | WER | WER, beam ${options.beam} | s |${last}`);
  console.log(`|---|---:|---:|---:|${last === "" ? "" : "---:|"}`);
  const line = (name: string, of: readonly Row[], ensemble: number | undefined): void => {
    const end = ensemble === undefined ? "" : ` ${ensemble.toFixed(1)} |`;
    const [greedy, beam] = [of.map((row) => row.wordErrors), of.map((row) => row.beamWordErrors)];
    const seconds = mean(of.map((row) => row.seconds)).toFixed(0);
    console.log(`| ${name} | ${range(greedy)} | ${range(beam)} | ${seconds} |${end}`);
  };
  for (const { name } of options.tasks) {
    const ensemble = ensembles.find(({ task }) => task === name)?.beamWordErrors;
    line(
      name,
      rows.filter(({ task }) => task === name),
      ensemble,
    );
  }
  const means = options.seeds.map((seed) => meanRow(rows.filter((row) => row.seed === seed)));
  const all = ensembles.length === 0 ? undefined : mean(ensembles.map((e) => e.beamWordErrors));
  if (options.tasks.length > 1) line("mean", means, all);
  if (options.json === null) return;
  const { tasks: _, json, ...settings } = options;
  writeFileSync(json, formatJson({ ...dayAndMachine(), settings, rows, ensembles }));

  function meanRow(of: readonly Row[]): Row {
    const [first] = of as [Row];
    return {
      ...first,
      wordErrors: mean(of.map((row) => row.wordErrors)),
      beamWordErrors: mean(of.map((row) => row.beamWordErrors)),
      seconds: mean(of.map((row) => row.seconds)),
    };
  }
}
