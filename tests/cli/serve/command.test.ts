import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { serveCommand } from "../../../src/cli/commands/serve.ts";
import { UsageError } from "../../../src/cli/errors.ts";
import { ending, heed, type Run, startHeed, temporaryFolder } from "../run-heed.ts";
import { connection, folderWithPage, PAGE, received, smallModel, statusOf } from "./site.ts";

const PROGRAM = fileURLToPath(new URL("serve-program.ts", import.meta.url));
const started: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

interface Served {
  readonly child: ChildProcessWithoutNullStreams;
  readonly address: URL;
  readonly end: Promise<Run>;
  /** Resolves once something has been said on stderr. */
  readonly said: (what: RegExp) => Promise<void>;
}

/** `heed serve` of a small page, in a folder with models, once it has printed its address. */
async function serving(words: readonly string[], env = {}): Promise<Served> {
  const { folder, page } = await folderWithModels();
  const child = startHeed([page, ...words], { cwd: folder, env, program: PROGRAM });
  started.push(child);
  const end = ending(child);
  let heard = "";
  child.stderr.on("data", (chunk: Buffer) => {
    heard += chunk.toString();
  });
  const said = async (what: RegExp): Promise<void> => {
    while (!what.test(heard)) await new Promise((done) => child.stderr.once("data", done));
  };
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    child.once("close", () => reject(new Error(heard)));
  });
  return { child, address: new URL(line.trim()), end, said };
}

async function folderWithModels(): Promise<{ folder: string; page: string }> {
  const folder = folderWithPage();
  mkdirSync(join(folder, "one"));
  for (const name of [
    "a.safetensors",
    "b.1.safetensors",
    "b.2.safetensors",
    "one/model.safetensors",
  ]) {
    writeFileSync(join(folder, name), await smallModel());
  }
  writeFileSync(join(folder, "none.safetensors"), "no model");
  return { folder, page: join(folder, "page") };
}

/** What the same call is refused with, in this process: to start one takes longer than all that is asked here. */
async function refusal(...words: string[]): Promise<unknown> {
  const { folder, page } = await folderWithModels();
  const named = words.map((word) => (/safetensors$|^page$/.test(word) ? join(folder, word) : word));
  const program = new Command().addCommand(serveCommand(page));
  return program.parseAsync(["serve", ...named], { from: "user" }).then(
    () => null,
    (error: unknown) => error,
  );
}

describe("heed serve", () => {
  it("prints where the page is and what is served, and serves it until Ctrl-C", async () => {
    const { child, address, end, said } = await serving(["a.safetensors", "b.safetensors", "one"]);
    await said(/Ctrl-C/);
    expect(await (await fetch(address)).text()).toBe(PAGE["index.html"]);
    const list = await (await fetch(new URL("models.json", address))).json();
    expect(list).toHaveLength(4);
    child.kill("SIGINT");
    expect(await end).toEqual({
      code: 0,
      signal: null,
      stdout: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\n$/),
      stderr:
        "serving the page and 4 models: a.safetensors, b.1.safetensors, b.2.safetensors, " +
        "model.safetensors; Ctrl-C stops\n",
    });
  });

  it("needs no model, and ends on SIGTERM too, with connections that wait", async () => {
    const { child, address, end, said } = await serving(["--host", "localhost"]);
    await said(/Ctrl-C/);
    expect(address.hostname).toBe("localhost");
    await (await fetch(address)).text(); // which keeps its connection
    const before = performance.now();
    child.kill("SIGTERM");
    const run = await end;
    expect(run.code).toBe(0);
    expect(run.stderr).toBe("serving the page, with its own model only; Ctrl-C stops\n");
    expect(performance.now() - before).toBeLessThan(1900);
  });

  it("ends at once on a second Ctrl-C", async () => {
    const { child, address, end, said } = await serving(["a.safetensors"]);
    await said(/Ctrl-C/);
    const socket = connection(Number(address.port)).pause();
    writeFileSync(join(child.spawnargs.at(-2)!, "big.bin"), Buffer.alloc(2 ** 25));
    socket.write(`GET /big.bin HTTP/1.1\r\nHost: ${address.host}\r\n\r\n`);
    await new Promise((done) => setTimeout(done, 500));
    const before = performance.now();
    child.kill("SIGINT");
    await new Promise((done) => setTimeout(done, 200));
    child.kill("SIGINT");
    expect((await end).code).toBe(130);
    expect(performance.now() - before).toBeLessThan(1500);
  });

  it("warns of a host that others can reach", async () => {
    const { child, address, end, said } = await serving(["--host", "0.0.0.0"]);
    await said(/Ctrl-C/);
    expect(address.hostname).toBe("127.0.0.1");
    child.kill("SIGINT");
    expect((await end).stderr).toMatch(
      /^heed: warning: --host 0\.0\.0\.0: others on the network can reach the page and the models; leave --host out to keep them to this machine\n/,
    );
  });

  it("listens where --port says", async () => {
    const port = await freePort();
    const { address } = await serving(["--port", String(port)]);
    expect(address.port).toBe(String(port));
    const raw = received(connection(port).end("nonsense\r\n\r\n"));
    expect(statusOf(await raw)).toBe(400);
  });

  it("goes on when whoever read its address has gone", async () => {
    const { child, address, said } = await serving([]);
    await said(/Ctrl-C/);
    child.stdout.destroy();
    child.stderr.destroy();
    expect((await fetch(address)).status).toBe(200);
    expect((await fetch(new URL("nothing", address))).status).toBe(404);
  });
});

describe("--open yes", () => {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";

  it("opens the browser at the address", async () => {
    const bin = temporaryFolder();
    const note = join(bin, "opened");
    writeFileSync(
      join(bin, opener),
      `#!/bin/sh\necho "$1" > "${note}.new" && mv "${note}.new" "${note}"\n`,
    );
    chmodSync(join(bin, opener), 0o755);
    const path = `${bin}${delimiter}${process.env["PATH"]}`;
    const { address } = await serving(["--open", "yes"], { PATH: path });
    while (!existsSync(note)) await new Promise((done) => setTimeout(done, 50));
    expect(readFileSync(note, "utf8")).toBe(`${address}\n`);
  });

  it("warns where none can be opened, and serves", async () => {
    const bin = temporaryFolder();
    const { address, said } = await serving(["--open", "yes"], { PATH: bin });
    await said(
      new RegExp(`warning: --open yes: ${opener} is not installed; open ${address} by hand`),
    );
    expect((await fetch(address)).status).toBe(200);
    writeFileSync(join(bin, opener), "#!/bin/sh\nexit 3\n");
    chmodSync(join(bin, opener), 0o755);
    const again = await serving(["--open", "yes"], { PATH: `${bin}:/bin` });
    await again.said(/found no browser \(exit code 3\); open http:\/\/127/);
  });
});

describe("a call of heed serve that is wrong", () => {
  it.each<[name: string, words: string, code: number, message: RegExp]>([
    [
      "a port in words",
      "--port abc",
      2,
      /--port: expected a whole number from 0 to 65535, got "abc"/,
    ],
    ["a port that is none", "--port 70000", 2, /--port: expected a whole .* 65535, got "70000"/],
    ["a port below 0", "--port -1", 2, /--port: expected a whole number .*, got "-1"/],
    ["opening maybe", "--open maybe", 2, /--open: expected yes or no, got "maybe"/],
    [
      "a host of others",
      "--host 192.0.2.1",
      2,
      /--host 192\.0\.2\.1: expected a name or an address of this machine, got an address that is not this machine's; leave/,
    ],
    [
      "a host that is none",
      "--host no.such.invalid",
      2,
      /--host no\.such\.invalid: .*, got a name that (is not known|could not be looked up)/,
    ],
    [
      "a host with a port",
      "--host http://127.0.0.1:80",
      2,
      /--host http:.*: .*, got a name that (is not known|could not be looked up)/,
    ],
    [
      "no model there",
      "no.safetensors",
      2,
      /no\.safetensors: expected a model file.*, got no such file/,
    ],
    [
      "a folder without",
      "page",
      2,
      /page: expected a model file, or a folder .*a directory without/,
    ],
    ["a file that is no model", "a.safetensors none.safetensors", 1, /none\.safetensors: /],
    [
      "a pipe",
      "/dev/null",
      2,
      /\/dev\/null: expected a model file, which is read anew for every request, got something that is not a regular file/,
    ],
  ])("%s", async (_name, words, code, message) => {
    const error = await refusal(...words.split(" "));
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(error instanceof UsageError ? 2 : 1).toBe(code);
  });

  it("an empty host", async () => {
    const error = await refusal("--host", " ");
    const expected = "a name or an address of this machine, such as 127.0.0.1";
    expect(error).toMatchObject({ message: `--host: expected ${expected}, got an empty name` });
  });

  it("a port that is taken", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => {
      other.close();
    });
    await new Promise((listening) => other.once("listening", listening));
    const { page } = await folderWithModels();
    const run = await heed([page, "--port", String(port)], { program: PROGRAM });
    expect(run).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr:
        `heed: --port ${port}: expected a port that is free, got one that another program listens on at ` +
        "127.0.0.1; choose another, or --port 0 for any that is free\n",
    });
  });

  it("a page that is not built", async () => {
    const empty = temporaryFolder();
    const run = await heed([empty], { program: PROGRAM });
    expect(run).toEqual({
      code: 1,
      signal: null,
      stdout: "",
      stderr:
        `heed: heed serve: expected the page in ${empty}, got no index.html there: it is not built; ` +
        "`npm run build` in heed's folder builds it\n",
    });
  });
});

it("heed serve --help teaches, and heed --help names it", async () => {
  const help = await heed(["serve", "--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("Usage: heed serve [options] [models...]");
  expect(help.stdout).toMatch(/Examples:\n {2}heed serve/);
  expect((await heed(["--help"])).stdout).toMatch(/^ {2}serve .*look into models in the browser$/m);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address !== null ? address.port : 0;
}
