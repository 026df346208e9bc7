import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { COMMAND } from "./command.ts";

/** How a run of `heed` ended. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** A program in TypeScript to run instead of the command's own. */
  readonly program?: string;
}

/** Starts `heed` as a process of its own. */
export function startHeed(
  words: readonly string[],
  options: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const { NO_COLOR: _no, FORCE_COLOR: _force, COLUMNS: _columns, ...inherited } = process.env;
  const { program } = options;
  const script =
    program === undefined ? [COMMAND] : ["--import", import.meta.resolve("tsx"), program];
  return spawn(process.execPath, [...script, ...words], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...inherited, ...options.env },
    stdio: "pipe",
  });
}

/** Runs `heed` to its end. */
export async function heed(words: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = startHeed(words, options);
  child.stdin.on("error", () => {}); // a run that refuses its call reads nothing
  child.stdin.end(options.stdin ?? "");
  return ending(child);
}

/** What a started process said, once it has ended. */
export async function ending(child: ChildProcessWithoutNullStreams): Promise<Run> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done) => {
    child.on("close", (code, signal) => {
      const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString();
      done({ code, signal, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}

/** A new empty folder. */
export function newFolder(): string {
  return mkdtempSync(join(resolve(tmpdir()), "heed-cli-"));
}

/** A new empty folder that goes when the test is over. */
export function temporaryFolder(): string {
  const folder = newFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
