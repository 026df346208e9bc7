import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { cFilesIn, readOps, shimSource } from "../../scripts/native-shims.mjs";

const run = promisify(execFile);
const KERNELS = resolve("src/kernels");
const HERE = resolve("tests/native");
const DEVICE = resolve("src/devices/native");

/** The C compiler, and options it always gets: $CC, else cc, as in scripts/build-native.mjs. */
const [CC = "cc", ...CC_OPTIONS] = (process.env["CC"] || "cc").split(/\s+/).filter(Boolean);

/** SIMD levels by processor family, and what turns each on: those of scripts/build-native.mjs. */
export const LEVELS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  x64: {
    avx512: ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma", "-mbmi2"],
    avx2: ["-mavx2", "-mfma", "-mbmi2"],
    sse2: [],
  },
  arm64: { neon: [] },
};

/** What a program can be built to watch; it takes one of the two. */
export const SANITIZERS = {
  addresses: "address,undefined,float-cast-overflow",
  threads: "thread",
} as const;
export type Watched = keyof typeof SANITIZERS;

/** A program to build. */
export interface Build {
  readonly level: string;
  readonly watched: Watched;
  /** A file in wrong/ whose `sum` takes the place of the right one. */
  readonly wrong?: string;
}

/** The levels that this machine's processor has, the best one first. */
export function levelsHere(): string[] {
  const known = Object.keys(LEVELS[process.arch] ?? {});
  if (process.platform !== "linux") return known.slice(-1); // what every processor of the family has
  const [, flags = ""] = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8")) ?? [];
  const has = new Set(flags.split(" "));
  const needs = (level: string) =>
    LEVELS[process.arch]![level]!.map((flag) => flag.slice("-m".length));
  return known.filter((level) => needs(level).every((name) => has.has(name)));
}

/** Why programs cannot be built here; null where they can. */
export function whyNot(watched: Watched, folder: string): string | null {
  const source = join(folder, "empty.c");
  writeFileSync(source, "int main(void) { return 0; }\n");
  const program = join(folder, "empty");
  try {
    execFileSync(CC, ["--version"], { stdio: "ignore" });
  } catch {
    return `there is no C compiler: ${CC} does not run`;
  }
  try {
    const words = [...CC_OPTIONS, `-fsanitize=${SANITIZERS[watched]}`, source, "-o", program];
    execFileSync(CC, words, { stdio: "pipe" });
    execFileSync(program, { stdio: "pipe" });
    return null;
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr)
      .trim()
      .split("\n")[0];
    return `programs with the sanitizers ${SANITIZERS[watched]} do not run: ${said}`;
  }
}

/** A source and its options, compiled. */
interface Job {
  readonly source: readonly string[];
  readonly object: string;
}

/** Compiles replay.c with all kernels; returns the program's path. What is there already is kept. */
export async function buildReplay({ level, watched, wrong }: Build, folder: string) {
  const place = join(folder, `${level}-${watched}`);
  mkdirSync(place, { recursive: true });
  const ops = readOps(KERNELS);
  const shims = join(place, "shims.c");
  writeFileSync(shims, shimSource(ops));
  const flags = [
    ...CC_OPTIONS,
    ...["-std=gnu11", "-g", "-O1", "-fno-omit-frame-pointer", "-pthread"],
    ...["-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"],
    ...[`-fsanitize=${SANITIZERS[watched]}`, "-fno-sanitize-recover=all"],
    ...[`-I${KERNELS}`, `-I${DEVICE}`],
    ...LEVELS[process.arch]![level]!,
  ];
  const job = (name: string, ...source: string[]): Job => {
    return { source, object: join(place, `${name.replace(/\W/g, "-")}.o`) };
  };
  const replaced = wrong === undefined ? undefined : ops.find(({ name }) => name === "sum")!.file;
  const jobs = [
    ...cFilesIn(KERNELS).map((file) =>
      file === replaced
        ? job(`${file}-without-sum`, join(KERNELS, file), "-Dsum=right_sum")
        : job(file, join(KERNELS, file)),
    ),
    job("shims", shims),
    job("level", join(DEVICE, "level.c")),
    job("replay", join(HERE, "replay.c"), "-Wall", "-Wextra", "-Werror"),
    ...(wrong === undefined ? [] : [job(wrong, join(HERE, "wrong", wrong))]),
  ];
  await atOnce(
    jobs
      .filter(({ object }) => !existsSync(object))
      .map(
        ({ source, object }) =>
          () =>
            run(CC, [...flags, "-c", ...source, "-o", object]),
      ),
  );
  const program = join(place, `replay-${wrong ?? "right"}`);
  await run(CC, [...flags, ...jobs.map(({ object }) => object), "-o", program]);
  return program;
}

/** How a run of the program ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that {@link buildReplay} made. */
export async function runReplay(program: string, cases: string, answers: string): Promise<Run> {
  const options = {
    env: {
      ...process.env,
      // Leaks are not looked for: kernels allocate nothing, and some containers forbid the search.
      ASAN_OPTIONS: "detect_leaks=0",
      UBSAN_OPTIONS: "print_stacktrace=1",
      TSAN_OPTIONS: "halt_on_error=1",
    },
    maxBuffer: 2 ** 26,
  };
  const words = [cases, answers, "3"];
  try {
    return { code: 0, ...(await run(program, words, options)) };
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Run & { signal: string | null };
    return { code: Number(code ?? 128), stdout, stderr: `${stderr}${signal ?? ""}` };
  }
}

/** As many at a time as there are cores. */
async function atOnce(jobs: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = [...jobs];
  const work = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await job();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
