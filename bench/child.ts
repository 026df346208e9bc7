import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** How to start a process that answers requests. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** An answer of a process: one line of JSON. */
export type Reply = Readonly<Record<string, unknown>>;

/** A long-lived process that answers one line of JSON with one line of JSON. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  /** The end of what it wrote to standard error, for when it dies. */
  #errors = "";
  /** What it said of itself. */
  hello: Reply = {};

  private constructor({ file, args, env }: Command) {
    this.#process = spawn(file, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#process.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#process.stdin.on("error", () => {});
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Starts it and waits for its first line. @throws Error with what it said when it dies before */
  static async start(command: Command, seconds = 120): Promise<Child> {
    const child = new Child(command);
    child.hello = await child.#answer(seconds);
    return child;
  }

  /** Asks, and waits for the answer; what takes longer than `seconds` is ended. */
  async ask(request: Reply, seconds = 600): Promise<Reply> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#answer(seconds);
  }

  /** Ends it. */
  close(): void {
    this.#process.stdin.end();
    this.#process.kill("SIGKILL");
  }

  async #answer(seconds: number): Promise<Reply> {
    const timer = setTimeout(() => {
      this.#errors = `no answer within ${seconds} s`;
      this.#process.kill("SIGKILL");
    }, seconds * 1000);
    try {
      for (;;) {
        const { value, done } = await this.#lines.next();
        if (done) throw new Error(lastLine(this.#errors));
        // Libraries greet on standard output too.
        if (!value.startsWith("{")) continue;
        const reply = JSON.parse(value) as Reply;
        if (typeof reply["failed"] === "string") throw new Error(reply["failed"]);
        return reply;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The line that says what went wrong: Node prints its version below, Python a trace above. */
function lastLine(text: string): string {
  const lines = text.split("\n").filter((line) => /\S/.test(line) && !/^Node\.js v/.test(line));
  const named = lines.findLast((line) => /^\S*(?:Error|Exception)\b/.test(line.trim()));
  return (named ?? lines.at(-1) ?? "it ended without a word").trim();
}
