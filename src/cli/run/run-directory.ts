import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { writeFileAtomically } from "../atomic-write.ts";
import { UsageError } from "../errors.ts";
import { readInput } from "../files.ts";
import { LOG_NAME } from "../plot/training-log.ts";
import { CHECKPOINT_NAMES, Checkpoints } from "./checkpoints.ts";
import { isOver, type RunDescription, readDescription, writeDescription } from "./description.ts";
import { LOCK_NAME, lockRun } from "./run-lock.ts";
import { RunLog } from "./run-log.ts";

/** The name of its description. */
export const DESCRIPTION_NAME = "run.json";
const BEST_NAME = "best.safetensors";
/** Everything that a run keeps. */
const NAMES: readonly string[] = [DESCRIPTION_NAME, LOG_NAME, BEST_NAME, ...CHECKPOINT_NAMES];

/** The directory in which a training run keeps what it takes to go on with it. */
export class RunDirectory {
  /** As it was given. */
  readonly path: string;
  /** The log. */
  readonly log: RunLog;
  /** The checkpoints. */
  readonly checkpoints: Checkpoints;
  #description: RunDescription;

  private constructor(path: string, description: RunDescription, checkpointEvery: number) {
    this.path = path;
    this.#description = description;
    this.log = new RunLog(join(path, LOG_NAME));
    this.checkpoints = new Checkpoints(path, checkpointEvery);
  }

  /** What the run is. */
  get description(): RunDescription {
    return this.#description;
  }

  /**
   * Begins a run, in the place of one that {@link checkRunDirectory} found could go.
   *
   * @throws UsageError when another process is at that one
   */
  static async create(
    path: string,
    description: RunDescription,
    checkpointEvery: number,
  ): Promise<RunDirectory> {
    await mkdir(path, { recursive: true });
    await lockRun(path, `--run ${path}`);
    // The description first: what is left without one belongs to no run.
    for (const name of NAMES) await rm(join(path, name), { force: true });
    await removeTemporaries(path);
    const directory = new RunDirectory(path, description, checkpointEvery);
    await directory.#describe(description);
    return directory;
  }

  /**
   * Opens a run that was begun, for this process alone where it can be continued.
   *
   * @param checkpointEvery as it was begun with unless given
   * @throws UsageError when there is none, or another process is at it; CheckpointError when its description cannot be read
   */
  static async open(path: string, checkpointEvery?: number): Promise<RunDirectory> {
    if (!(await stat(path).catch(() => null))?.isDirectory()) {
      throw new UsageError({
        where: `--resume ${path}`,
        expected: "the directory of a training run",
        received: (await stat(path).catch(() => null)) === null ? "no such directory" : "a file",
      });
    }
    const description = await readDescription(join(path, DESCRIPTION_NAME));
    if (!isOver(description.ended)) {
      await lockRun(path, `--resume ${path}`);
      await removeTemporaries(path);
    }
    const every = checkpointEvery ?? Number(description.flags["checkpointEvery"]);
    return new RunDirectory(path, description, every);
  }

  /** Keeps the file of the best model measured at the end of an epoch. */
  async keepBest(bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(this.bestPath, bytes);
  }

  /** Where the best model is. */
  get bestPath(): string {
    return join(this.path, BEST_NAME);
  }

  /** The file that {@link RunDirectory.keepBest} kept. */
  async readBest(): Promise<Uint8Array> {
    return readInput(this.bestPath, "the best model of the run");
  }

  /** Says how the run ended; one that will not be continued needs no checkpoints any more. */
  async end(ended: string, isFinal: boolean): Promise<void> {
    await this.#describe({ ...this.#description, ended });
    if (!isFinal) return;
    for (const name of CHECKPOINT_NAMES) await rm(join(this.path, name), { force: true });
  }

  /** Says that the run is under way again. */
  async reopen(): Promise<void> {
    if (this.#description.ended !== null)
      await this.#describe({ ...this.#description, ended: null });
  }

  async #describe(description: RunDescription): Promise<void> {
    await writeFileAtomically(join(this.path, DESCRIPTION_NAME), writeDescription(description));
    this.#description = description;
  }
}

/**
 * Makes sure that a run can be kept at `path` and replaces no other one that could still be continued.
 *
 * @throws UsageError that says what stands in the way
 */
export async function checkRunDirectory(path: string, overwrite: boolean): Promise<void> {
  const refuse = (received: string, fix: string): UsageError =>
    new UsageError({
      where: `--run ${path}`,
      expected: "a directory for the run",
      received,
      fix,
    });
  const found = await stat(path).catch(() => null);
  if (found === null) {
    const folder = dirname(resolve(path));
    if ((await stat(folder).catch(() => null))?.isDirectory()) return;
    throw refuse(`no folder ${folder}`, "create it first");
  }
  if (!found.isDirectory()) throw refuse("a file", "name a directory");
  const names = (await readdir(path)).filter((name) => !isTemporary(name) && name !== LOCK_NAME);
  if (names.length === 0) return;
  const foreign = names.some((name) => !NAMES.includes(name));
  if (foreign && !names.includes(DESCRIPTION_NAME)) {
    throw refuse("one with other files in it", "name one that is empty or new");
  }
  if (overwrite || !names.includes(DESCRIPTION_NAME)) return;
  const { ended } = await readDescription(join(path, DESCRIPTION_NAME));
  if (ended !== null) return;
  throw refuse(
    "one with a run that has not come to its end",
    `go on with it by heed train --resume ${quoted(path)}, or begin anew with --overwrite`,
  );
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** What a kill may leave of a file that was being written. */
function isTemporary(name: string): boolean {
  return name.endsWith(".tmp") && NAMES.some((each) => name.startsWith(`.${each}.`));
}

async function removeTemporaries(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (isTemporary(name)) await rm(join(path, name), { force: true });
  }
}
