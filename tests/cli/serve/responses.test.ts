import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { refuseUnreadable } from "../../../src/cli/serve/refuse.ts";
import { exchange, get, PAGE, startSite, statusOf, writeFiles } from "./site.ts";

/** What every response has. */
const COMMON = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; " +
    "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; " +
    "connect-src 'self' https: blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
};

const FOR_EVER = "public, max-age=31536000, immutable";

/** The headers in a response as text, by their names in small letters. */
function headersOf(response: string): Record<string, string> {
  const lines = response.split("\r\n\r\n", 1)[0]!.split("\r\n").slice(1);
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
}

describe("every response has the headers that keep a page to itself", () => {
  it.each<[name: string, status: number, ask: (port: number) => Promise<string>]>([
    ["a file", 200, (port) => get(port, "/")],
    ["the list of models", 200, (port) => get(port, "/models.json")],
    ["a part", 206, (port) => get(port, "/icon.svg", "Range: bytes=0-3\r\n")],
    ["what has not changed", 304, (port) => get(port, "/", "If-None-Match: *\r\n")],
    ["a bad address", 400, (port) => get(port, "/%")],
    ["a bad request", 400, (port) => exchange(port, "\0\0\r\n\r\n")],
    ["no host", 400, (port) => exchange(port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")],
    ["no host of old", 400, (port) => exchange(port, "GET / HTTP/1.0\r\n\r\n")],
    ["two hosts", 400, (port) => get(port, "/", `Host: 127.0.0.1:${port}\r\n`)],
    ["nothing", 404, (port) => get(port, "/nothing")],
    ["another method", 405, (port) => ask(port, "POST /")],
    ["a tunnel", 405, (port) => ask(port, "CONNECT example.com:80")],
    ["another version", 412, (port) => get(port, "/", 'If-Match: "x"\r\n')],
    ["no such part", 416, (port) => get(port, "/icon.svg", "Range: bytes=900-\r\n")],
    ["an expectation", 417, (port) => get(port, "/", "Expect: the-unexpected\r\n")],
    ["another site", 421, (port) => exchange(port, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")],
    ["long headers", 431, (port) => get(port, "/", `X: ${"x".repeat(20_000)}\r\n`)],
  ])("%s", async (_name, status, request) => {
    const { port } = await startSite();
    const response = await request(port);
    expect(statusOf(response)).toBe(status);
    expect(headersOf(response)).toMatchObject(COMMON);
  });
});

/** A request of another method, with a body. */
function ask(port: number, line: string): Promise<string> {
  const headers = `Host: localhost:${port}\r\nContent-Length: 3\r\nConnection: close`;
  return exchange(port, `${line} HTTP/1.1\r\n${headers}\r\n\r\nabc`);
}

describe("a file's response", () => {
  it.each<[path: string, type: string, cache: string]>([
    ["", "text/html; charset=utf-8", "no-cache"],
    ["index.html", "text/html; charset=utf-8", "no-cache"],
    ["assets/index-B2x_9dQk.js", "text/javascript; charset=utf-8", FOR_EVER],
    ["assets/index-Cx1y2z3w.css", "text/css; charset=utf-8", FOR_EVER],
    ["assets/kernel-Ab12Cd34.wasm", "application/wasm", FOR_EVER],
    ["assets/plain.js", "text/javascript; charset=utf-8", "no-cache"],
    ["icon.svg", "image/svg+xml", "no-cache"],
    ["about.json", "application/json; charset=utf-8", "no-cache"],
    ["dates.safetensors", "application/octet-stream", "no-cache"],
  ])("/%s is %s, %s", async (path, type, cache) => {
    const { address } = await startSite();
    const response = await fetch(new URL(path, address));
    expect(response.status).toBe(200);
    const text = PAGE[path === "" ? "index.html" : path]!;
    expect(await response.text()).toBe(text);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...COMMON,
      "content-type": type,
      "cache-control": cache,
      "content-length": String(Buffer.byteLength(text)),
      "accept-ranges": "bytes",
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      "last-modified": expect.stringMatching(/ GMT$/),
    });
  });

  it("has no body for HEAD, and the same headers", async () => {
    const { address } = await startSite();
    for (const path of ["", "dates.safetensors", "models.json"]) {
      const whole = await fetch(new URL(path, address));
      const head = await fetch(new URL(path, address), { method: "HEAD" });
      expect(await head.text()).toBe("");
      const but = { date: "", connection: "", "keep-alive": "" };
      expect({ ...Object.fromEntries(head.headers), ...but }).toEqual({
        ...Object.fromEntries(whole.headers),
        ...but,
      });
    }
  });

  it("is a list of nothing where no models are named", async () => {
    const { address } = await startSite();
    expect(await (await fetch(new URL("models.json", address))).json()).toEqual([]);
  });
});

describe("ranges", () => {
  it.each<[range: string, status: number, body: string, contentRange: string | null]>([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=-99", 200, "0123456789", null],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=0-1,2-4", 206, "01234", "bytes 0-4/10"], // which are one
    ["bytes=0-1,5-6", 200, "0123456789", null], // the whole is one of the answers to several
    ["bytes=10-", 416, "The file has no bytes in that range.\n", "bytes */10"],
    ["bytes=5-2", 416, "The file has no bytes in that range.\n", "bytes */10"],
    ["lines=1-2", 200, "0123456789", null],
    ["bytes=x-y", 200, "0123456789", null],
  ])("%s: %i %s", async (range, status, body, contentRange) => {
    const { address } = await startSite();
    const response = await fetch(new URL("dates.safetensors", address), { headers: { range } });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("content-range")).toBe(contentRange);
  });

  it("of another version than the one meant are the whole", async () => {
    const { address } = await startSite();
    const file = new URL("dates.safetensors", address);
    const etag = (await fetch(file)).headers.get("etag")!;
    const part = (ifRange: string): Promise<Response> =>
      fetch(file, { headers: { range: "bytes=0-3", "if-range": ifRange } });
    expect((await part(etag)).status).toBe(206);
    expect((await part('"another"')).status).toBe(200);
  });
});

describe("conditions", () => {
  it("answer 304 for what has not changed, by tag or by date", async () => {
    const { address, folder } = await startSite();
    const file = new URL("about.json", address);
    const { headers } = await fetch(file);
    const etag = headers.get("etag")!;
    const date = headers.get("last-modified")!;
    expect(await statusWith(file, { "If-None-Match": etag })).toBe(304);
    expect(await statusWith(file, { "If-None-Match": `"a", W/${etag}` })).toBe(304);
    expect(await statusWith(file, { "If-Modified-Since": date })).toBe(304);
    expect(await statusWith(file, { "If-Match": etag })).toBe(200);
    expect(await statusWith(file, { "If-None-Match": '"a"' })).toBe(200);
    writeFiles(join(folder, "page"), { "about.json": '{"a":2}' }); // as long as before
    expect(await statusWith(file, { "If-None-Match": etag })).toBe(200);
  });
});

/** `fetch` would turn off caches for a request with conditions of its own. */
async function statusWith(file: URL, headers: Record<string, string>): Promise<number> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return statusOf(await get(Number(file.port), file.pathname, lines.join("")));
}

describe("methods", () => {
  it.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])("%s is refused", async (name) => {
    const { port } = await startSite();
    for (const target of ["/", "/models.json", "/nothing"]) {
      const response = await ask(port, `${name} ${target}`);
      expect(statusOf(response)).toBe(405);
      expect(response).toMatch(/^Allow: GET, HEAD\r$/m);
      expect(response).toMatch(/\r\n\r\nHere is only to read\.\n$/);
    }
  });
});

describe("the header Host", () => {
  it.each<[host: string, status: number]>([
    ["127.0.0.1:PORT", 200],
    ["localhost:PORT", 200],
    ["LocalHost:PORT", 200],
    ["[::1]:PORT", 200],
    ["127.0.0.1", 421],
    ["127.0.0.1:1", 421],
    ["localhost", 421],
    ["evil.example:PORT", 421],
    ["localhost.evil.example:PORT", 421],
    ["127.0.0.1.evil.example:PORT", 421],
    ["evil@127.0.0.1:PORT", 421],
    ["127.0.0.2:PORT", 421],
    ["", 421],
  ])("%s: %i, for the page and for models", async (host, status) => {
    const { port } = await startSite();
    for (const target of ["/", "/models.json"]) {
      const line = `Host: ${host.replace("PORT", String(port))}`;
      const response = await exchange(
        port,
        `GET ${target} HTTP/1.1\r\n${line}\r\nConnection: close\r\n\r\n`,
      );
      expect(statusOf(response)).toBe(status);
      if (status === 421) expect(response).toMatch(/open it at the address that heed serve prints/);
    }
  });

  it("may be anything where others may come", async () => {
    const { port, isOpen } = await startSite({ host: "0.0.0.0" });
    expect(isOpen).toBe(true);
    const response = await exchange(
      port,
      "GET / HTTP/1.1\r\nHost: my-machine:80\r\nConnection: close\r\n\r\n",
    );
    expect(statusOf(response)).toBe(200);
  });
});

it.each([
  ["EACCES", 404, "Not found: only the page's files and the models that heed serve names.\n"],
  ["EMFILE", 503, "Too many files are open; try again.\n"],
  ["EIO", 500, "The file cannot be read.\n"],
])("%s of the file system is a %i", async (code, status, text) => {
  const server = createServer((request, response) => {
    refuseUnreadable({ request, response }, Object.assign(new Error("made"), { code }));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
  });
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(response.status).toBe(status);
  expect(await response.text()).toBe(text);
  expect(Object.fromEntries(response.headers)).toMatchObject(COMMON);
});
