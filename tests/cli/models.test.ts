import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readTransducer } from "../../src/cli/models.ts";
import { AttentionSeq2seq, defaultConfig, Ensemble } from "../../src/index.ts";
import { temporaryFolder } from "./run-heed.ts";

const pairs = [{ source: "ab", target: "ba", line: 1 }];
const config = defaultConfig(pairs, { embeddingSize: 2, hiddenSize: 2 });

/** Bytes of a model that is told from others by its dropout. */
function model(number: number): Promise<Uint8Array> {
  const marked = { ...config, outputDropout: number / 100 };
  return AttentionSeq2seq.fromPairs(pairs, marked).toBytes();
}

/** A folder with models, numbered as they are listed. */
async function folderOf(...names: string[]): Promise<string> {
  const folder = temporaryFolder();
  for (const [i, name] of names.entries()) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), await model(i + 1));
  }
  return folder;
}

/** The numbers of the models that are read. */
async function read(path: string, ...others: string[]): Promise<number[]> {
  const made = await readTransducer(path, others);
  const models = made instanceof Ensemble ? made.models : [made as AttentionSeq2seq];
  return models.map((each) => Math.round(each.config.outputDropout * 100));
}

it("a path is a file, or those that are numbered where that is not there", async () => {
  const folder = await folderOf(
    "a.safetensors",
    "a.1.safetensors",
    "b.10.safetensors",
    "b.2.safetensors",
  );
  expect(await read(join(folder, "a.safetensors"))).toEqual([1]);
  expect(await read(join(folder, "b.safetensors"))).toEqual([4, 3]);
  expect(await read(join(folder, "b.2.safetensors"))).toEqual([4]);
  await expect(read(join(folder, "c.safetensors"))).rejects.toThrow("no such file");
});

it("a name needs no ending, and is no pattern", async () => {
  const folder = await folderOf("dates.1", "dates.2", "dates.x", "dates.1.2", "datesx3");
  expect(await read(join(folder, "dates"))).toEqual([1, 2]);
  await expect(read(join(folder, "d.tes"))).rejects.toThrow("no such file");
});

it("a folder is its numbered models, its model, its best, or the best of its runs", async () => {
  const names = ["model.2.safetensors", "model.1.safetensors", "model.safetensors", "notes.txt"];
  expect(await read(await folderOf(...names))).toEqual([2, 1]);
  expect(await read(await folderOf("model.safetensors", "best.safetensors"))).toEqual([1]);
  expect(await read(await folderOf("checkpoint.safetensors", "best.safetensors"))).toEqual([2]);
  const runs = ["seed-10", "seed-9", "seed-9x"].map((name) => join(name, "best.safetensors"));
  expect(await read(await folderOf(...runs))).toEqual([2, 1]);
  await expect(read(await folderOf("notes.txt"))).rejects.toThrow("got a directory without");
});

it("several paths are one ensemble", async () => {
  const one = await folderOf("model.1.safetensors", "model.2.safetensors");
  const other = join(await folderOf("m.safetensors"), "m.safetensors");
  expect(await read(one, other)).toEqual([1, 2, 1]);
  expect(await read(other, one)).toEqual([1, 1, 2]);
});
