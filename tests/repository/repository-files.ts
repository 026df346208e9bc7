import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Files that are committed or about to be: known to git, or neither known nor ignored. */
export function repositoryFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  return list.split("\n").filter((file) => file !== "" && existsSync(file));
}

/** The TypeScript files below a folder. */
export function sourceFiles(folder: string): string[] {
  return repositoryFiles().filter((file) => file.startsWith(`${folder}/`) && file.endsWith(".ts"));
}
