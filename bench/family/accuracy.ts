/**
 * How far float32 results are from the truth: heed's builds and PyTorch's scaled_dot_product_attention on
 * the same inputs, held against PyTorch in float64. Writes results/accuracy.json; with some lengths alone,
 * the others in it stay.
 *
 *     npm run accuracy --prefix bench [-- --parts 16,64,256,1024,4096 --node PATH]
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENCH, CACHE } from "../cache.ts";
import { Child, type Command } from "../child.ts";
import { nodeCommand, nodeVersion, pythonEnvironment } from "../contenders.ts";
import { formatJson } from "../json.ts";
import { dayAndMachine } from "../machine.ts";
import { type Options, readOptions } from "../options.ts";
import { findPython } from "../python.ts";
import { ACCURACY_CALLS } from "./calls.ts";
import type { AccuracyPoint, AccuracyRun } from "./results.ts";
import { eachError, inputsOf } from "./truth.ts";

const FILE = join(BENCH, "results/accuracy.json");

interface Judged {
  readonly who: string;
  readonly way: string;
  readonly command: Command;
}

function everybody({ node }: Options, python: string): Judged[] {
  const heed = (who: string, ...args: string[]): Judged => ({
    who,
    way: "heads first",
    command: nodeCommand(node, "heed.ts", args),
  });
  return [
    heed("heed native", "native", "1"),
    heed("heed wasm relaxed", "wasm", "1", "relaxed"),
    heed("heed wasm simd128", "wasm", "1", "simd128"),
    {
      who: "PyTorch",
      way: "scaled_dot_product_attention, heads first",
      command: pythonCommand(python, "torch_peer.py", "1"),
    },
  ];
}

function pythonCommand(python: string, script: string, ...args: string[]): Command {
  const file = join(BENCH, "contenders", script);
  return { file: python, args: [file, ...args], env: pythonEnvironment(1) };
}

async function main(options: Options): Promise<AccuracyRun> {
  const found = findPython(true);
  if ("reason" in found) throw new Error(found.reason);
  const truth = await Child.start(pythonCommand(found.python, "torch_truth.py"));
  const running: (Judged & { child: Child })[] = [];
  for (const each of everybody(options, found.python)) {
    running.push({ ...each, child: await Child.start(each.command) });
  }
  const { parts } = options;
  const calls = ACCURACY_CALLS.filter(
    ({ steps }) => parts.length === 0 || parts.includes(String(steps)),
  );
  const points: AccuracyPoint[] = [];
  const results = join(CACHE, "accuracy");
  for (const call of calls) {
    process.stderr.write(`${call.name}\n`);
    const make = async (child: Child, only: string): Promise<string> => {
      const request = { do: "family", call, inputs: await inputsOf(call), only };
      const { ways } = await child.ask({ ...request, results: `${results}-${only}` });
      await child.ask({ do: "release" });
      const [made] = ways as { results?: string; failed?: string }[];
      if (made?.results === undefined) throw new Error(`${call.name}: ${made?.failed}`);
      return made.results;
    };
    const expected = await make(truth, "float64");
    for (const { who, way, child } of running) {
      const actual = await make(child, way);
      const { steps, size, logits = 1, causal = false } = call;
      const errors = eachError(call, actual, expected);
      points.push({ T: steps, size, logits, causal, who, errors });
      rmSync(actual);
    }
    rmSync(expected);
  }
  for (const { child } of [...running, { child: truth }]) child.close();
  const kept = existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, "utf8")) as AccuracyRun).points
    : [];
  const others = kept.filter(({ T }) => !calls.some(({ steps }) => steps === T));
  return {
    ...dayAndMachine(),
    command: `npm run accuracy --prefix bench -- --node <${nodeVersion(options.node)}>`,
    details: running.map(({ child }) => [child.hello["name"], child.hello["details"]].join(", ")),
    points: [...others, ...points].toSorted((a, b) => a.T - b.T),
  };
}

writeFileSync(FILE, formatJson(await main(readOptions(process.argv.slice(2)))));
