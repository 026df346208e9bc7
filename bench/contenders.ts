import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { BENCH } from "./cache.ts";
import { Child, type Command } from "./child.ts";
import type { Options } from "./options.ts";
import { findPython } from "./python.ts";
import type { Absent, Runtime, Who } from "./results.ts";
import type { ShapeName } from "./shapes.ts";

/** Someone to measure: who, how to start it, and what it is not asked because it would take hours. */
export interface Contender {
  readonly who: Who;
  readonly command: Command;
  readonly leaves: readonly ShapeName[];
}

/** A contender whose process runs. */
export interface Running extends Contender {
  readonly child: Child;
}

/** "heed native, 2 threads (Node 20.20.2)", as messages and tables call it. */
export function nameOf({ name, variant, threads, node }: Who): string {
  const full = variant === "" ? name : `${name} ${variant}`;
  const where = node === null ? "" : ` (Node ${node})`;
  return `${full}, ${countThreads(threads)}${where}`;
}

/** "1 thread", "2 threads". */
export function countThreads(threads: number): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}`;
}

/** Everybody the options ask for. */
export function contenders(options: Options): { list: Contender[]; absent: Absent[] } {
  const absent: Absent[] = [];
  const list = [...heedContenders(options), ...pythonContenders(options, absent)];
  if (options.peers) list.push(...javascriptPeers(options));
  else
    absent.push({
      name: "onnxruntime, jax-js, TensorFlow.js, PyTorch",
      reason: "run npm run bench:peers",
    });
  const { only } = options;
  const wanted = ({ who }: Contender): boolean =>
    only.length === 0 || only.some((part) => nameOf(who).includes(part));
  return { list: list.filter(wanted), absent };
}

/** Starts all of them; who does not start is absent, and why. */
export async function startAll(
  list: readonly Contender[],
  absent: Absent[],
  details: Record<string, string>,
): Promise<Running[]> {
  const running: Running[] = [];
  for (const contender of list) {
    try {
      const child = await Child.start(contender.command);
      const { name, details: more } = child.hello;
      running.push({ ...contender, child });
      details[nameOf(contender.who)] = [name, more].filter((each) => each !== undefined).join(", ");
    } catch (error) {
      const name = nameOf({ ...contender.who, threads: 1 }).replace(", 1 thread", "");
      const reason = reasonOf(error);
      if (!absent.some((each) => each.name === name)) absent.push({ name, reason });
    }
  }
  return running;
}

/** What an error says, without where this copy of the repository lies. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(`${dirname(BENCH)}/`, "").slice(0, 300);
}

/** A TypeScript contender in a Node of its own. */
export function nodeCommand(node: string, script: string, args: readonly string[]): Command {
  const loader = import.meta.resolve("tsx");
  return {
    file: node,
    args: ["--import", loader, join(BENCH, "contenders", script), ...args],
    env: { ...process.env, TSX_TSCONFIG_PATH: join(BENCH, "tsconfig.run.json") },
  };
}

/** "20.20.2". */
export function nodeVersion(node: string): string {
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim().slice(1);
}

function heedContenders({ node, alsoNode, threads }: Options): Contender[] {
  const one = (path: string, count: number, device: string, simd: string[]): Contender => ({
    who: {
      name: "heed",
      variant: [device, ...simd].join(" "),
      threads: count,
      runtime: device === "native" ? "native" : "wasm",
      node: nodeVersion(path),
    },
    command: nodeCommand(path, "heed.ts", [device, String(count), ...simd]),
    leaves: [],
  });
  return threads.flatMap((count) => [
    one(node, count, "native", []),
    ...[node, ...alsoNode].flatMap((path) => [
      one(path, count, "wasm", ["relaxed"]),
      one(path, count, "wasm", ["simd128"]),
    ]),
  ]);
}

function pythonContenders(options: Options, absent: Absent[]): Contender[] {
  const found = findPython(options.peers);
  const scripts = [
    { name: "numpy", script: "numpy_peer.py" },
    ...(options.peers ? [{ name: "PyTorch", script: "torch_peer.py" }] : []),
  ];
  if ("reason" in found) {
    absent.push(...scripts.map(({ name }) => ({ name, reason: found.reason })));
    return [];
  }
  return scripts.flatMap(({ name, script }) =>
    options.threads.map((count) => ({
      who: { name, variant: "", threads: count, runtime: "native" as Runtime, node: null },
      command: {
        file: found.python,
        args: [join(BENCH, "contenders", script), String(count)],
        env: pythonEnvironment(count),
      },
      leaves: [],
    })),
  );
}

/** Threads as asked for, and no processor but the one that is there. */
export function pythonEnvironment(threads: number): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _type, OPENBLAS_L2_SIZE: _size, ...env } = process.env;
  const count = String(threads);
  return { ...env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
}

function javascriptPeers({ node, threads }: Options): Contender[] {
  const version = nodeVersion(node);
  const one = (name: string, script: string, runtime: Runtime, count: number): Contender => ({
    who: { name, variant: "", threads: count, runtime, node: version },
    command: nodeCommand(node, script, [String(count)]),
    leaves: [],
  });
  return [
    ...threads.flatMap((count) => [
      one("onnxruntime-node", "onnxruntime-node.ts", "native", count),
      one("onnxruntime-web", "onnxruntime-web.ts", "wasm", count),
    ]),
    // In Node these two have one thread: theirs are workers of a browser.
    one("jax-js", "jax.ts", "wasm", 1),
    one("TensorFlow.js wasm", "tensorflow.ts", "wasm", 1),
  ];
}
