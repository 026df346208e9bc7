/**
 * heed on a GPU: against what the GPU can do at most, by shaders of the benchmark's own, and against PyTorch
 * on the same GPU. Matrix products, attention over long sequences, training steps of the date model.
 *
 *     npm run bench:gpu -- --python PYTHON
 *     npm run bench:gpu -- --help
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openDevice } from "heed";
import { CACHE } from "../cache.ts";
import { reasonOf } from "../contenders.ts";
import { goalLines } from "../goals.ts";
import { formatJson } from "../json.ts";
import { dayAndMachine } from "../machine.ts";
import { median } from "../statistics.ts";
import { adapterFacts, provideGpu, requestAdapter } from "./adapter.ts";
import { gpuGoals } from "./goals.ts";
import { measureCeilings, peaksOf } from "./measure-ceilings.ts";
import { measureRow } from "./measure-rows.ts";
import { GPU_USAGE, type GpuOptions, readGpuOptions } from "./options.ts";
import { formatGpuResults } from "./print.ts";
import type { AdapterFacts, GpuResults, GpuRow } from "./results.ts";
import { nameOfSize, type Scale, sizesOf } from "./sizes.ts";
import { PACES } from "./timing.ts";
import { TorchPeer } from "./torch-peer.ts";

async function main(options: GpuOptions, adapter: GPUAdapter): Promise<void> {
  const facts = adapterFacts(adapter.info);
  const scale = scaleOf(options, facts);
  const pace = PACES[scale];
  const started = await startTorch(options, facts);
  const torch = started instanceof TorchPeer ? started : null;
  progress("ceilings");
  const ceilings = await measureCeilings(adapter, scale, pace);
  progress("heed's kernels");
  const device = await openDevice("webgpu", { float16: options.float16 });
  // It compiles its kernels in the background, on the processor that feeds the GPU. Without one, all of them take
  // minutes, and those in use do.
  if (!facts.software) await (device as { readonly warmed?: Promise<void> }).warmed;
  const rows: GpuRow[] = [];
  const results: GpuResults = {
    ...dayAndMachine(),
    node: process.versions.node,
    command: commandOf(options),
    adapter: facts,
    heed: device.description,
    torch: torch === null ? String(started) : torch.description,
    peaks: peaksOf(ceilings),
    ceilings,
    rows,
  };
  for (const size of sizesOf(scale)) {
    if (!options.only.includes(size.part)) continue;
    progress(`${size.part}, ${nameOfSize(size)}`);
    const row = await measureRow(size, device, torch, pace, options.float16);
    const told = row.refused ?? `${median(row.rounds).toPrecision(3)} ms`;
    progress(`  ${told}`);
    rows.push(row);
    // Time on such a machine may end before the run does.
    save(results, options);
  }
  torch?.close();
  console.log(formatGpuResults(results));
}

/** Writes what was found, with the goals and what came of them. */
function save(results: GpuResults, { json }: GpuOptions): void {
  const { head, rows } = goalLines(gpuGoals(results));
  const goals = rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
  const file = json ?? join(CACHE, "gpu.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, formatJson({ ...results, goals }));
}

/** The peer, or why there is none. */
async function startTorch(
  { python }: GpuOptions,
  { software }: AdapterFacts,
): Promise<TorchPeer | string> {
  if (python === null) return "takes no part: --python names the Python that has it";
  progress("PyTorch");
  try {
    return await TorchPeer.start(python, software);
  } catch (error) {
    return `takes no part: ${reasonOf(error)}`;
  }
}

function scaleOf({ quick }: GpuOptions, { software }: AdapterFacts): Scale {
  if (software) return "tiny";
  return quick ? "quick" : "full";
}

/** The command as another would give it, on whose machine Python lies elsewhere. */
function commandOf({ quick, only, python, software, float16 }: GpuOptions): string {
  const parts = [
    ...(quick ? ["--quick"] : []),
    `--only ${only.join(",")}`,
    ...(python === null ? [] : ["--python PYTHON"]),
    ...(software ? ["--software"] : []),
    ...(float16 ? ["--float16"] : []),
  ];
  return `npm run bench:gpu -- ${parts.join(" ")}`;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says what is wrong, and how the process is to end. */
function stop(error: unknown, code: number): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = code;
}

/** Opens the adapter, if it is one that a benchmark is about. */
async function openAdapter({ software }: GpuOptions): Promise<GPUAdapter | null> {
  try {
    const adapter = await requestAdapter(await provideGpu());
    const facts = adapterFacts(adapter.info);
    console.log(`adapter: ${facts.name}; driver: ${facts.driver}\n`);
    if (!facts.software || software) return adapter;
    stop("This adapter computes on the processor. --software tries the benchmark on it.", 1);
  } catch (error) {
    stop(error, 1);
  }
  return null;
}

async function run(): Promise<void> {
  let options: GpuOptions;
  try {
    options = readGpuOptions(process.argv.slice(2));
  } catch (error) {
    stop(error, 2);
    return;
  }
  const adapter = await openAdapter(options);
  if (adapter === null) return;
  await main(options, adapter);
}

if (process.argv.includes("--help")) console.log(GPU_USAGE);
else await run();
