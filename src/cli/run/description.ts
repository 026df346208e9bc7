import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  CheckpointError,
  type ModelConfig,
  type TextOptions,
  type TrainOptions,
} from "../../index.ts";
import { WorkError } from "../errors.ts";
import { inputError, readInput } from "../files.ts";

/** A file that a run learns from or measures on, and what was in it. */
export interface InputFile {
  /** Absolute. */
  readonly path: string;
  /** Its length. */
  readonly bytes: number;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
}

/** What a run is: everything it takes to begin it, and so to go on with it. */
export interface RunDescription {
  /** The pairs to learn from. */
  readonly pairs: InputFile;
  /** The pairs to measure on; null where they are held out of the others. */
  readonly dev: InputFile | null;
  /** Where the model goes, absolute. */
  readonly out: string;
  /** The flags of the command line, those that were not given by their defaults. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** How texts become symbols. */
  readonly text: Required<TextOptions>;
  /** Every field of the model's config. */
  readonly config: ModelConfig;
  /** Every option of the training. */
  readonly training: Required<TrainOptions>;
  /** How it ended; null while it is under way, or was killed or interrupted. */
  readonly ended: string | null;
}

/** Whether a run that ended so cannot be continued. */
export function isOver(ended: string | null): boolean {
  return ended === "finished" || ended === "no better" || ended === "diverged";
}

const FORMAT = "heed.run";
/** Version of the descriptions written; a reader refuses others. */
const VERSION = 1;

/** The description as text, for people to read too. */
export function writeDescription(description: RunDescription): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...description }, null, 2)}\n`;
}

/**
 * Reads what {@link writeDescription} wrote. What it says about model and training is checked by who makes
 * these.
 *
 * @throws UsageError when there is no such file; CheckpointError when it says nothing of a run
 */
export async function readDescription(path: string): Promise<RunDescription> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw inputError(error, path, "the run.json of a training run");
  });
  const refuse = (expected: string, received: string, fix?: string): CheckpointError =>
    new CheckpointError({ where: path, expected, received, ...(fix === undefined ? {} : { fix }) });
  const found = fieldsOf(parsed(text));
  if (found?.["format"] !== FORMAT) throw refuse("the description of a heed run", "another file");
  const version = found["version"];
  if (version !== VERSION) {
    const later = typeof version === "number" && version > VERSION;
    throw refuse(
      `version ${VERSION} of a run`,
      `version ${JSON.stringify(version)}`,
      later ? "a later heed wrote it; update heed" : undefined,
    );
  }
  const { pairs, dev, out, flags, text: texts, config, training, ended } = found;
  const isWhole =
    isInputFile(pairs) &&
    (dev === null || isInputFile(dev)) &&
    typeof out === "string" &&
    [flags, texts, config, training].every((value) => fieldsOf(value) !== null) &&
    (ended === null || typeof ended === "string");
  if (!isWhole) throw refuse("every field of a run", "some that are missing or of another kind");
  return { pairs, dev, out, flags, text: texts, config, training, ended } as RunDescription;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function isInputFile(value: unknown): value is InputFile {
  const found = fieldsOf(value);
  return (
    typeof found?.["path"] === "string" &&
    typeof found["bytes"] === "number" &&
    typeof found["sha256"] === "string"
  );
}

/** A file of pairs and what is in it now. */
export async function describeInput(path: string): Promise<InputFile> {
  const bytes = await readInput(path, "a file of pairs");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { path: resolve(path), bytes: bytes.length, sha256 };
}

/** Refuses a file that is not as it was when the run began. */
export async function checkUnchanged(before: InputFile): Promise<void> {
  const now = await describeInput(before.path);
  if (now.bytes === before.bytes && now.sha256 === before.sha256) return;
  throw new WorkError({
    where: before.path,
    expected: `the ${before.bytes} bytes that the run began with (SHA-256 ${before.sha256.slice(0, 12)}…)`,
    received:
      now.bytes === before.bytes
        ? "as many, but others"
        : `${now.bytes} bytes: the file has been changed`,
    fix: "restore the file, or begin a new run",
  });
}
