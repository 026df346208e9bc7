import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BENCH, CACHE } from "./cache.ts";
import { Child, type Command } from "./child.ts";
import { nodeCommand, nodeVersion, reasonOf } from "./contenders.ts";
import type { Options } from "./options.ts";
import type { Absent, CeilingResult } from "./results.ts";

/** A loop of nothing but multiplications and additions, in as many processes as threads. */
export interface Ceiling {
  readonly name: string;
  readonly threads: number;
  readonly node: string | null;
  readonly children: readonly Child[];
  /** float32 operations per call, where the process answers with milliseconds per call. */
  readonly operations: number;
}

/** The name of a native ceiling begins so. */
export const NATIVE = "native";

const x86 = process.arch === "x64";

/** Vector bytes, compiler flags. Separate multiplications and additions round twice; fused ones once. */
const NATIVE_LOOPS: Readonly<Record<string, readonly [number, readonly string[]]>> = x86
  ? {
      "native 128-bit, separate": [16, ["-msse2", "-ffp-contract=off"]],
      "native 128-bit, fused": [16, ["-mfma", "-ffp-contract=fast"]],
      "native AVX2, fused": [32, ["-mavx2", "-mfma", "-ffp-contract=fast"]],
      "native AVX-512, fused": [64, ["-mavx512f", "-mfma", "-ffp-contract=fast"]],
    }
  : {
      "native 128-bit, separate": [16, ["-ffp-contract=off"]],
      "native 128-bit, fused": [16, ["-ffp-contract=fast"]],
    };

/** Every ceiling of this machine that can be measured, on each number of threads. */
export async function openCeilings(options: Options, absent: Absent[]): Promise<Ceiling[]> {
  const opened: Ceiling[] = [];
  const open = async (
    name: string,
    node: string | null,
    command: () => Command,
    threads: number,
  ): Promise<void> => {
    try {
      const started = command();
      const children: Child[] = [];
      while (children.length < threads) children.push(await Child.start(started));
      const operations = node === null ? 0 : await prepare(children);
      const ceiling = { name, threads, node, children, operations };
      await measureCeiling(ceiling); // a processor may not have it
      opened.push(ceiling);
    } catch (error) {
      if (threads !== options.threads[0]) return; // said already
      const where = node === null ? "" : ` (Node ${node})`;
      absent.push({ name: `ceiling, ${name}${where}`, reason: reasonOf(error) });
    }
  };
  for (const threads of options.threads) {
    for (const name of Object.keys(NATIVE_LOOPS))
      await open(name, null, () => compile(name), threads);
    for (const node of [options.node, ...options.alsoNode]) {
      for (const kind of ["fused", "separate"]) {
        const command = (): Command => nodeCommand(node, "ceiling-wasm.ts", [kind]);
        await open(`wasm, ${kind}`, nodeVersion(node), command, threads);
      }
    }
  }
  return opened;
}

/** GFLOP/s of all its processes together, at the same time. */
export async function measureCeiling({ children, operations }: Ceiling): Promise<number> {
  const request = { do: "time", way: "loop", seconds: 0.1 };
  const replies = await Promise.all(children.map((child) => child.ask(request, 30)));
  const rates = replies.map(({ rate, milliseconds }) =>
    operations === 0 ? Number(rate) : operations / Number(milliseconds) / 1e6,
  );
  return rates.reduce((a, b) => a + b);
}

/** Times that a round waits for a machine on which others compute, and milliseconds each time. */
const [WAITS, WAIT] = [5, 2000];

/** Every ceiling, once the machine is quiet or the patience at its end. */
export async function measureQuietly(ceilings: readonly Ceiling[]): Promise<number[]> {
  for (let waits = 0; ; waits++) {
    const rates: number[] = [];
    for (const ceiling of ceilings) rates.push(await measureCeiling(ceiling));
    const measured = ceilings.map((each, i) => ceilingResult(each, [rates[i] ?? 0], null));
    if (isQuiet(measured, 0) || waits === WAITS) return rates;
    await new Promise((resolve) => setTimeout(resolve, WAIT));
  }
}

/** What several threads reach of as many times one, at least, where nobody else computes. */
const QUIET = 0.85;

/** Whether all threads got their share of the machine in a round. */
export function isQuiet(ceilings: readonly CeilingResult[], round: number): boolean {
  const shares = ceilings.flatMap(({ name, node, threads, rounds }) => {
    if (threads === 1) return [];
    const one = ceilings.find(
      (each) => each.name === name && each.node === node && each.threads === 1,
    );
    return [(rounds[round] ?? 0) / (threads * (one?.rounds[round] ?? Number.NaN))];
  });
  return shares.reduce((sum, each) => sum + each, 0) >= QUIET * shares.length;
}

/** The results of the rounds of a shape. */
export function ceilingResult(
  { name, threads, node }: Ceiling,
  rounds: readonly number[],
  shape: string | null,
): CeilingResult {
  return { name, threads, node, rounds, shape };
}

async function prepare(children: readonly Child[]): Promise<number> {
  for (const child of children) await child.ask({ do: "attention" });
  return Number(children[0]?.hello["operations"]);
}

function compile(name: string): Command {
  const [width, flags] = NATIVE_LOOPS[name] ?? [16, []];
  mkdirSync(CACHE, { recursive: true });
  const target = join(CACHE, name.replaceAll(/[ ,]+/g, "-"));
  const source = join(BENCH, "contenders/ceiling-native.c");
  const args = ["-std=gnu11", "-O3", `-DWIDTH=${width}`, ...flags, source, "-o", target];
  const { status, stderr, error } = spawnSync("cc", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(error?.message ?? stderr.split("\n")[0] ?? "cc failed");
  return { file: target, args: [], env: process.env };
}
