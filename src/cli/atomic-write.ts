import { randomBytes } from "node:crypto";
import {
  type FileHandle,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/**
 * Writes a file so that `path` holds either what it held before or all of `data`, whatever fails
 * on the way: the data goes to a temporary file in the same folder, is synced, and then renamed
 * over `path`; the folder is synced last. Keeps the permissions of a file it replaces, and writes
 * through a symbolic link. On failure the temporary file is removed and the error thrown on, with
 * `path` as its path.
 *
 * @param before where what `path` held is moved to rather than replaced, once the data is on the disk; at
 *   every moment one of both is whole
 * @example
 * await writeFileAtomically("notes.txt", "all of it or nothing");
 */
export async function writeFileAtomically(
  path: string,
  data: Uint8Array | string,
  before?: string,
): Promise<void> {
  const target = await destination(path);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => 0o666,
  );
  const name = `.${basename(target)}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  const temporary = join(dirname(target), name);
  try {
    await writeNew(temporary, mode, data);
    if (before !== undefined) await moveIfThere(target, before);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    if (error instanceof Error && "syscall" in error) Object.assign(error, { path });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Most symbolic links that are followed, as Linux has it. */
const MOST_LINKS = 40;

/** Where symbolic links lead from `path`, whether a file is there or not. */
export async function destination(path: string): Promise<string> {
  let place = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const found = await realpath(place).catch(() => null);
    if (found !== null) return found;
    const link = await readlink(place).catch(() => null);
    if (link === null) return place;
    place = resolve(dirname(place), link);
  }
  return path;
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/**
 * Makes a folder of files, whole or not at all: they are written and synced in a temporary folder beside it,
 * which is then renamed. On failure that is removed and the error thrown on, with `path` as its path.
 *
 * @param path of nothing, or of an empty folder
 */
export async function writeFolderAtomically(
  path: string,
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<void> {
  const target = await destination(path);
  const name = `.${basename(resolve(target))}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  const temporary = join(dirname(resolve(target)), name);
  try {
    await mkdir(temporary);
    for (const [file, data] of files) await writeNew(join(temporary, file), 0o666, data);
    await syncFolder(temporary);
    // Some systems rename over an empty folder, others do not.
    await rmdir(target).catch(() => {});
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    if (error instanceof Error && "syscall" in error) Object.assign(error, { path });
    throw error;
  }
  await syncFolder(dirname(resolve(target)));
}

/** A file that was not there, written and synced. */
async function writeNew(path: string, mode: number, data: Uint8Array | string): Promise<void> {
  await withFile(path, "wx", mode, async (file) => {
    await file.writeFile(data);
    await file.sync();
  });
}

/** Makes the rename itself survive a power cut; not every system can sync a folder. */
async function syncFolder(path: string): Promise<void> {
  try {
    await withFile(path, "r", 0o666, (folder) => folder.sync());
  } catch {
    // Windows and some network file systems refuse; the file itself has been synced.
  }
}

async function withFile(
  path: string,
  flags: string,
  mode: number,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
