import { closeSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeFileAtomically } from "../atomic-write.ts";

/** What a line of the log says: what it is of, and named values. */
export interface LogRecord {
  readonly type: "start" | "resume" | "step" | "epoch" | "end";
  readonly [field: string]: unknown;
}

/** The log of a run: a JSON object a line, written as it happens. */
export class RunLog {
  readonly #path: string;
  #file: number | null = null;

  /** @param path need not be there yet */
  constructor(path: string) {
    this.#path = path;
  }

  /** Adds a line. What is not finite becomes null, as JSON has it. */
  write(record: LogRecord): void {
    this.#file ??= openSync(this.#path, "a");
    try {
      writeSync(this.#file, `${JSON.stringify(record)}\n`);
    } catch (error) {
      if (error instanceof Error) Object.assign(error, { path: this.#path });
      throw error;
    }
  }

  /**
   * Forgets what came after a step, and the half line that a kill may have left: those steps will be taken
   * again.
   *
   * @returns the seconds of training up to there
   */
  async rewindTo(step: number): Promise<number> {
    const text = await readFile(this.#path, "utf8").catch(() => "");
    let seconds = 0;
    const kept = text.split("\n").filter((line) => {
      const record = recordOf(line);
      if (record === null || record["type"] === "end") return false;
      const at = record["step"];
      if (typeof at === "number" && at > step) return false;
      if (typeof record["seconds"] === "number") seconds = record["seconds"];
      return true;
    });
    await writeFileAtomically(this.#path, kept.map((line) => `${line}\n`).join(""));
    return seconds;
  }

  /** Closes the file; the next line opens it again. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function recordOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
