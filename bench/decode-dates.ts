/**
 * How long it takes to decode many dates greedily: heed, onnxruntime running what `heed export` wrote, and PyTorch
 * with the same numbers. All must write the same, then all are timed in turn.
 *
 *     npx heed demo --out dates.safetensors
 *     npm run bench:decoding -- dates.safetensors dates.tsv [--texts 100000] [--rounds 3] [--threads 2] [--python]
 *
 * The TSV's first column has the dates; they come as often as it takes. onnxruntime takes part where it is installed
 * (npm ci --prefix bench --ignore-scripts), PyTorch where --python finds or makes bench/.venv.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BENCH, CACHE, writeCached } from "./cache.ts";
import { Child, type Command } from "./child.ts";
import { nodeCommand, reasonOf } from "./contenders.ts";
import { findPython } from "./python.ts";
import { median, medianRatio } from "./statistics.ts";

/** Texts at once, of which each contender uses what suits it best. */
const BATCHES = [64, 256, 1024];
/** Seconds that a process may take to start: PyTorch reads gigabytes. */
const PATIENCE = 600;
/** Texts to find that out, and to warm up. */
const SAMPLE = 5000;

interface Contender {
  readonly child: Child;
  readonly name: string;
  readonly batch: number;
  readonly rounds: number[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    texts: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: String(availableParallelism()) },
    python: { type: "boolean", default: false },
  },
});
const [model, pairs] = positionals;
if (model === undefined || pairs === undefined) {
  console.error("usage: npm run bench:decoding -- MODEL.safetensors PAIRS.tsv");
  process.exit(2);
}

const folder = join(CACHE, "decoding");
rmSync(join(folder, "onnx"), { recursive: true, force: true });
const texts = repeated(sourcesOf(pairs), Number(values.texts));
const files = {
  sample: writeCached("decoding/sample.json", JSON.stringify(texts.slice(0, SAMPLE))),
  all: writeCached("decoding/all.json", JSON.stringify(texts)),
};
const heed = join(BENCH, "../dist/cli/main.js");
const flags = ["--onnx", join(folder, "onnx"), "--npz", join(folder, "model.npz")];
execFileSync(process.execPath, [heed, "export", model, ...flags]);

const contenders: Contender[] = [];
/** What the first contender writes of the sample. */
let truth: readonly string[] | null = null;
for (const [name, command] of commands(model, values.threads, values.python)) {
  const refused = await take(name, command).catch(reasonOf);
  if (refused !== null) console.log(`absent: ${name}: ${refused}`);
}
for (let round = 0; round < Number(values.rounds); round++) {
  for (const contender of contenders) {
    const { seconds } = await ask(contender.child, files.all, contender.batch, "all-made.json");
    contender.rounds.push(seconds);
  }
}
console.log(
  `\n${texts.length} dates, ${values.threads} threads, median of ${values.rounds} rounds`,
);
const [ours] = contenders;
for (const { name, batch, rounds, child } of contenders) {
  const ratio = medianRatio(rounds, ours?.rounds ?? []);
  const [seconds, perSecond] = [median(rounds), texts.length / median(rounds)];
  console.log(
    `${name.padEnd(28)} ${seconds.toFixed(2).padStart(8)} s ${perSecond.toFixed(0).padStart(8)} / s` +
      `  ${ratio.toFixed(2).padStart(6)} × the first  (batches of ${batch})`,
  );
  child.close();
}

/** Starts a contender, holds it against the first, and finds its batch; why it has no part, else null. */
async function take(name: string, command: Command): Promise<string | null> {
  const child = await Child.start(command, PATIENCE);
  const named = String(child.hello["name"] ?? name);
  const times = new Map<number, number>();
  for (const batch of BATCHES) {
    const { seconds, outputs } = await ask(child, files.sample, batch, "sample-made.json");
    const wrong = differences(outputs);
    if (wrong > 0) return `${wrong} of ${outputs.length} outputs are others than the first's`;
    times.set(batch, seconds);
  }
  const [best = BATCHES[0]!] = [...times.keys()].toSorted((a, b) => times.get(a)! - times.get(b)!);
  contenders.push({ child, name: named, batch: best, rounds: [] });
  return null;
}

function differences(outputs: readonly string[]): number {
  truth ??= outputs;
  return outputs.filter((output, i) => output !== truth?.[i]).length;
}

async function ask(child: Child, textsFile: string, batch: number, name: string) {
  const outputsFile = writeCached(`decoding/${name}`, "[]");
  const { seconds } = await child.ask({ texts: textsFile, outputs: outputsFile, batch });
  const outputs = JSON.parse(readFileSync(outputsFile, "utf8")) as string[];
  return { seconds: Number(seconds), outputs };
}

function commands(file: string, threads: string, withPython: boolean): [string, Command][] {
  const node = (script: string, ...args: string[]): Command =>
    nodeCommand(process.execPath, script, [...args, threads]);
  const list: [string, Command][] = [
    ...["native", "wasm"].map((device): [string, Command] => {
      return [`heed ${device}`, node("decode-heed.ts", file, device)];
    }),
    ...["onnxruntime-node", "onnxruntime-web"].map((name): [string, Command] => {
      return [name, node("decode-onnx.ts", join(folder, "onnx"), name)];
    }),
  ];
  const found = findPython(withPython);
  if ("reason" in found) {
    console.log(`absent: PyTorch: ${found.reason}`);
    return list;
  }
  const script = join(BENCH, "contenders/decode_torch.py");
  const args = [script, join(folder, "model.npz"), threads];
  list.push(["PyTorch", { file: found.python, args, env: process.env }]);
  return list;
}

function sourcesOf(file: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return [...new Set(lines.map((line) => line.split("\t")[0] ?? "").filter((text) => text !== ""))];
}

function repeated(list: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, i) => list[i % list.length] ?? "");
}
