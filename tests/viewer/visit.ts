import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { findChromium } from "../package/headless-browser.ts";

const EXECUTABLE = findChromium();

/** Why no page can be visited here; null where one can. CI must have a Chromium. */
export const NO_BROWSER: string | null =
  EXECUTABLE === null && process.env["CI"] === undefined
    ? "there is no Chromium on this machine"
    : null;

/** A page as `heed serve` gives it, in a real browser. */
export interface Visit {
  readonly page: Page;
  /** Where the page is, ending in a slash. */
  readonly address: string;
  /** Errors in the console, and those that nobody caught. */
  readonly complaints: string[];
  /** Every address that was asked for. */
  readonly requests: string[];
}

/** A server and a browser for all tests of a file. */
export interface House {
  /** Opens a room in a window of its own, which ends with the next call. */
  visit(hash: string, options?: BrowserContextOptions): Promise<Visit>;
  /** Ends the server, as Ctrl-C does. */
  close(): Promise<void>;
}

/**
 * Starts `heed serve` and Chromium before the tests of a file, and ends them after.
 *
 * @param models the model files that it is to serve
 */
export function house(models: () => readonly string[] = () => []): House {
  let server: ChildProcess | null = null;
  let browser: Browser | null = null;
  let address = "";
  let close = async (): Promise<void> => {};

  beforeAll(async () => {
    if (NO_BROWSER !== null) return;
    if (EXECUTABLE === null) throw new Error("CI must have a Chromium, and there is none");
    if (!existsSync("dist/viewer/index.html")) {
      throw new Error("dist/viewer is missing; `npm run build` makes it");
    }
    server = spawn(process.execPath, ["dist/cli/main.js", "serve", ...models(), "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    address = await addressOf(server);
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await close();
    await browser?.close();
    await end(server);
  });

  return {
    async visit(hash, options = {}) {
      await close();
      const context = await browser!.newContext(options);
      close = () => context.close();
      const page = await context.newPage();
      const visit: Visit = { page, address, complaints: [], requests: [] };
      page.on("console", (message) => {
        if (message.type() === "error") visit.complaints.push(message.text());
      });
      page.on("pageerror", (error) => visit.complaints.push(String(error)));
      page.on("request", (request) => visit.requests.push(request.url()));
      await page.goto(`${address}${hash}`);
      return visit;
    },
    close: () => end(server),
  };
}

async function addressOf(server: ChildProcess): Promise<string> {
  let said = "";
  for await (const chunk of server.stdout!) {
    said += String(chunk);
    const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error(`heed serve ended without an address:\n${said}`);
}

async function end(server: ChildProcess | null): Promise<void> {
  if (server === null || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGINT");
  await ended;
}
