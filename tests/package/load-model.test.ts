import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AttentionSeq2seq, defaultConfig, type Pair, Trainer } from "../../src/index.ts";
import { askPage, findChromium } from "./headless-browser.ts";

/**
 * Loads the model from everything that a page or a worker can have, and gives what each makes of a text;
 * of what is no model, the message. Runs in the browser.
 */
const LOADING = `
import { loadModel } from "./heed.js";

export async function loadAll() {
  const here = new URL("model.safetensors", import.meta.url);
  const response = await fetch(here);
  const blob = await response.clone().blob();
  const buffer = await response.arrayBuffer();
  const data = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
  });
  const stopped = new AbortController();
  stopped.abort();
  const sources = {
    "a relative address": () => loadModel("model.safetensors"),
    "an absolute path": () => loadModel(here.pathname),
    "an address": () => loadModel(here.href),
    "a URL": () => loadModel(here),
    "a Response": async () => loadModel(await fetch(here)),
    "a Blob": () => loadModel(blob),
    "a File": () => loadModel(new File([blob], "dropped.safetensors")),
    "a blob: URL": () => loadModel(URL.createObjectURL(blob)),
    "a data: URL": () => loadModel(data),
    "an ArrayBuffer": () => loadModel(buffer),
    "bytes": () => loadModel(new Uint8Array(buffer)),
    "no such address": () => loadModel("none.safetensors"),
    "a page": () => loadModel("index.html"),
    "a script": () => loadModel("heed.js"),
    "no server": () => loadModel("http://127.0.0.1:1/m"),
    "a file": () => loadModel("file:///etc/hostname"),
    "an aborted signal": () => loadModel(here, { signal: stopped.signal }),
  };
  const answers = {};
  for (const [name, load] of Object.entries(sources)) {
    answers[name] = await load().then(
      async (model) => (await model.transduce("abc")).output,
      (error) => error.name + ": " + error.message,
    );
  }
  return answers;
}
`;

const PAGE = `
import { loadAll } from "./loading.js";

const worker = new Worker("worker.js", { type: "module" });
const byWorker = new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(new Error(event.message));
});
const answer = await Promise.all([loadAll(), byWorker]).catch((error) => String(error));
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
`;

const WORKER = `
import { loadAll } from "./loading.js";
postMessage(await loadAll());
`;

const LOADED = [
  "a relative address",
  "an absolute path",
  "an address",
  "a URL",
  "a Response",
  "a Blob",
  "a File",
  "a blob: URL",
  "a data: URL",
  "an ArrayBuffer",
  "bytes",
];

describe("loadModel", () => {
  const chromium = findChromium();
  const folder = mkdtempSync(join(tmpdir(), "heed-page-"));
  let expected: string;

  beforeAll(async () => {
    if (!existsSync("dist/browser.js")) {
      throw new Error("dist/ is missing; `npm run build` makes it");
    }
    const pairs: Pair[] = ["abc", "bca", "cab", "acb"].map((source, i) => ({
      source,
      target: [...source].reverse().join(""),
      line: i + 1,
    }));
    const config = defaultConfig(pairs, { embeddingSize: 8, hiddenSize: 16 });
    const model = AttentionSeq2seq.fromPairs(pairs, config);
    const trainer = new Trainer(model, pairs, { batchSize: 4, epochs: 60, rate: 0.02 });
    for (let step = 0; step < 60; step++) await trainer.step();
    expected = (await model.transduce("abc")).output;
    expect(expected.length).toBeGreaterThan(0);
    writeFileSync(join(folder, "model.safetensors"), await model.toBytes());
    copyFileSync("dist/browser.js", join(folder, "heed.js"));
    // What the library and heed/plot have in common.
    copyFileSync("dist/shared.js", join(folder, "shared.js"));
    writeFileSync(join(folder, "loading.js"), LOADING);
    writeFileSync(join(folder, "page.js"), PAGE);
    writeFileSync(join(folder, "worker.js"), WORKER);
    const page = '<!doctype html><script type="module" src="page.js"></script>';
    writeFileSync(join(folder, "index.html"), page);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("loads a path in a worker of Node's", async () => {
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.heed)
        .then(({ loadModel }) => loadModel(workerData.path))
        .then((model) => model.transduce("abc"))
        .then(({ output }) => parentPort.postMessage(output));`;
    const workerData = {
      heed: pathToFileURL("dist/index.js").href,
      path: join(folder, "model.safetensors"),
    };
    const worker = new Worker(code, { eval: true, workerData });
    expect(await once(worker, "message")).toEqual([expected]);
    await worker.terminate();
  });

  it("gives the same model from every source, in a page and in a worker of its own", async (context) => {
    if (chromium === null) {
      if (process.env["CI"]) throw new Error("CI must have a Chromium, and there is none");
      context.skip("there is no Chromium on this machine");
      return;
    }
    const answer = await askPage(chromium, folder, false);
    const right = {
      ...Object.fromEntries(LOADED.map((name) => [name, expected])),
      "no such address": expect.stringMatching(
        /^CheckpointError: none\.safetensors: expected a model file, got HTTP status 404/,
      ),
      "a page": expect.stringMatching(
        /^CheckpointError: index\.html: expected a model file, got a page of HTML; check the address/,
      ),
      "a script": expect.stringMatching(/^CheckpointError: heed\.js: expected a/),
      "no server": expect.stringMatching(
        /^CheckpointError: http:\/\/127\.0\.0\.1:1\/m: expected a model file, got no answer/,
      ),
      "a file": expect.stringMatching(
        /^CheckpointError: file:\/\/\/etc\/hostname: expected a model file, got no answer/,
      ),
      "an aborted signal": expect.stringMatching(/^AbortError: /),
    };
    expect(answer).toEqual([right, right]);
  }, 90_000);
});
