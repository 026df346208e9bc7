import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type AttentionSeq2seq, readNpy } from "../../src/index.ts";
import { NO_ONNX_RUNTIME } from "../support/onnx-runtimes.ts";
import { modelOf, TEXTS } from "./onnx-graphs/small-models.ts";
import { heed, newFolder } from "./run-heed.ts";

let folder = "";
let model: AttentionSeq2seq;
beforeAll(async () => {
  folder = newFolder();
  model = modelOf({}, 1);
  writeFileSync(join(folder, "m.safetensors"), await model.toBytes());
  const run = await heed("export m.safetensors --onnx exported --npz m.npz".split(" "), {
    cwd: folder,
  });
  expect(run).toEqual({ code: 0, signal: null, stdout: "exported\nm.npz\n", stderr: "" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("heed export --onnx", () => {
  it("writes two graphs and what belongs to them, and nothing else", () => {
    expect(readdirSync(folder).sort()).toEqual(["exported", "m.npz", "m.safetensors"]);
    const files = readdirSync(join(folder, "exported")).sort();
    expect(files).toEqual(["decoder.onnx", "encoder.onnx", "vocabulary.json"]);
  });

  it("writes down config and vocabularies, in a file and in both graphs", () => {
    const read = (name: string): Buffer => readFileSync(join(folder, "exported", name));
    const { config, source, features, target } = JSON.parse(read("vocabulary.json").toString());
    expect(config).toEqual(model.config);
    expect(source).toEqual(model.sourceVocabulary.toJSON());
    expect(target).toEqual(model.targetVocabulary.toJSON());
    expect(features).toBe(null);
    for (const name of ["encoder.onnx", "decoder.onnx"]) {
      for (const part of [config, source, target]) {
        expect(read(name).includes(JSON.stringify(part))).toBe(true);
      }
    }
  });

  it("writes the same bytes again", async () => {
    const run = await heed(["export", "m.safetensors", "--onnx", "again"], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stdout: "again\n" });
    for (const name of readdirSync(join(folder, "exported"))) {
      const [one, two] = ["exported", "again"].map((each) =>
        readFileSync(join(folder, each, name)),
      );
      expect(one?.equals(two ?? Buffer.of())).toBe(true);
    }
    rmSync(join(folder, "again"), { recursive: true });
  });

  it.skipIf(NO_ONNX_RUNTIME !== undefined).each([[[]], [["--web"]]])(
    "is used by the example, which knows nothing of heed %j",
    async (flags) => {
      const ours = await model.transduceMany(TEXTS);
      const program = resolve("examples/onnx/transduce.mjs");
      const run = spawnSync(process.execPath, [program, ...flags, "exported", ...TEXTS], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(run.stderr).toBe("");
      const lines = run.stdout.trimEnd().split("\n");
      expect(lines.map((line) => line.split("\t")[0])).toEqual(ours.map(({ output }) => output));
      for (const line of lines) expect(line).toMatch(/\t-?\d+\.\d{4}$/);
    },
    60_000,
  );
});

describe("heed export of a folder", () => {
  const words = "--npz run.npz".split(" ");
  const putRun = async (...names: string[]): Promise<void> => {
    mkdirSync(join(folder, "run"));
    for (const name of names) writeFileSync(join(folder, "run", name), await model.toBytes());
  };
  afterEach(() => rmSync(join(folder, "run"), { recursive: true }));

  it("takes the model in it", async () => {
    await putRun("model.safetensors");
    const run = await heed(["export", "run", ...words], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stdout: "run.npz\n", stderr: "" });
    const [one, two] = ["m.npz", "run.npz"].map((name) => readFileSync(join(folder, name)));
    expect(one?.equals(two ?? Buffer.of())).toBe(true);
    rmSync(join(folder, "run.npz"));
  });

  it("refuses several models", async () => {
    await putRun("model.1.safetensors", "model.2.safetensors");
    const run = await heed(["export", "run", ...words], { cwd: folder });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toMatch(/^heed: run: expected one model, got a folder of several; name one/);
  });
});

describe("heed export --npz", () => {
  it("writes every parameter by name, and the rest as JSON", () => {
    const files = new Map(Object.entries(unzipSync(readFileSync(join(folder, "m.npz")))));
    const text = new TextDecoder().decode(files.get("vocabulary.json"));
    expect(text).toBe(readFileSync(join(folder, "exported", "vocabulary.json"), "utf8"));
    files.delete("vocabulary.json");
    const { names } = model.parameters;
    expect([...files.keys()]).toEqual(names.map((name) => `${name}.npy`));
    for (const name of names) {
      const { shape, data } = model.parameters.value(name);
      const array = readNpy(files.get(`${name}.npy`) ?? new Uint8Array(), name);
      expect(array.shape).toEqual(shape);
      expect(array.data).toEqual(new Float32Array(data));
    }
  });

  it("writes the same bytes again", async () => {
    const run = await heed(["export", "m.safetensors", "--npz", "again"], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stdout: "again\n" });
    const [one, two] = ["m.npz", "again"].map((name) => readFileSync(join(folder, name)));
    expect(one?.equals(two ?? Buffer.of())).toBe(true);
    rmSync(join(folder, "again"));
  });

  const found = spawnSync("python3", ["-c", "import numpy"]).status === 0;
  it.skipIf(!found)("is read by numpy.load (skipped without NumPy)", () => {
    const [name = ""] = model.parameters.names;
    const program = [
      "import json, numpy",
      "m = numpy.load('m.npz')",
      `print(len(m.files), m['${name}'].shape, m['${name}'].dtype, float(m['${name}'].ravel()[0]))`,
      "print(json.loads(m['vocabulary.json'])['config']['hiddenSize'])",
    ];
    const run = spawnSync("python3", ["-c", program.join("\n")], { cwd: folder, encoding: "utf8" });
    expect(run.stderr).toBe("");
    const { shape, data } = model.parameters.value(name);
    expect(run.stdout).toBe(
      `${model.parameters.names.length + 1} (${shape.join(", ")}) float32 ${data[0]}\n8\n`,
    );
  });
});
