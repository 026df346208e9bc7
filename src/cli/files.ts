import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, readdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { type Pair, parsePairs } from "../index.ts";
import { destination } from "./atomic-write.ts";
import { UsageError } from "./errors.ts";

/**
 * The bytes of a file named on the command line.
 *
 * @throws UsageError when there is no such file, it is a directory, or it may not be read
 */
export async function readInput(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw inputError(error, path, what);
  }
}

/** What to throw when a file named on the command line cannot be read: a UsageError that says why. */
export function inputError(error: unknown, path: string, what: string): unknown {
  const received = UNREADABLE[codeOf(error)];
  if (received === undefined) return error;
  return new UsageError({ where: path, expected: what, received }, { cause: error });
}

const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: "a file that may not be read",
  EISDIR: "a directory",
  ELOOP: "a loop of symbolic links",
  ENAMETOOLONG: "a name that is too long",
  ENOENT: "no such file",
  ENOTDIR: "a path through something that is not a directory",
  ERR_FS_FILE_TOO_LARGE: "a file of more than 2 GiB",
};

/** The pairs of a TSV file. Throws UsageError about the path, DataError about what is in it. */
export async function readPairs(
  path: string,
  columns: readonly [number, number] | undefined,
  features?: number | undefined,
): Promise<Pair[]> {
  const bytes = await readInput(path, "a file of pairs, one `source<TAB>target` a line");
  return parsePairs(bytes, {
    file: path,
    ...(columns === undefined ? {} : { columns }),
    ...(features === undefined ? {} : { features }),
  });
}

/**
 * Makes sure, before hours of work, that a file can be written at `path` and would not replace one
 * of the inputs or something that is no file.
 *
 * @throws UsageError that says what stands in the way
 */
export async function checkOutput(
  flag: string,
  path: string,
  inputs: readonly string[],
): Promise<void> {
  const refuse = (received: string, fix?: string): UsageError => {
    const facts = { where: `${flag} ${path}`, expected: "a file that can be written", received };
    return new UsageError(fix === undefined ? facts : { ...facts, fix });
  };
  if (path === "") throw refuse("an empty name");
  const isFolder = path.endsWith("/") || path.endsWith(sep);
  if (isFolder && (await stat(path).catch(() => null)) === null) {
    throw refuse("the name of a folder", "name a file in it");
  }
  const folder = dirname(resolve(await destination(path)));
  const place = await stat(folder).catch(() => null);
  if (place === null) throw refuse(`no folder ${folder}`, "create it first");
  if (!place.isDirectory()) throw refuse(`${folder}, which is not a folder`);
  if (!(await takesFiles(folder)))
    throw refuse(`the folder ${folder}, which may not be written to`);
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (found.isDirectory()) throw refuse("a directory", "name a file in it");
  if (!found.isFile()) throw refuse("something that is not a regular file");
  if (!(await mayWrite(path))) throw refuse("a file that may not be written to");
  for (const input of inputs) {
    const other = await stat(input).catch(() => null);
    if (other !== null && other.dev === found.dev && other.ino === found.ino) {
      throw refuse(`the input file ${input}`, "choose another name");
    }
  }
}

/**
 * Makes sure that a folder can be made at `path`: that nothing is there, or an empty folder.
 *
 * @throws UsageError that says what stands in the way
 */
export async function checkNewFolder(flag: string, path: string): Promise<void> {
  const refuse = (received: string, fix: string): UsageError => {
    const expected = "a folder that is not there yet, or an empty one";
    return new UsageError({ where: `${flag} ${path}`, expected, received, fix });
  };
  if (path === "") throw refuse("an empty name", "name a folder");
  const target = resolve(await destination(path));
  const found = await stat(target).catch(() => null);
  if (found !== null && !found.isDirectory()) {
    throw refuse("something that is no folder", "choose another name");
  }
  if (found !== null && (await readdir(target).catch(() => [""])).length > 0) {
    throw refuse("a folder with files in it", "choose another name, or remove it first");
  }
  const folder = dirname(target);
  const place = await stat(folder).catch(() => null);
  if (place === null) throw refuse(`no folder ${folder}`, "create it first");
  if (!place.isDirectory()) throw refuse(`${folder}, which is not a folder`, "choose another name");
  if (!(await takesFiles(folder))) {
    throw refuse(`the folder ${folder}, which may not be written to`, "choose another place");
  }
}

/** Whether a file can be made in a folder, by making one: permissions are not all that can stand in the way. */
async function takesFiles(folder: string): Promise<boolean> {
  const probe = join(folder, `.heed-${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  try {
    await writeFile(probe, "", { flag: "wx" });
  } catch {
    return false;
  }
  await unlink(probe);
  return true;
}

async function mayWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
