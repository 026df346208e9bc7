import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AttentionSeq2seq,
  CheckpointError,
  DataError,
  defaultConfig,
  loadModel,
  type ModelSource,
  openDevice,
} from "../../src/index.ts";
import { gathered } from "../../src/seq2seq/model-source.ts";

const pairs = [{ source: "ab", target: "ba", line: 1 }];
const folder = mkdtempSync(join(tmpdir(), "heed-load-"));
const path = join(folder, "a model.safetensors");
let bytes: Uint8Array<ArrayBuffer>;
let server: Server;
let home: string;
/** Requests that the server began to answer and that were given up from the other side. */
let givenUp = 0;

/** What the server answers, by path. */
const ANSWERS: Record<string, (response: ServerResponse) => void> = {
  "/model": (response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream" });
    // In pieces, as networks deliver them.
    response.write(bytes.subarray(0, 100));
    setTimeout(() => response.end(bytes.subarray(100)), 5);
  },
  "/as-html": (response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end(bytes);
  },
  "/moved": (response) => response.writeHead(302, { Location: "/model" }).end(),
  "/page": (response) => {
    const headers = { "Content-Type": "text/html; charset=utf-8" };
    response.writeHead(200, headers).end("\n<!doctype html><title>Home</title>");
  },
  "/empty": (response) => response.writeHead(200).end(),
  "/broken": (response) => {
    response.writeHead(200, { "Content-Length": bytes.length });
    response.write(bytes.subarray(0, 100), () => response.destroy());
  },
  "/large": (response) => {
    response.writeHead(200, { "Content-Length": 2 ** 31 + 1 });
    response.write("x");
  },
  "/endless": (response) => {
    response.writeHead(200);
    response.write(bytes.subarray(0, 100));
  },
};

beforeAll(async () => {
  const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 8 });
  bytes = (await AttentionSeq2seq.fromPairs(pairs, config).toBytes()).slice();
  writeFileSync(path, bytes);
  server = createServer((request, response) => {
    response.on("close", () => {
      if (!response.writableFinished) givenUp += 1;
    });
    const answer = ANSWERS[request.url ?? ""];
    if (answer === undefined) response.writeHead(404).end("<!doctype html>");
    else answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const base64 = (): string => Buffer.from(bytes).toString("base64");

describe("a model is loaded from", () => {
  const shared = (): Uint8Array => {
    const padded = new Uint8Array(bytes.length + 7);
    padded.set(bytes, 3);
    return padded.subarray(3, bytes.length + 3);
  };
  const sources: [string, () => ModelSource | Promise<ModelSource>][] = [
    ["a path", () => path],
    ["a relative path", () => relative(process.cwd(), path)],
    ["a file: URL", () => pathToFileURL(path)],
    ["a file: URL as text", () => pathToFileURL(path).href],
    ["an http: URL as text", () => `${home}/model`],
    ["an http: URL", () => new URL(`${home}/model`)],
    ["an address that moved", () => `${home}/moved`],
    ["a server that calls it a page", () => `${home}/as-html`],
    ["a data: URL", () => `data:application/octet-stream;base64,${base64()}`],
    ["a blob: URL", () => URL.createObjectURL(new Blob([bytes]))],
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "m.safetensors")],
    ["a Response of a server", () => fetch(`${home}/model`)],
    ["a Response made by hand", () => new Response(bytes)],
    ["an ArrayBuffer", () => bytes.buffer],
    ["bytes", () => bytes],
    ["bytes amid others", shared],
    ["a Buffer", () => Buffer.from(bytes)],
    ["bytes of another frame", () => runInNewContext("Uint8Array.from(bytes)", { bytes })],
    ["a buffer of another frame", () => runInNewContext("Uint8Array.from(b).buffer", { b: bytes })],
  ];

  it.each(sources)("%s", async (_, source) => {
    const model = await loadModel(await source());
    expect(await model.toBytes()).toEqual(bytes);
  });

  it("a path, onto the device asked for", async () => {
    const device = await openDevice("reference");
    expect((await loadModel(path, { device })).device).toBe(device);
  });
});

describe("a message names the source and what is wrong with it:", () => {
  const text = (content: string): string => `data:text/plain,${content}`;
  const refused: [string, () => ModelSource | Promise<ModelSource>, () => string | RegExp][] = [
    ["no file", () => "none/x", () => "none/x: expected a model file, got no such file"],
    ["a folder", () => folder, () => `${folder}: expected a model file, got a directory`],
    ["a path of NUL", () => "a\0b", () => /^a\0b: expected a model file, got .*null bytes/],
    [
      "no file behind a URL",
      () => pathToFileURL("/none"),
      () => "file:///none: expected a model file, got no such file",
    ],
    [
      "no such address",
      () => `${home}/none`,
      () => `${home}/none: expected a model file, got HTTP status 404 Not Found`,
    ],
    [
      "a Response of such an address",
      () => fetch(`${home}/none`),
      () => `${home}/none: expected a model file, got HTTP status 404 Not Found`,
    ],
    [
      "no server",
      () => "http://127.0.0.1:1/m",
      () => /^http:\/\/127\.0\.0\.1:1\/m: expected a model file, got no answer \(.+\)$/,
    ],
    ["a page", () => `${home}/page`, () => /\/page: .*got a page of HTML; check the address: /],
    ["nothing", () => `${home}/empty`, () => /\/empty: expected a safetensors file, got an empty/],
    ["an answer cut off", () => `${home}/broken`, () => /\/broken: .*response that broke off \(/],
    [
      "too much",
      () => `${home}/large`,
      () => `${home}/large: expected a model file, got more than 2 GiB`,
    ],
    ["text", () => text("{}"), () => "data:text/plain,{}: expected a safetensors file, got JSON"],
    ["long data", () => text("a".repeat(99)), () => /^data:text\/plain,a{44}…: /],
    ["an empty Blob", () => new Blob(), () => /^a Blob: expected a safetensors file, got an empty/],
    [
      "half a File",
      () => new File([bytes.subarray(0, 200)], "m.bin"),
      () => /^m\.bin: expected a header of \d+ bytes/,
    ],
    ["no bytes", () => new Uint8Array(), () => /^loadModel: .*got an empty file/],
    [
      "a Response read before",
      async () => {
        const response = new Response(bytes);
        await response.arrayBuffer();
        return response;
      },
      () => "a Response: expected a model file, got a response that was read before",
    ],
  ];

  it.each(refused)("%s", async (_, source, message) => {
    const loading = loadModel(await source());
    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message());
  });

  it("a user's password, which it leaves out", async () => {
    const loading = loadModel("https://me:secret@127.0.0.1/m");
    await expect(loading).rejects.toThrow(DataError);
    await expect(loading).rejects.toThrow(/^https:\/\/127\.0\.0\.1\/m: .*Authorization header/);
  });

  it.each(["", undefined, null, 3, {}, [], true, new Map()])(
    "%j, which is no source",
    async (value) => {
      const loading = loadModel(value as unknown as string);
      await expect(loading).rejects.toThrow(DataError);
      await expect(loading).rejects.toThrow(/^loadModel: expected a path, an address, a Blob/);
    },
  );

  it.each([{ signal: {} }, { device: 1 }, { where: "x" }, null])(
    "the options %j",
    async (value) => {
      await expect(loadModel(bytes, value as object)).rejects.toThrow(
        expect.objectContaining({ name: expect.stringMatching(/^(Data|Device)Error$/) }),
      );
    },
  );

  it("pieces that come to too much, and takes no more of them", async () => {
    let given = 0;
    let isClosed = false;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given += 1;
          yield new Uint8Array(2 ** 20);
        }
      } finally {
        isClosed = true;
      }
    }
    await expect(gathered(pieces(), "f", 2 ** 23)).rejects.toThrow(
      "f: expected a model file, got more than 0.0078125 GiB",
    );
    expect([given, isClosed]).toEqual([9, true]);
  });
});

describe("an aborted signal ends the loading, with its reason", () => {
  const sources: [string, () => ModelSource | Promise<ModelSource>][] = [
    ["a path", () => path],
    ["an address", () => `${home}/endless`],
    ["a Response", () => fetch(`${home}/endless`)],
    ["a Blob", () => new Blob([bytes])],
    ["bytes", () => bytes],
  ];

  it.each(sources)("from the beginning: %s", async (_, source) => {
    const reason = new Error("changed my mind");
    const loading = loadModel(await source(), { signal: AbortSignal.abort(reason) });
    await expect(loading).rejects.toBe(reason);
  });

  it.each(sources.slice(1, 3))("in the middle: %s", async (_, source) => {
    const stop = new AbortController();
    const before = givenUp;
    const loading = loadModel(await source(), { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(loading).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    await expect.poll(() => givenUp).toBeGreaterThan(before);
  });
});

describe("without Node's modules, as before Node 20.16", () => {
  it("a path is refused with what to do, and all else works", async () => {
    const { getBuiltinModule } = process;
    try {
      Reflect.set(process, "getBuiltinModule", undefined);
      await expect(loadModel(path)).rejects.toThrow(
        /a model\.safetensors: expected Node 20\.16 or later.*; read the file with node:fs/,
      );
      expect(await (await loadModel(new Blob([bytes]))).toBytes()).toEqual(bytes);
    } finally {
      Reflect.set(process, "getBuiltinModule", getBuiltinModule);
    }
  });
});
