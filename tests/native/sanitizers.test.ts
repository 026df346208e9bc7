/**
 * The native kernels under sanitizers: a program of their own (replay.c) calls them with every test
 * case, once per SIMD level of this machine's processor, and is watched for reads and writes outside
 * of an array, undefined behaviour, and races between threads.
 *
 * gcc does not watch the masked loads of AVX-512; the same reads go through plain ones at other levels.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { allCases, opOf } from "../support/all-cases.ts";
import { complaints } from "../support/compare.ts";
import { expectedOf } from "../support/run-case.ts";
import { readAnswers, writeCases } from "./case-file.ts";
import {
  type Build,
  buildReplay,
  LEVELS,
  levelsHere,
  type Run,
  runReplay,
  type Watched,
  whyNot,
} from "./replay-program.ts";

const BUILD_TIMEOUT = 180_000;

const cases = allCases();
const sums = cases.filter((kernelCase) => opOf(kernelCase) === "sum");
const levels = levelsHere();
const folder = mkdtempSync(join(tmpdir(), "heed-replay-"));
const paths = {
  all: join(folder, "cases"),
  sums: join(folder, "sums"),
  answers: join(folder, "answers"),
};
const unavailable: Record<Watched, string | null> = { addresses: null, threads: null };

beforeAll(() => {
  unavailable.addresses = whyNot("addresses", folder);
  unavailable.threads = whyNot("threads", folder);
  writeCases(paths.all, cases);
  writeCases(paths.sums, sums);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Skips where there are no sanitizers; under CI on Linux, where there must be some, it fails. */
function needs(watched: Watched, context: TestContext): void {
  const reason = levels.length > 0 ? unavailable[watched] : `no kernels for ${process.arch}`;
  if (reason === null) return;
  if (process.env["CI"] && process.platform === "linux") throw new Error(reason);
  context.skip(reason);
}

async function replay(build: Build, path = paths.all): Promise<Run> {
  return runReplay(await buildReplay(build, folder), path, paths.answers);
}

/** That it ended well, called every case, and answered as the definitions do. */
function expectRight(run: Run, level: string): void {
  expect(run.stderr).toBe("");
  expect(run.code).toBe(0);
  expect(run.stdout).toContain(`${level}: ${cases.length} cases`);
  const found: string[] = [];
  let i = 0;
  for (const answer of readAnswers(paths.answers, cases)) {
    const kernelCase = cases[i++]!;
    found.push(...complaints(kernelCase, "float32", answer, expectedOf(kernelCase)));
  }
  expect(found).toEqual([]);
}

it("the levels and their flags are those that heed is built with", () => {
  const build = readFileSync("scripts/build-native.mjs", "utf8");
  for (const flags of Object.values(LEVELS).flatMap((levels) => Object.values(levels))) {
    expect(build).toContain(JSON.stringify(flags).replaceAll(",", ", "));
  }
});

describe("the native kernels", () => {
  it.for(levels)(
    "touch nothing but their arrays and leave nothing undefined: %s",
    { timeout: BUILD_TIMEOUT },
    async (level, context) => {
      needs("addresses", context);
      expectRight(await replay({ level, watched: "addresses" }), level);
    },
  );

  it(
    "give the same answers on three threads, without a race",
    async (context) => {
      needs("threads", context);
      const [level = ""] = levels;
      const run = await replay({ level, watched: "threads" });
      expectRight(run, level);
      const [, byWorkers] = /(\d+) parts by workers/.exec(run.stdout) ?? [];
      expect(Number(byWorkers)).toBeGreaterThan(100);
    },
    BUILD_TIMEOUT,
  );
});

describe("a wrong kernel is caught", () => {
  it(
    "when it reads one number past its input",
    async (context) => {
      needs("addresses", context);
      const [level = ""] = levels.slice(-1);
      const build: Build = { level, watched: "addresses", wrong: "reads-too-far.c" };
      const run = await replay(build, paths.sums);
      expect(run.code).not.toBe(0);
      expect(run.stderr).toMatch(/heap-buffer-overflow/);
      expect(run.stderr).toMatch(/reads-too-far\.c/);
      expect(run.stderr).toContain("the case: sum: ");
    },
    BUILD_TIMEOUT,
  );

  it(
    "when its parts write to the same number",
    async (context) => {
      needs("threads", context);
      const [level = ""] = levels;
      const run = await replay({ level, watched: "threads", wrong: "races.c" }, paths.sums);
      expect(run.code).not.toBe(0);
      expect(run.stderr).toMatch(/data race[\s\S]*races\.c/);
      expect(run.stderr).toContain("the case: sum: ");
    },
    BUILD_TIMEOUT,
  );
});
