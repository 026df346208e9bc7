import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a program ended. */
export interface ChildRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly milliseconds: number;
}

/**
 * Runs a TypeScript program as a process of its own, in which `heed` is the sources' entry.
 *
 * @param program a module's text, with `SRC` standing for the address of src/
 */
export function runProgram(program: string, env: Record<string, string> = {}): Promise<ChildRun> {
  const source = program.replaceAll("SRC", new URL("../../src", import.meta.url).href);
  const arguments_ = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", source];
  const start = performance.now();
  const child = spawn(process.execPath, arguments_, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ code, signal, output, milliseconds: performance.now() - start }),
    );
  });
}
