import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { UsageError } from "../errors.ts";
import { readDescription } from "../run/description.ts";
import { checkRunDirectory, DESCRIPTION_NAME, quoted } from "../run/run-directory.ts";

/** One of the models of an ensemble. */
export interface Member {
  /** What people know it by, and the folder of its run in the ensemble's. */
  readonly name: string;
  /** Where its model goes, absolute. */
  readonly out: string;
  /** The words of `heed train` that begin it, whose paths are absolute. */
  readonly words: readonly string[];
}

const NAME = "ensemble.json";
const FORMAT = "heed.ensemble";
/** Version of the descriptions written; a reader refuses others. */
const VERSION = 1;
/** Names of members: they are folders, and nothing else may be named. */
const MEMBER_NAME = /^seed-\d+$/;

/**
 * Where the model of a member goes, members counted from 1.
 *
 * @example
 * memberPath("models/dates.safetensors", 2); // → "models/dates.2.safetensors"
 */
export function memberPath(out: string, number: number): string {
  const [, stem = "", ending = ""] = /^(.*?)(\.safetensors)?$/s.exec(out) ?? [];
  return `${stem}.${number}${ending}`;
}

/** The directory of a member's run. */
export function memberRun(folder: string, member: Member): string {
  return join(folder, member.name);
}

/**
 * Begins the directory of an ensemble, in the place of one whose members could all go.
 *
 * @throws UsageError when it holds something else, or runs that have not come to their end
 */
export async function createEnsemble(
  folder: string,
  members: readonly Member[],
  overwrite: boolean,
): Promise<void> {
  const refuse = (received: string, fix: string): UsageError =>
    new UsageError({
      where: `--run ${folder}`,
      expected: "a directory for the runs of an ensemble",
      received,
      fix,
    });
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const isOld = names.includes(NAME);
  if (names.length === 0) await checkRunDirectory(folder, false);
  else if (!isOld) throw refuse("one with other files in it", "name one that is empty or new");
  const before = isOld ? await readEnsemble(folder) : [];
  if (!overwrite && !(await areOver(folder, before))) {
    throw refuse(
      "one with runs that have not come to their end",
      `go on with them by heed train --resume ${quoted(folder)}, or begin anew with --overwrite`,
    );
  }
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(
    join(folder, NAME),
    `${JSON.stringify({ format: FORMAT, version: VERSION, members }, null, 2)}\n`,
  );
  for (const member of before) {
    await rm(memberRun(folder, member), { recursive: true, force: true });
  }
}

async function areOver(folder: string, members: readonly Member[]): Promise<boolean> {
  for (const member of members) {
    const path = join(memberRun(folder, member), DESCRIPTION_NAME);
    const description = await readDescription(path).catch(() => null);
    if (description === null || description.ended === null) return false;
  }
  return true;
}

/** Whether a directory is that of an ensemble. */
export async function isEnsemble(folder: string): Promise<boolean> {
  return (await stat(join(folder, NAME)).catch(() => null)) !== null;
}

/** The members of an ensemble that was begun. @throws CheckpointError when its description says none */
export async function readEnsemble(folder: string): Promise<readonly Member[]> {
  const path = join(folder, NAME);
  const refuse = (received: string): CheckpointError =>
    new CheckpointError({
      where: path,
      expected: `the description of an ensemble, version ${VERSION}`,
      received,
      fix: "begin it anew, with --overwrite, in another directory",
    });
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse("text that is no JSON");
    throw error;
  }
  const fields: Readonly<Record<string, unknown>> =
    typeof found === "object" && found !== null ? { ...found } : {};
  if (fields["format"] !== FORMAT) throw refuse("another file");
  if (fields["version"] !== VERSION) throw refuse(`version ${JSON.stringify(fields["version"])}`);
  const { members } = fields;
  if (!Array.isArray(members) || members.length === 0 || !members.every(isMember)) {
    throw refuse("members that are missing or damaged");
  }
  return members;
}

function isMember(value: unknown): value is Member {
  if (typeof value !== "object" || value === null) return false;
  const { name, out, words }: Readonly<Record<string, unknown>> = { ...value };
  const areWords = Array.isArray(words) && words.every((word) => typeof word === "string");
  return typeof name === "string" && MEMBER_NAME.test(name) && typeof out === "string" && areWords;
}
