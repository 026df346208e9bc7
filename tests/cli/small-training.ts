import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { heed, newFolder, type Run, type RunOptions } from "./run-heed.ts";

/** Strings of three and four letters, and the same from their end. */
export function reversals(): string[] {
  const letters = [..."abcd"];
  const longer = (words: string[]): string[] => words.flatMap((w) => letters.map((l) => w + l));
  const three = longer(longer(letters));
  return [...three, ...longer(three)].map((word) => `${word}\t${[...word].reverse().join("")}`);
}

/** The flags of a model that learns them within seconds: 18 steps an epoch. */
export const SMALL = "--hidden 32 --embedding 16 --dropout 0.1 --batch 16 --rate 0.01".split(" ");

/** A folder with `pairs.tsv`, in which `heed` is called. */
export interface Workplace {
  readonly folder: string;
  readonly at: (words: string, options?: RunOptions) => Promise<Run>;
  readonly remove: () => void;
}

/** A new folder with pairs in it. */
export function newWorkplace(): Workplace {
  const folder = newFolder();
  writeFileSync(join(folder, "pairs.tsv"), `${reversals().join("\n")}\n`);
  return {
    folder,
    at: (words, options = {}) => heed(words.split(" "), { cwd: folder, ...options }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
