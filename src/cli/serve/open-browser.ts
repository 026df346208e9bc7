import { spawn } from "node:child_process";
import { complain } from "../errors.ts";

/** Opens an address in the browser that the system would use, and warns where there is none. */
export function openBrowser(address: string): void {
  const [program, words] = OPENERS[process.platform] ?? ["xdg-open", []];
  const warn = (why: string): void =>
    complain(`warning: --open yes: ${program} ${why}; open ${address} by hand`);
  const child = spawn(program, [...words, address], { stdio: "ignore", detached: true });
  child.once("error", (error: NodeJS.ErrnoException) => {
    warn(error.code === "ENOENT" ? "is not installed" : `could not be started (${error.code})`);
  });
  child.once("exit", (code) => {
    if (code !== 0 && code !== null) warn(`found no browser (exit code ${code})`);
  });
  child.unref();
}

const OPENERS: Readonly<Record<string, readonly [program: string, words: readonly string[]]>> = {
  darwin: ["open", []],
  win32: ["rundll32", ["url.dll,FileProtocolHandler"]],
};
