import { stat } from "node:fs/promises";
import { basename, resolve, sep } from "node:path";
import { UsageError } from "../errors.ts";
import { modelFiles, readModel } from "../models.ts";

/** A model file that the page may load. */
export interface ServedModel {
  /** As few of the last parts of its path as tell it from the others. */
  readonly name: string;
  /** Relative to the page's address. */
  readonly url: string;
  readonly path: string;
}

/**
 * The models at paths as `heed predict` takes them, each file once, after every one has been read.
 *
 * @throws UsageError about a path, CheckpointError about what is in a file
 */
export async function findModels(paths: readonly string[]): Promise<ServedModel[]> {
  const found = new Set<string>();
  for (const path of paths) {
    for (const file of await modelFiles(path)) {
      await checkRegular(file);
      await readModel(file);
      found.add(resolve(file));
    }
  }
  const files = [...found];
  const names = tellingNames(files);
  return files.map((path, i) => {
    const last = encodeURIComponent(basename(path).toWellFormed());
    return { name: names[i]!, url: `models/${i}/${last}`, path };
  });
}

/** `a/model.safetensors` and `b/model.safetensors` of these two, `model.safetensors` of either alone. */
export function tellingNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(sep));
  const ending = (i: number, length: number): string => parts[i]!.slice(-length).join("/");
  return paths.map((_path, i) => {
    let length = 1;
    const isTaken = (): boolean =>
      paths.some((_other, j) => j !== i && ending(j, length) === ending(i, length));
    while (length < parts[i]!.length && isTaken()) length += 1;
    return ending(i, length);
  });
}

/** A pipe can be read once only, and a request for it would wait for ever. What is not there, reading says. */
async function checkRegular(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isFile() || found.isDirectory()) return;
  throw new UsageError({
    where: path,
    expected: "a model file, which is read anew for every request",
    received: "something that is not a regular file",
  });
}
