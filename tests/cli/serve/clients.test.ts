import { writeFileSync } from "node:fs";
import { Agent, get as request } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Patience } from "../../../src/cli/serve/server.ts";
import { temporaryFolder } from "../run-heed.ts";
import { connection, exchange, get, PAGE, received, startSite, statusOf } from "./site.ts";

/** Milliseconds of a server that soon loses patience. */
const SHORT: Patience = {
  headers: 300,
  request: 600,
  nextRequest: 300,
  stalled: 400,
  stopping: 300,
  check: 50,
};

/** A server with one big model, too big for what the system keeps of a connection. */
async function withBigModel(patience: Patience): ReturnType<typeof startSite> {
  const path = join(temporaryFolder(), "big");
  writeFileSync(path, Buffer.alloc(2 ** 25, "a"));
  return startSite({ models: [{ name: "big", url: "models/0/big", path }], patience });
}

const LATE = { ...SHORT, stalled: 60_000 };

describe("a client that is slow", () => {
  it("to send its headers, byte by byte, is told 408 and loses its connection", async () => {
    // It has all the time for the request, but not for its headers.
    const { port } = await startSite({ patience: { ...SHORT, request: 60_000 } });
    const socket = connection(port);
    const text = [..."GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Header: one that takes for ever\r\n"];
    const dripping = setInterval(() => socket.write(text.shift() ?? "x"), 50);
    const response = await received(socket);
    clearInterval(dripping);
    expect(statusOf(response)).toBe(408);
    expect(response).toMatch(/^X-Content-Type-Options: nosniff\r$/m);
  });

  it("to send anything at all loses its connection", async () => {
    const { port } = await startSite({ patience: SHORT });
    expect(await received(connection(port))).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  it("to ask again loses its connection", async () => {
    const { port } = await startSite({ patience: SHORT });
    const socket = connection(port);
    socket.write(`GET /icon.svg HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    expect(statusOf(await received(socket))).toBe(200);
  });

  it("to take a big file keeps nobody waiting, and in the end its connection is closed", async () => {
    const { port, address } = await withBigModel(SHORT);
    const slow = Array.from({ length: 20 }, () => {
      const socket = connection(port).pause();
      socket.write(`GET /models/0/big HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
      return socket;
    });
    const others = AbortSignal.timeout(5000);
    expect(await (await fetch(address, { signal: others })).text()).toBe(PAGE["index.html"]);
    await new Promise((done) => setTimeout(done, 4 * SHORT.stalled));
    for (const socket of slow) {
      const text = await received(socket.resume());
      expect(statusOf(text)).toBe(200);
      expect(text.length).toBeLessThan(2 ** 25);
    }
  });
});

describe("a client that is broken", () => {
  it.each<[name: string, bytes: string | Uint8Array]>([
    ["greets for TLS", Buffer.from("16030100c8010000c40303", "hex")],
    ["speaks HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["sends bytes of any kind", Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 77) % 251))],
    ["sends a header that is none", "GET / HTTP/1.1\r\nno colon\r\n\r\n"],
    ["sends two lengths", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
    ["invents a method", "HEED / HTTP/1.1\r\n\r\n"],
  ])("and %s is told 400", async (_name, bytes) => {
    const { port } = await startSite();
    const response = await exchange(port, bytes);
    expect(statusOf(response)).toBe(400);
    expect(response).toMatch(/\r\nConnection: close\r\n\r\nBad Request\n$/);
    expect(statusOf(await get(port, "/"))).toBe(200);
  });

  it("and sends nonsense in the midst of a response gets nothing more", async () => {
    const { port } = await withBigModel(LATE);
    const socket = connection(port);
    socket.write(`GET /models/0/big HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await new Promise((readable) => socket.once("readable", readable));
    socket.write("nonsense\r\n\r\n");
    const text = await received(socket);
    expect(text).not.toContain("400 Bad Request");
    expect(text.length).toBeLessThan(2 ** 25);
    expect(statusOf(await get(port, "/"))).toBe(200);
  });

  it("and leaves in the midst of requests and responses is forgotten", async () => {
    const { port, stop } = await withBigModel(LATE);
    for (let i = 0; i < 60; i++) {
      const socket = connection(port);
      const part = ["GET /mod", `GET /models/0/big HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`];
      socket.write(part[i % 2]!);
      await new Promise((done) => socket.once(i % 2 === 0 ? "connect" : "readable", done));
      if (i % 3 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    expect(statusOf(await get(port, "/"))).toBe(200);
    const started = performance.now();
    await stop();
    expect(performance.now() - started).toBeLessThan(LATE.stopping); // nothing was waited for
  });

  it("and posts more than anyone reads is told 405", async () => {
    const { port } = await startSite({ patience: SHORT });
    const socket = connection(port);
    socket.write(`POST / HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 99999999\r\n\r\n`);
    expect(statusOf(await received(socket))).toBe(405);
  });
});

describe("many clients at once", () => {
  it("get whole files, each its own: 300 of them", async () => {
    const { address } = await withBigModel(LATE);
    const paths = Object.keys(PAGE).filter((path) => !path.startsWith("."));
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
    const answers = Array.from({ length: 300 }, async (_, i) => {
      const path = paths[i % paths.length]!;
      return { path, text: await textOf(new URL(path, address), agent) };
    });
    for (const { path, text } of await Promise.all(answers)) expect(text).toBe(PAGE[path]);
    agent.destroy();
  });

  it("get several answers on one connection, in order", async () => {
    const { port } = await startSite({ patience: SHORT });
    const files = ["/icon.svg", "/about.json", "/nothing", "/dates.safetensors"];
    const asked = files.map((file) => `GET ${file} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    const text = await exchange(port, asked.join(""));
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 200, 404, 200]);
    expect(text.endsWith(PAGE["dates.safetensors"]!)).toBe(true);
  });
});

describe("a server that stops", () => {
  it("closes connections that wait at once, and accepts no more", async () => {
    const { port, stop } = await startSite({ patience: LATE });
    const idle = connection(port);
    idle.write(`GET /icon.svg HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    const fresh = connection(port);
    const both = Promise.all([received(idle), received(fresh)]);
    await new Promise((readable) => idle.once("readable", readable));
    const started = performance.now();
    await stop();
    expect(performance.now() - started).toBeLessThan(LATE.stopping);
    expect((await both).map(statusOf)).toEqual([200, Number.NaN]);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
  });

  it("lets a response that is under way end", async () => {
    const { port, stop } = await withBigModel({ ...LATE, stopping: 20_000 });
    const socket = connection(port);
    socket.write(`GET /models/0/big HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await new Promise((readable) => socket.once("readable", readable));
    const stopped = stop();
    const text = await received(socket);
    expect(text.split("\r\n\r\n")[1]?.length).toBe(2 ** 25);
    await stopped;
  });

  it("does not wait for a response that nobody takes", async () => {
    const { port, stop } = await withBigModel(LATE);
    const socket = connection(port).pause();
    socket.write(`GET /models/0/big HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await new Promise((done) => setTimeout(done, 100));
    const started = performance.now();
    await stop();
    expect(performance.now() - started).toBeLessThan(LATE.stopping + 500);
  });
});

function textOf(url: URL, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    }).on("error", reject);
  });
}
