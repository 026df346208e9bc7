import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { findChromium } from "../package/headless-browser.ts";
import { launchChromium } from "../support/chromium.ts";
import { complaintsOf } from "../support/page-checks.ts";

/** Why no page can be visited here; null where one can. CI must have a Chromium. */
export const NO_BROWSER: string | null =
  process.env["CI"] === undefined && findChromium() === null
    ? "there is no Chromium on this machine"
    : null;

/** A page as `heed serve` gives it, in a real browser. */
export interface Visit {
  readonly page: Page;
  /** Where the page is, ending in a slash. */
  readonly address: string;
  /** Errors and warnings in the console, and errors that nobody caught. */
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
 * @param flags of the browser
 */
export function house(
  models: () => readonly string[] = () => [],
  flags: readonly string[] = [],
): House {
  return houseWith(flags, async () => {
    const command = ["dist/cli/main.js", "serve", ...models(), "--port", "0"];
    const server = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
    return { address: await addressOf(server), close: () => end(server) };
  });
}

/** The same on a host of static files that knows nothing of heed, at a path of its own. */
export function plainHost(): House {
  return houseWith([], async () => {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const file = join("dist/viewer", pathname.replace(/^\/some\/where\/?/, "") || "index.html");
      if (!pathname.startsWith("/some/where/") || !existsSync(file)) {
        response.writeHead(404).end();
        return;
      }
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type }).end(readFileSync(file));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return {
      address: `http://127.0.0.1:${port}/some/where/`,
      close: async () => {
        server.closeAllConnections();
        server.close();
      },
    };
  });
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** A server that is at work. */
interface Running {
  readonly address: string;
  close(): Promise<void>;
}

function houseWith(flags: readonly string[], start: () => Promise<Running>): House {
  let server: Running | null = null;
  let browser: Browser | null = null;
  let close = async (): Promise<void> => {};

  beforeAll(async () => {
    if (NO_BROWSER !== null) return;
    if (!existsSync("dist/viewer/index.html")) {
      throw new Error("dist/viewer is missing; `npm run build` makes it");
    }
    server = await start();
    browser = await launchChromium(flags);
    if (browser === null) throw new Error("CI must have a Chromium, and there is none");
  });
  afterAll(async () => {
    await close();
    await browser?.close();
    await server?.close();
  });

  return {
    async visit(hash, options = {}) {
      await close();
      const context = await browser!.newContext(options);
      close = () => context.close();
      const page = await context.newPage();
      const { address } = server!;
      const visit: Visit = { page, address, complaints: complaintsOf(page), requests: [] };
      page.on("request", (request) => visit.requests.push(request.url()));
      await page.goto(`${address}${hash}`);
      return visit;
    },
    close: async () => server?.close(),
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

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGINT");
  await ended;
}
