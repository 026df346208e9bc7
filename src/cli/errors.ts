import { CommanderError } from "commander";
import { HeedError } from "../index.ts";
import { safeText } from "./safe-text.ts";

/** The call was wrong: a flag's value, a path that cannot be used. Exit code 2. */
export class UsageError extends HeedError {}

/** The call was right and the work failed. Exit code 1. */
export class WorkError extends HeedError {}

/** Ends the command with `exitCode`, after it has said on its own why. */
export class Stop extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/**
 * Says on stderr, in one line, what went wrong (with the stack after it when `verbose`), and gives
 * the exit code: 1 when the work failed, 2 when the call was wrong.
 */
export function reportError(error: unknown, verbose: boolean): number {
  if (error instanceof Stop) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has had its say
  const system = describeSystemError(error);
  if (error instanceof HeedError) {
    complain(error.message);
  } else if (system !== null) {
    complain(system);
  } else {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    complain(`this is a bug in heed: ${what}${verbose ? "" : "; --verbose shows where"}`);
  }
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof UsageError ? 2 : 1;
}

/** One line on stderr; nothing in `text` can steer the terminal. */
export function complain(text: string): void {
  process.stderr.write(`heed: ${safeText(text.trim().replaceAll(/\s*\n\s*/g, " "))}\n`);
}

/** A failure of the machine (disk full, permission, …) in words; null when it is none. */
export function describeSystemError(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return null;
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  const reason = SYSTEM_REASONS[String(error.code)] ?? error.message;
  return `${path}${reason} (${String(error.code)} in ${String(error.syscall)})`;
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EIO: "the disk reports an error",
  EISDIR: "is a directory",
  EMFILE: "too many open files",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the disk",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};
