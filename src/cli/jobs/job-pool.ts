import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { JobsDisplay } from "./display.ts";
import { PARENT_VARIABLE, type Report, STOP } from "./parent.ts";

/** A call of heed that runs as a process of its own. */
export interface Job {
  /** What people know it by. */
  readonly name: string;
  /** The words after `heed`. */
  readonly words: readonly string[];
}

/** How a job ended. */
export interface JobOutcome {
  readonly name: string;
  /** Stopped: because of Ctrl-C, after it had saved. Not begun: the same, before its turn. */
  readonly ended: "done" | "stopped" | "failed" | "not begun";
  /** Why it failed, as it said itself. */
  readonly reason: string | null;
}

/**
 * Runs calls of heed side by side, each a process of its own. A job that fails is reported by its name,
 * and the others go on. Ctrl-C or SIGTERM asks each to stop, which saves what it has, and begins no more;
 * a second one ends all where they stand. Jobs whose pool is killed stop by themselves, having saved.
 */
export class JobPool {
  readonly #display: JobsDisplay;
  readonly #program: readonly string[];
  readonly #running = new Set<ChildProcess>();
  /** What the process is to exit with when it was interrupted, 130 or 143; else 0. */
  exitCode = 0;

  /** @param program what Node runs a job with, before the job's words: the program that this process is */
  constructor(display: JobsDisplay, program: readonly string[] = thisProgram()) {
    this.#display = display;
    this.#program = program;
    process.on("SIGINT", this.#interrupt);
    process.on("SIGTERM", this.#interrupt);
  }

  /** Runs the jobs, as many at a time as `sideBySide`, and gives their outcomes in the same order. */
  async run(jobs: readonly Job[], sideBySide: number): Promise<JobOutcome[]> {
    const outcomes: JobOutcome[] = jobs.map(({ name }) => ({
      name,
      ended: "not begun",
      reason: null,
    }));
    const waiting = [...jobs.entries()].reverse();
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if (this.exitCode !== 0) return;
        const [place, job] = next;
        outcomes[place] = await this.#runOne(job);
      }
    };
    await Promise.all(Array.from({ length: Math.min(sideBySide, jobs.length) }, work));
    return outcomes;
  }

  /** Listens to no signals any more, and leaves the screen to others. */
  close(): void {
    process.off("SIGINT", this.#interrupt);
    process.off("SIGTERM", this.#interrupt);
    this.#display.end();
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    if (this.exitCode !== 0) {
      for (const child of this.#running) child.kill("SIGKILL");
      process.exit(this.exitCode);
    }
    this.exitCode = signal === "SIGTERM" ? 143 : 130;
    for (const child of this.#running) stop(child);
  };

  async #runOne({ name, words }: Job): Promise<JobOutcome> {
    const display = this.#display;
    const child = start([...this.#program, ...words]);
    this.#running.add(child);
    child.on("message", (message) => {
      const { standing, evaluated } = message as Report;
      display.standing(name, standing, evaluated);
    });
    let said = "";
    const output =
      child.stderr === null
        ? null
        : linesOf(child.stderr, (line) => {
            said = line.replace(/^heed: /, "");
            display.complain(`${name}: ${said}`);
          });
    const how = await new Promise<string | null>((resolve) => {
      child.on("error", (error) => resolve(`could not be started: ${error.message}`));
      child.on("close", (code, signal) => {
        if (code === 0) resolve(null);
        else resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
      });
    });
    await output;
    this.#running.delete(child);
    display.ended(name);
    if (how === null) return { name, ended: "done", reason: null };
    if (this.exitCode !== 0) return { name, ended: "stopped", reason: null };
    if (said === "") display.complain(`${name}: ${how}`);
    return { name, ended: "failed", reason: said === "" ? how : said };
  }
}

function thisProgram(): string[] {
  return [...process.execArgv, ...process.argv.slice(1, 2)];
}

/** Starts Node with words, so that it works for this process. */
function start(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, words, {
    env: { ...process.env, [PARENT_VARIABLE]: "1" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Numbers that are not finite arrive as they are.
    serialization: "advanced",
    // A group of its own: Ctrl-C in the terminal reaches this process alone, which passes it on once.
    detached: true,
    windowsHide: true,
  });
}

function stop(child: ChildProcess): void {
  if (child.connected) child.send(STOP, () => {}); // one that ends just now needs no word
}

/** Calls `use` for each line, and resolves when there are no more. */
async function linesOf(stream: Readable, use: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) use(line);
}
