/**
 * The side of a contender, which is a process of its own: it reads requests, one line of JSON each,
 * and answers each with one line. contenders/line_protocol.py is the same for Python.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type FamilyCall, type FamilyInputs, splitInputs } from "../family/calls.ts";
import type { Sizes } from "../shapes.ts";

/** What a TimeAttention is given: hsEnc (N, Te, H), hsDec (N, Td, H), dout (N, Td, H). */
export interface Inputs {
  readonly hsEnc: Float32Array;
  readonly hsDec: Float32Array;
  readonly dout: Float32Array;
}

/** What comes out: out, dhsEnc, dhsDec; of a call of the family context, and dQuery, dKeys, dValues. */
export type Results = readonly ArrayLike<number>[];

/** One way to do the work, ready to be timed. */
export interface Way {
  /** Does it once. */
  readonly call: () => unknown;
  /** Does it once and gives what came out: arrays of an attention, or facts of a training step. */
  readonly result: () => Results | Facts | Promise<Results | Facts>;
  /** Gives back what it holds. */
  readonly release?: () => void;
}

/** What a training step reports, or how a contender describes itself. */
export type Facts = Readonly<Record<string, number | string>>;

/** The inputs, of a contender that makes none of its own. */
export function needed<Given>(inputs: Given | null): Given {
  if (inputs === null) throw new Error("this contender wants inputs");
  return inputs;
}

/** Ways by name, made one by one, since each may fail by itself. */
export type Ways = Readonly<Record<string, () => Way | Promise<Way>>>;

/** A contender: what it calls itself, and its ways for a shape or for the training of a model. */
export interface Served {
  readonly hello: Facts;
  /** Without inputs, where only time and memory are asked for, it makes some of its own. */
  readonly attention?: (sizes: Sizes, inputs: Inputs | null) => Ways | Promise<Ways>;
  readonly training?: (model: string, pairs: string) => Ways | Promise<Ways>;
  /** As `attention`, for a call of the whole family. */
  readonly family?: (call: FamilyCall, inputs: FamilyInputs | null) => Ways | Promise<Ways>;
}

interface Request {
  readonly do: "attention" | "training" | "family" | "time" | "memory" | "release";
  readonly sizes?: Sizes;
  readonly call?: FamilyCall;
  /** What the names of ways that are ready begin with, where several calls are ready at once. */
  readonly prefix?: string;
  readonly inputs?: string;
  readonly results?: string;
  readonly model?: string;
  readonly pairs?: string;
  readonly way?: string;
  readonly seconds?: number;
  /** The one way to make, where memory is measured. */
  readonly only?: string;
  /** Whether the peak of memory is to be forgotten. */
  readonly anew?: boolean;
}

/** Answers requests until standard input ends. */
export async function serve(served: Served): Promise<void> {
  const ready = new Map<string, Way>();
  answer(served.hello);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    try {
      answer(await respond(served, request, ready));
    } catch (error) {
      answer({ failed: messageOf(error) });
    }
  }
  process.exit(0);
}

async function respond(
  served: Served,
  request: Request,
  ready: Map<string, Way>,
): Promise<Readonly<Record<string, unknown>>> {
  switch (request.do) {
    case "attention": {
      const { sizes = [0, 0, 0, 0], inputs } = request;
      const given = inputs === undefined ? null : readInputs(inputs, sizes);
      const ways = await served.attention?.(sizes, given);
      return { ways: await makeAll(ways, ready, request) };
    }
    case "family": {
      const { call, inputs } = request;
      if (call === undefined) throw new Error("no call");
      const given = inputs === undefined ? null : splitInputs(call, readNumbers(inputs));
      const ways = await served.family?.(call, given);
      return { ways: await makeAll(ways, ready, request) };
    }
    case "training": {
      const ways = await served.training?.(request.model ?? "", request.pairs ?? "");
      return { ways: await makeAll(ways, ready, { results: "" }) };
    }
    case "time": {
      const way = ready.get(request.way ?? "");
      if (way === undefined) throw new Error(`no way "${request.way}" is ready`);
      return { milliseconds: await time(way.call, request.seconds ?? 0.2) };
    }
    case "memory":
      if (request.anew) {
        await collectGarbage();
        forgetPeak();
      }
      return { rss: process.memoryUsage().rss, peak: peak() };
    case "release":
      for (const way of ready.values()) way.release?.();
      ready.clear();
      return {};
  }
}

/**
 * Makes every way, or only one, and runs it once. An attention's results go to files whose names begin with `results`;
 * without that, nobody asks for them.
 */
async function makeAll(
  ways: Ways | undefined,
  ready: Map<string, Way>,
  { results, only, prefix = "" }: Pick<Request, "results" | "only" | "prefix">,
): Promise<Record<string, unknown>[]> {
  const made: Record<string, unknown>[] = [];
  for (const [name, make] of Object.entries(ways ?? {})) {
    if (name !== (only ?? name)) continue;
    try {
      const way = await make();
      ready.set(prefix + name, way);
      if (results === undefined) {
        await way.call();
        made.push({ way: name });
        continue;
      }
      const result = await way.result();
      if (!isResults(result)) {
        made.push({ way: name, facts: result });
        continue;
      }
      const path = `${results}.${made.length}`;
      writeFileSync(path, Buffer.concat(result.map((each) => asBytes(each))));
      made.push({ way: name, results: path });
    } catch (error) {
      made.push({ way: name, failed: messageOf(error) });
    }
  }
  return made;
}

function isResults(result: Results | Facts): result is Results {
  return Array.isArray(result);
}

function asBytes(numbers: ArrayLike<number>): Uint8Array {
  const array = numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  return new Uint8Array(array.slice().buffer);
}

function readNumbers(path: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}

function readInputs(path: string, [N, Td, Te, H]: Sizes): Inputs {
  const all = readNumbers(path);
  const [encoder, decoder] = [N * Te * H, N * Td * H];
  return {
    hsEnc: all.slice(0, encoder),
    hsDec: all.slice(encoder, encoder + decoder),
    dout: all.slice(encoder + decoder),
  };
}

/**
 * Median milliseconds of one call over about `seconds` of them, in batches that the clock can see.
 * What takes longer than the whole slice is called once.
 */
async function time(call: () => unknown, seconds: number): Promise<number> {
  const times: number[] = [];
  let calls = 1;
  const end = performance.now() + seconds * 1000;
  while (times.length === 0 || performance.now() < end) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const result = call();
      if (result instanceof Promise) await result;
    }
    const elapsed = performance.now() - start;
    if (elapsed >= 1) {
      times.push(elapsed / calls);
    } else {
      calls *= 4;
      times.length = 0; // batches so short as the last say little
    }
  }
  // The first batch finds cold caches: others have computed in between.
  const kept = times.length > 2 ? times.slice(1) : times;
  return kept.toSorted((a, b) => a - b)[Math.floor(kept.length / 2)] ?? Number.NaN;
}

/** What is left of making inputs is no part of what they take. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let times = 0; times < 3; times++) {
    collect();
    // Large arrays are given back by another thread.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Linux keeps the most that a process held until it is told to begin anew; elsewhere it stays. */
function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Then the peak counts from the start of the process.
  }
}

/**
 * Bytes. The peak that Node reports would not do on Linux: a process that was started by a larger one
 * has that one's.
 */
function peak(): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kilobytes !== undefined) return 1024 * Number(kilobytes);
  } catch {
    // Then there is no such file.
  }
  return process.resourceUsage().maxRSS * 1024;
}

function answer(message: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0] ?? "";
}
