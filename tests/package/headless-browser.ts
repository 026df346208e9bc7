import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };
/** The headers that give a page memory which its workers share. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The command of a Chromium on this machine; null where there is none. */
export function findChromium(): string | null {
  const works = (name: string) => {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  return NAMES.find(works) ?? null;
}

/**
 * Serves a folder, opens its index.html in a headless Chromium, and returns what the page posts to
 * `/answer`.
 *
 * @param isolated whether the server sends the headers that give a page SharedArrayBuffer
 * @throws when the browser ends or a minute passes without an answer
 */
export async function askPage(
  chromium: string,
  folder: string,
  isolated: boolean,
): Promise<unknown> {
  const { server, answer } = serve(folder, isolated);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const profile = mkdtempSync(join(tmpdir(), "heed-chromium-"));
  const { port } = server.address() as AddressInfo;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"];
  const url = `http://127.0.0.1:${port}/index.html`;
  const browser = spawn(
    chromium,
    [...flags, `--user-data-dir=${profile}`, "--remote-debugging-port=0", url],
    { detached: true, stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  browser.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const ended = once(browser, "exit");
  try {
    return await Promise.race([
      answer,
      ended.then(() => Promise.reject(new Error(`${chromium} ended without an answer:\n${log}`))),
      wait(60_000, null, { ref: false }).then(() =>
        Promise.reject(new Error(`no answer within a minute:\n${log}`)),
      ),
    ]);
  } finally {
    // The browser and all of its helpers; the group is theirs alone, being detached.
    if (browser.exitCode === null) process.kill(-browser.pid!, "SIGKILL");
    server.closeAllConnections();
    server.close();
    await remove(profile);
  }
}

function serve(folder: string, isolated: boolean): { server: Server; answer: Promise<unknown> } {
  const server = createServer();
  const answer = new Promise<unknown>((resolve, reject) => {
    server.on("request", async (request, response) => {
      const path = new URL(request.url!, "http://localhost").pathname;
      if (path === "/answer") {
        response.writeHead(204).end();
        body(request).then((text) => resolve(JSON.parse(text)), reject);
        return;
      }
      try {
        const content = readFileSync(join(folder, path));
        const type = TYPES[extname(path)] ?? "application/octet-stream";
        response.writeHead(200, { "Content-Type": type, ...(isolated ? ISOLATION : {}) });
        response.end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
  });
  return { server, answer };
}

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** Removes a folder that ending processes may still be writing to for a moment. */
async function remove(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === 20) throw error;
      await wait(200);
    }
  }
}
