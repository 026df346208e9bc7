/**
 * The whole family of attention: multi-head attention against the peers, what options cost, a window as T
 * grows, a decoding step with a cache, memory. Writes results/family-PART.json; report.ts makes tables.
 *
 *     npm run family --prefix bench -- --parts heads,causal,costs,window,decoding,memory
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { BENCH } from "../cache.ts";
import { contenders, nodeVersion, type Running, startAll } from "../contenders.ts";
import { formatJson } from "../json.ts";
import { dayAndMachine } from "../machine.ts";
import { measureEverybody, wrong } from "../measure-attention.ts";
import { openCeilings } from "../measure-ceilings.ts";
import { type Options, readOptions, USAGE } from "../options.ts";
import type { AttentionResult, CeilingResult, Results, Who } from "../results.ts";
import {
  COST_GROUPS,
  DECODING_CALLS,
  type Group,
  HEADS_CALLS,
  PARTS,
  type PartName,
  WINDOW_GROUPS,
} from "./calls.ts";
import { measureGroup } from "./measure-calls.ts";
import { measureMemory } from "./measure-memory.ts";
import type { CallResult, CallRun, MemoryRun, Provenance } from "./results.ts";
import { errorsOf, inputsOf, truthOf } from "./truth.ts";

/** Who computes calls of the family at all. */
const TAKE_PART = ["heed", "PyTorch", "onnxruntime-node", "onnxruntime-web", "jax-js"];

/** heed's own costs are those of one thread, of the builds that are the default. */
const isDefault = ({ name, variant, threads }: Who): boolean =>
  name === "heed" && threads === 1 && variant !== "wasm simd128";

const isDecoder = ({ name, variant }: Who): boolean =>
  name === "PyTorch" || (name === "heed" && variant !== "wasm simd128");

async function start(options: Options, wanted: (who: Who) => boolean) {
  const { list, absent } = contenders({ ...options, peers: true });
  const details: Record<string, string> = {};
  const mine = list.filter(({ who }) => wanted(who));
  return { running: await startAll(mine, absent, details), absent, details };
}

function close(running: readonly Pick<Running, "child">[]): void {
  for (const { child } of running) child.close();
}

/** Multi-head attention by everybody: in the form of the other shapes, so that their tables are its own. */
async function heads(part: "heads" | "causal", options: Options): Promise<Results> {
  const { running, absent, details } = await start(options, ({ name }) => TAKE_PART.includes(name));
  const ceilings = await openCeilings(options, absent);
  const attention: AttentionResult[] = [];
  const measured: CeilingResult[] = [];
  for (const call of HEADS_CALLS.filter(({ causal }) => causal === (part === "causal"))) {
    progress(call.name);
    const [inputs, truth] = [await inputsOf(call), await truthOf(call)];
    const check = ({ name }: Who, results: string) => {
      const errors = errorsOf(call, results, truth);
      return { errors, refused: wrong(name, call.steps, errors) };
    };
    const request = { do: "family", call, inputs };
    const found = await measureEverybody(call.name, request, check, running, ceilings, options);
    // Of heed's ways one is for memory alone.
    attention.push(...found.attention.filter(({ way }) => way !== "tensors only"));
    measured.push(...found.ceilings);
  }
  close(running);
  close(ceilings.flatMap(({ children }) => children.map((child) => ({ child }))));
  const { date, machine, command } = provenance(part, options);
  const cores = cpus().length;
  const none = { training: [], start: [], download: null };
  return { date, machine, cores, command, details, absent, ceilings: measured, attention, ...none };
}

async function groups(
  part: PartName,
  all: readonly Group[],
  wanted: (who: Who) => boolean,
  options: Options,
): Promise<CallRun> {
  const { running } = await start(options, wanted);
  const calls: CallResult[] = [];
  for (const group of all) {
    progress(`${part}: ${group.title}`);
    calls.push(...(await measureGroup(group, running, options)));
  }
  close(running);
  return { ...provenance(part, options), calls };
}

async function memory(options: Options): Promise<MemoryRun> {
  progress("memory");
  return { ...provenance("memory", options), devices: await measureMemory(options) };
}

function provenance(part: PartName, { node, rounds, seconds }: Options): Provenance {
  const times = `--rounds ${rounds} --seconds ${seconds}`;
  return {
    ...dayAndMachine(),
    command: `npm run family --prefix bench -- --parts ${part} --node <${nodeVersion(node)}> ${times}`,
  };
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

const RUNS: Readonly<Record<PartName, (options: Options) => Promise<object>>> = {
  heads: (options) => heads("heads", options),
  causal: (options) => heads("causal", options),
  costs: (options) => groups("costs", COST_GROUPS, isDefault, options),
  window: (options) => groups("window", WINDOW_GROUPS, isDefault, options),
  decoding: (options) =>
    groups("decoding", [{ title: "", calls: DECODING_CALLS }], isDecoder, options),
  memory,
};

if (process.argv.includes("--help")) {
  console.log(`${USAGE}\n  --parts ${PARTS.join(",")}`);
} else {
  const options = readOptions(process.argv.slice(2));
  const unknown = options.parts.find((part) => !PARTS.includes(part as PartName));
  if (unknown !== undefined) throw new TypeError(`no part ${unknown}`);
  for (const part of PARTS) {
    if (options.parts.length > 0 && !options.parts.includes(part)) continue;
    const file = join(BENCH, "results", `family-${part}.json`);
    writeFileSync(file, formatJson(await RUNS[part](options)));
  }
}
