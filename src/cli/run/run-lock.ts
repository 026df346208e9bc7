import { rmSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../errors.ts";

/** The file that says which process is at a run. */
export const LOCK_NAME = "lock";

/**
 * Makes this process the only one that trains a run, until it ends; two would overwrite each other's
 * checkpoints. What a process has left that was killed is in nobody's way, nor what one on another machine
 * has, of which nobody knows whether it is alive: containers have a new name whenever they start.
 *
 * @param where what the message calls the directory, e.g. `--resume model.run`
 * @throws UsageError when a process that is alive is at it
 */
export async function lockRun(path: string, where: string): Promise<void> {
  const file = join(path, LOCK_NAME);
  const own = `${process.pid} ${hostname()}`;
  for (;;) {
    const taken = await writeFile(file, own, { flag: "wx" }).then(
      () => false,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return true;
        throw error;
      },
    );
    if (!taken) break;
    const held = await readFile(file, "utf8").catch(() => "");
    if (held === own) break;
    const [pid = "", host = ""] = held.split(" ");
    if (host === hostname() && isAlive(Number(pid))) {
      throw new UsageError({
        where,
        expected: "a run that no other process is at",
        received: `one that process ${pid} is training`,
        fix: `wait for its end or stop it; if that is another program, delete ${file}`,
      });
    }
    await rm(file, { force: true });
  }
  process.once("exit", () => rmSync(file, { force: true }));
}

/** Whether there is such a process, be it someone else's. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
