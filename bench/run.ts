/**
 * heed against what this machine can do at most and against its peers: TimeAttention forward + backward
 * at the shapes every comparison uses, a training step of the date model, decoding, start, download.
 * Every contender is a process of its own; its results are held against the float64 definition first,
 * and all are timed in turn.
 *
 *     npm run bench             heed, the ceilings, and numpy where it is installed
 *     npm run bench:peers       with every peer
 *     npm run bench -- --help
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { CACHE } from "./cache.ts";
import { contenders, nodeVersion, startAll } from "./contenders.ts";
import { formatJson } from "./json.ts";
import { dayAndMachine } from "./machine.ts";
import { measureShape } from "./measure-attention.ts";
import { openCeilings } from "./measure-ceilings.ts";
import { measureDownload } from "./measure-download.ts";
import { measureStart } from "./measure-start.ts";
import { measureTraining } from "./measure-training.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { formatResults } from "./print.ts";
import type { AttentionResult, CeilingResult, ModelResult, Results } from "./results.ts";

async function main(options: Options): Promise<Results> {
  const { list, absent } = contenders(options);
  const details: Record<string, string> = {};
  const running = await startAll(list, absent, details);
  const ceilings = await openCeilings(options, absent);
  const attention: AttentionResult[] = [];
  const measured: CeilingResult[] = [];
  let training: readonly ModelResult[] = [];
  const wants = (part: string): boolean => !options.skip.includes(part);
  if (wants("attention")) {
    for (const shape of options.shapes) {
      progress(`shape ${shape}`);
      const found = await measureShape(shape, running, ceilings, options);
      attention.push(...found.attention);
      measured.push(...found.ceilings);
    }
  }
  if (wants("training")) {
    progress("training");
    training = await measureTraining(running, ceilings, options);
  }
  for (const { child } of [
    ...running,
    ...ceilings.flatMap(({ children }) => children.map((child) => ({ child }))),
  ]) {
    child.close();
  }
  progress("start and download");
  const start = wants("start") ? measureStart(options, absent) : [];
  const download = wants("download") ? await measureDownload(absent) : null;
  return {
    ...dayAndMachine(),
    cores: cpus().length,
    command: commandOf(options),
    details,
    absent,
    ceilings: measured,
    attention,
    training,
    start,
    download,
  };
}

/** The command as another would give it, on whose machine Node lies elsewhere. */
function commandOf({ peers, node, alsoNode, rounds, seconds }: Options): string {
  const nodes = [
    `--node <${nodeVersion(node)}>`,
    ...alsoNode.map((path) => `--also-node <${nodeVersion(path)}>`),
  ];
  const script = peers ? "bench:peers" : "bench";
  return `npm run ${script} -- ${nodes.join(" ")} --rounds ${rounds} --seconds ${seconds}`;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

if (process.argv.includes("--help")) {
  console.log(USAGE);
} else {
  const options = readOptions(process.argv.slice(2));
  const results = await main(options);
  const file = options.json ?? join(CACHE, "latest.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, formatJson(results));
  console.log(formatResults(results));
}
