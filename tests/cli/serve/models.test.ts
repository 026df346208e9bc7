import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type IncomingMessage, get as request } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findModels, tellingNames } from "../../../src/cli/serve/served-models.ts";
import { temporaryFolder } from "../run-heed.ts";
import { get, SECRET, smallModel, startSite, statusOf } from "./site.ts";

/** A folder with the smallest model under each of some names. */
async function folderOf(...names: string[]): Promise<string> {
  const folder = temporaryFolder();
  const bytes = await smallModel();
  for (const name of names) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

describe("the models that are named", () => {
  it("are files, those of ensembles and those in folders, each once", async () => {
    const names = ["a.safetensors", "b.1.safetensors", "b.2.safetensors"];
    const folder = await folderOf(...names, "run/seed-1/best.safetensors", "one/model.safetensors");
    const paths = ["a.safetensors", "b.safetensors", "run", "one", "./a.safetensors"];
    const models = await findModels(paths.map((path) => join(folder, path)));
    expect(models.map(({ name, url }) => [name, url])).toEqual([
      ["a.safetensors", "models/0/a.safetensors"],
      ["b.1.safetensors", "models/1/b.1.safetensors"],
      ["b.2.safetensors", "models/2/b.2.safetensors"],
      ["best.safetensors", "models/3/best.safetensors"],
      ["model.safetensors", "models/4/model.safetensors"],
    ]);
  });

  it("are told apart by as much of their paths as it takes", () => {
    const names = ["/x/a/model", "/x/b/model", "/y/b/model", "/y/c", "/model"];
    expect(tellingNames(names)).toEqual(["a/model", "x/b/model", "y/b/model", "c", "/model"]);
  });

  it("are listed with their sizes and served byte by byte, whatever they are called", async () => {
    const names = [
      "dates.safetensors",
      "日付 モデル.safetensors",
      "é\u0301 🗓️ ?#%2e%2e%2f&.html",
      "a\"b'<script>.safetensors",
      "line\nend.safetensors",
      "100%",
    ];
    const folder = await folderOf(...names);
    const models = await findModels(names.map((name) => join(folder, name)));
    const { address, port } = await startSite({ models });
    const response = await fetch(new URL("models.json", address));
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const bytes = await smallModel();
    const list: { name: string; url: string; bytes: number }[] = JSON.parse(await response.text());
    expect(list.map(({ name }) => name)).toEqual(names);
    for (const [i, entry] of list.entries()) {
      expect(Object.keys(entry)).toEqual(["name", "url", "bytes"]);
      expect(entry.url).toMatch(new RegExp(`^models/${i}/[\\w.%!'()*~-]+$`));
      expect(entry.bytes).toBe(bytes.length);
      const got = await fetch(new URL(entry.url, address));
      expect(new Uint8Array(await got.arrayBuffer())).toEqual(new Uint8Array(bytes));
      expect(got.headers.get("content-type")).toBe("application/octet-stream");
      expect(got.headers.get("cache-control")).toBe("no-cache");
      // As it is on the wire, too.
      expect(statusOf(await get(port, `/${entry.url}`))).toBe(200);
    }
  });

  it("are found at these addresses only", async () => {
    const folder = await folderOf("m.safetensors", "other.safetensors");
    const models = await findModels([join(folder, "m.safetensors")]);
    const { port } = await startSite({ models });
    expect(statusOf(await get(port, "/models/0/m.safetensors?again"))).toBe(200);
    for (const target of [
      "/models/",
      "/models/0",
      "/models/0/",
      "/models/1/m.safetensors",
      "/models/00/m.safetensors",
      "/models/-1/m.safetensors",
      "/models/0/other.safetensors",
      "/models/0/../0/m.safetensors",
      "/models/0/%6d.safetensors",
      "/models/0/./m.safetensors",
      "/models/0/m.safetensors/",
      "/models//0/m.safetensors",
      "/models/0%2fm.safetensors",
      "/models/0/m.safetensors%00",
      "/models/0/../../m.safetensors",
      "/models/__proto__/m.safetensors",
      "/m.safetensors",
      `/models/0/${folder}/m.safetensors`,
    ]) {
      expect(statusOf(await get(port, target)), target).toBeGreaterThanOrEqual(400);
    }
  });

  it("may be behind a symbolic link, which is theirs who name it", async () => {
    const folder = await folderOf("m.safetensors");
    symlinkSync("m.safetensors", join(folder, "current"));
    const models = await findModels([join(folder, "current")]);
    const { port } = await startSite({ models });
    expect(statusOf(await get(port, "/models/0/current"))).toBe(200);
  });
});

describe("a model file that changes while it is served", () => {
  /** A big file as the only model. */
  async function bigModel(): Promise<{
    path: string;
    model: string;
    address: string;
    port: number;
  }> {
    const folder = temporaryFolder();
    const path = join(folder, "big");
    writeFileSync(path, Buffer.alloc(SIZE, "a"));
    const url = "models/0/big";
    const server = await startSite({ models: [{ name: "big", url, path }] });
    return { path, model: new URL(url, server.address).href, ...server };
  }

  it("is new for the next request, with another tag and length", async () => {
    const { path, model } = await bigModel();
    const before = await fetch(model);
    expect(await before.text()).toBe("a".repeat(SIZE));
    writeFileSync(path, "short");
    const after = await fetch(model);
    expect(await after.text()).toBe("short");
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
  });

  it("is not there, nor in the list, once it has gone, and is again when it is back", async () => {
    const { path, model, address } = await bigModel();
    const list = async (): Promise<unknown> =>
      (await fetch(new URL("models.json", address))).json();
    const listed = (bytes: number): unknown => [{ name: "big", url: "models/0/big", bytes }];
    expect(await list()).toEqual(listed(SIZE));
    rmSync(path);
    expect((await fetch(model)).status).toBe(404);
    expect(await list()).toEqual([]);
    mkdirSync(path);
    expect((await fetch(model)).status).toBe(404);
    expect(await list()).toEqual([]);
    rmSync(path, { recursive: true });
    writeFileSync(path, SECRET);
    expect(await (await fetch(model)).text()).toBe(SECRET);
    expect(await list()).toEqual(listed(SECRET.length));
  });

  it.each<[name: string, change: (path: string) => void]>([
    ["cut off", (path) => truncateSync(path, 1000)],
    ["emptied", (path) => truncateSync(path, 0)],
    ["longer", (path) => appendFileSync(path, "more")],
    ["written over", (path) => writeFileSync(path, Buffer.alloc(SIZE, "b"), { flag: "r+" })],
  ])("and is %s in the midst of a response: that breaks off", async (_name, change) => {
    const { path, model } = await bigModel();
    const response = await begun(model);
    expect(response.statusCode).toBe(200);
    change(path);
    await expect(rest(response)).rejects.toThrow("aborted");
    expect((await fetch(model, { method: "HEAD" })).status).toBe(200);
  });

  it.each<[name: string, change: (path: string) => void]>([
    ["replaced as a whole", (path) => replace(path, Buffer.alloc(SIZE, "b"))],
    ["removed", (path) => rmSync(path)],
  ])(
    "and is %s in the midst of a response: that is the old one to its end",
    async (_name, change) => {
      const { path, model } = await bigModel();
      const response = await begun(model);
      change(path);
      expect(await rest(response)).toEqual({ length: SIZE, letters: "a" });
    },
  );

  it("again and again is old or new, never some of both", async () => {
    const { path, model } = await bigModel();
    const seen = new Set<string>();
    let done = false;
    replace(path, "b".repeat(9800)); // small, so that there are many
    const reading = (async () => {
      for (let i = 0; i < 80; i++) {
        const response = await fetch(model, { headers: { connection: "close" } });
        if (response.status === 503) continue;
        const text = await response.text();
        const letter = text[0]!;
        expect(text.length).toBe(letter.charCodeAt(0) * 100);
        expect(text === letter.repeat(text.length)).toBe(true);
        seen.add(letter);
      }
    })().finally(() => {
      done = true;
    });
    for (let i = 0; !done; i++) {
      const letter = String.fromCharCode(98 + (i % 20));
      replace(path, letter.repeat(letter.charCodeAt(0) * 100));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await reading;
    expect(seen.size).toBeGreaterThan(3);
  });
});

const SIZE = 2 ** 24;

function replace(path: string, bytes: string | Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

/** A response of which nothing has been taken yet but the headers. */
function begun(address: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(address, (response) => {
      response.on("error", () => {}); // for whoever reads the rest
      response.once("readable", () => resolve(response));
    }).on("error", reject);
  });
}

/** What comes of a response: how much, and which letters are in it. */
async function rest(response: IncomingMessage): Promise<{ length: number; letters: string }> {
  const seen = new Set<number>();
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    for (const byte of chunk) seen.add(byte);
  }
  return { length, letters: String.fromCharCode(...seen) };
}
