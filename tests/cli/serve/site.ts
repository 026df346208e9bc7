import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type PageServer, type ServerOptions, startServer } from "../../../src/cli/serve/server.ts";
import { AttentionSeq2seq, defaultConfig } from "../../../src/index.ts";
import { temporaryFolder } from "../run-heed.ts";

/** What the small page of the tests holds. */
export const PAGE: Readonly<Record<string, string>> = {
  "index.html": "<!doctype html><title>A page</title>",
  "assets/index-B2x_9dQk.js": "console.log('hashed');",
  "assets/index-Cx1y2z3w.css": "body { margin: 0 }",
  "assets/kernel-Ab12Cd34.wasm": "\0asm\u0001\0\0\0",
  "assets/plain.js": "console.log('plain');",
  "icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
  "about.json": '{"a":1}',
  "dates.safetensors": "0123456789",
  "a b/ü ñ.txt": "names of any kind",
  ".hidden": "not for others",
};

/** Writes files, by their paths in a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A new folder that has `page/` in it, and beside it a file that nobody is to read. */
export function folderWithPage(): string {
  const folder = temporaryFolder();
  writeFiles(join(folder, "page"), PAGE);
  writeFiles(folder, { "secret.txt": SECRET, "page-too/index.html": SECRET });
  return folder;
}

/** What is in files that are not served. */
export const SECRET = "the secret";

/** A server of the page in a new folder, which stops when the test is over. */
export async function startSite(
  options: Partial<ServerOptions> = {},
): Promise<PageServer & { readonly folder: string }> {
  const folder = folderWithPage();
  const page = join(folder, "page");
  const bugs: string[] = [];
  const usual = { models: [], host: "127.0.0.1", port: 0, warn: (text: string) => bugs.push(text) };
  const server = await startServer({ page, ...usual, ...options });
  onTestFinished(async () => {
    await server.stop();
    expect(bugs).toEqual([]);
  });
  return { ...server, folder };
}

/** A model file's bytes; the smallest there is. */
export function smallModel(): Promise<Uint8Array> {
  const pairs = [{ source: "ab", target: "ba", line: 1 }];
  const config = defaultConfig(pairs, { embeddingSize: 2, hiddenSize: 2 });
  return AttentionSeq2seq.fromPairs(pairs, config).toBytes();
}

/** A connection to a server, which ends with the test. */
export function connection(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // the server may end it in any way
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** All that a server sends on a connection until that is closed. */
export function received(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  return new Promise((done) => socket.on("close", () => done(text)));
}

/** What comes back for bytes that `fetch` would not send. */
export function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connection(port);
  socket.write(bytes);
  return received(socket);
}

/** What comes back for a request target as it is, without any of it made normal. */
export function get(port: number, target: string, headers = ""): Promise<string> {
  return exchange(
    port,
    `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n${headers}\r\n`,
  );
}

/** The status of a response as text. */
export function statusOf(response: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1]);
}
