import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataError } from "../../index.ts";
import { UsageError } from "../errors.ts";
import { inputError } from "../files.ts";
import { readLines } from "../lines.ts";

/** The name of the log in the directory of a run. */
export const LOG_NAME = "log.jsonl";
/** A record is shorter than this; what is longer is none. */
const LONGEST = 1 << 16;

/** What was noted after a step; NaN where the number was not finite. */
export interface StepPoint {
  readonly step: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  readonly loss: number;
  readonly rate: number;
  readonly gradientNorm: number;
  readonly pairsPerSecond: number;
}

/** What was measured on the dev pairs after an epoch, both as shares. */
export interface EpochPoint {
  readonly step: number;
  readonly epoch: number;
  readonly seconds: number;
  readonly exactMatch: number;
  readonly symbolErrorRate: number;
}

/** One run of training, as its log tells it. */
export interface TrainingLog {
  readonly name: string;
  readonly path: string;
  readonly steps: readonly StepPoint[];
  readonly epochs: readonly EpochPoint[];
  /** How it ended, in a word or two; null while it goes on, or where it was killed. */
  readonly ended: string | null;
  /** Lines that are no records, from 1: what a killed run left. */
  readonly damaged: readonly number[];
}

/**
 * The logs that paths of the command line stand for: a file itself, the log in the directory of a run,
 * or those of all runs in a directory of runs, in the order of their numbers.
 *
 * @throws UsageError when a path leads to none
 */
export async function findLogs(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const place = await stat(path).catch((error: unknown) => {
      throw inputError(error, path, WHAT);
    });
    if (place.isDirectory()) found.push(...(await logsIn(path)));
    else found.push(path);
  }
  return [...new Map(found.map((path) => [resolve(path), path])).values()];
}

const WHAT = `the directory of a training run, or its ${LOG_NAME}`;

async function logsIn(folder: string): Promise<string[]> {
  const own = join(folder, LOG_NAME);
  if (await isFile(own)) return [own];
  const order = new Intl.Collator("en", { numeric: true });
  const names = (await readdir(folder)).sort(order.compare);
  const logs: string[] = [];
  for (const name of names) {
    const log = join(folder, name, LOG_NAME);
    if (await isFile(log)) logs.push(log);
  }
  if (logs.length > 0) return logs;
  throw new UsageError({
    where: folder,
    expected: WHAT,
    received: `a directory without a ${LOG_NAME} in it or in the directories in it`,
    fix: "give the directory that `heed train` keeps its run in",
  });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/**
 * Reads logs of `heed train`, and names each by its directory. Lines that are no records are skipped
 * and listed: a run that was killed leaves half of one. Where a run was resumed it took some steps
 * again, and the later ones count.
 *
 * @throws DataError when there is no step in a file; UsageError when it cannot be read
 */
export async function readTrainingLogs(paths: readonly string[]): Promise<TrainingLog[]> {
  const names = namesOf(paths);
  const logs: TrainingLog[] = [];
  for (const [i, path] of paths.entries()) logs.push(await readLog(path, names[i]!));
  return logs;
}

async function readLog(path: string, name: string): Promise<TrainingLog> {
  const steps: StepPoint[] = [];
  const epochs: EpochPoint[] = [];
  const damaged: number[] = [];
  let ended: string | null = null;
  let first: string | null = null;
  try {
    for await (const lines of readLines(createReadStream(path), LONGEST)) {
      for (const { number, text, cut } of lines) {
        first ??= text.slice(0, 60);
        const record = cut ? null : recordOf(text);
        if (record === null) damaged.push(number);
        else ended = typeof record["ended"] === "string" ? record["ended"] : null;
        if (record === null) continue;
        if (record["type"] === "step") append(steps, stepPoint(record));
        else if (record["type"] === "epoch") append(epochs, epochPoint(record));
      }
    }
  } catch (error) {
    throw inputError(error, path, WHAT);
  }
  if (steps.length === 0 && epochs.length === 0) {
    throw new DataError({
      where: path,
      expected: "the log of a training run, with a step in it",
      received: first === null ? "an empty file" : `a file that begins ${JSON.stringify(first)}`,
      fix: `give a ${LOG_NAME} that \`heed train\` wrote`,
    });
  }
  return { name, path, steps, epochs, ended, damaged };
}

/** Adds a point, in place of those of the same and later steps: these were before a resumption. */
function append<Point extends { readonly step: number }>(points: Point[], point: Point): void {
  while (points.length > 0 && points.at(-1)!.step >= point.step) points.pop();
  points.push(point);
}

/**
 * The best epoch of a run, by the measure by which `heed train` keeps a model: highest exact match, of
 * equals the one with the fewest wrong symbols, and of equals in both the last. Null before any.
 */
export function bestEpoch({ epochs }: TrainingLog): EpochPoint | null {
  return epochs.reduce<EpochPoint | null>(
    (best, epoch) => (best === null || compareEpochs(epoch, best) <= 0 ? epoch : best),
    null,
  );
}

/** Below zero where `a` is better than `b`; for sorting. */
export function compareEpochs(a: EpochPoint, b: EpochPoint): number {
  const worth = (value: number): number => (Number.isNaN(value) ? -Number.MAX_VALUE : value);
  return (
    worth(b.exactMatch) - worth(a.exactMatch) ||
    worth(-b.symbolErrorRate) - worth(-a.symbolErrorRate)
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** The record of a line; null when it is none, or a step or an epoch without its number. */
function recordOf(text: string): Fields | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  const fields: Fields = { ...value };
  const needsStep = fields["type"] === "step" || fields["type"] === "epoch";
  if (typeof fields["type"] !== "string") return null;
  return needsStep && !Number.isSafeInteger(fields["step"]) ? null : fields;
}

function stepPoint(record: Fields): StepPoint {
  return {
    step: numberOf(record, "step"),
    seconds: numberOf(record, "seconds"),
    loss: numberOf(record, "loss"),
    rate: numberOf(record, "rate"),
    gradientNorm: numberOf(record, "gradientNorm"),
    pairsPerSecond: numberOf(record, "pairsPerSecond"),
  };
}

function epochPoint(record: Fields): EpochPoint {
  return {
    step: numberOf(record, "step"),
    epoch: numberOf(record, "epoch"),
    seconds: numberOf(record, "seconds"),
    exactMatch: numberOf(record, "exactMatch"),
    symbolErrorRate: numberOf(record, "symbolErrorRate"),
  };
}

/** A field's number; JSON has null for those that are not finite. */
function numberOf(record: Fields, field: string): number {
  const value = record[field];
  return typeof value === "number" ? value : Number.NaN;
}

/** What tells the paths apart, and no more: the last names of their directories, as many as it takes. */
function namesOf(paths: readonly string[]): string[] {
  const parts = paths.map((path) => {
    const full = resolve(path);
    const place = basename(full) === LOG_NAME ? dirname(full) : full;
    return place.split(/[\\/]/).filter((part) => part !== "");
  });
  const longest = Math.max(...parts.map(({ length }) => length));
  for (let count = 1; ; count++) {
    const names = parts.map((part) => part.slice(-count).join("/"));
    if (new Set(names).size === names.length || count >= longest) return names;
  }
}
