import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the benchmark. */
export const BENCH = dirname(fileURLToPath(import.meta.url));

/** Where everything goes that can be made again: inputs, truths, compiled ceilings. */
export const CACHE = join(BENCH, ".cache");

/** Writes a file of the cache as a whole or not at all, and gives its path. */
export function writeCached(name: string, contents: Uint8Array | string): string {
  const path = join(CACHE, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, contents);
  renameSync(`${path}.tmp`, path);
  return path;
}
