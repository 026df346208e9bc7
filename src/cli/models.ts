import { readdir } from "node:fs/promises";
import { join, parse } from "node:path";
import { type Command, Option } from "commander";
import { AttentionSeq2seq, Ensemble, type Transducer, type TransductionInput } from "../index.ts";
import { UsageError } from "./errors.ts";
import { readInput } from "./files.ts";
import { number, wholeNumber } from "./numbers.ts";

/** Options of the commands that decode. */
export interface DecodeOptions {
  readonly ensemble?: readonly string[];
  readonly beam?: number;
  readonly lengthPenalty?: number;
}

/** What `--length-penalty` takes. */
const PENALTY = { words: "from 0 to 100", holds: (value: number) => value >= 0 && value <= 100 };

/** Adds `--ensemble`. */
export function withEnsembleOption(command: Command): Command {
  const collect = (path: string, others: readonly string[] = []): string[] => [...others, path];
  const text = "another model that answers together with the first; may be given again";
  return command.addOption(new Option("--ensemble <model>", text).argParser(collect));
}

/** Adds `--ensemble`, `--beam` and `--length-penalty`. */
export function withDecodeOptions(command: Command): Command {
  return withSearchOptions(withEnsembleOption(command));
}

/** Adds `--beam` and `--length-penalty`. */
export function withSearchOptions(command: Command): Command {
  return command
    .option("--beam <n>", "outputs kept in view while decoding", wholeNumber("--beam", 1, 1024))
    .option(
      "--length-penalty <a>",
      "what long outputs are forgiven by --beam: 0 for nothing",
      number("--length-penalty", PENALTY),
    );
}

/** The options as the library takes them. */
export function searchOf({ beam, lengthPenalty }: Pick<DecodeOptions, "beam" | "lengthPenalty">): {
  beam?: number;
  lengthPenalty?: number;
} {
  return {
    ...(beam === undefined ? {} : { beam }),
    ...(lengthPenalty === undefined ? {} : { lengthPenalty }),
  };
}

/**
 * The model in a file; where there are `dates.1.safetensors`, `dates.2.safetensors` and so on but no
 * `dates.safetensors`, these as an ensemble. Of a folder, its `model.safetensors` or those that are numbered,
 * or the best of a run, or of the runs of an ensemble. Of several paths, all models as an ensemble.
 *
 * @throws UsageError about a path, CheckpointError about what is in a file, DataError about models that
 *   do not go together
 */
export async function readTransducer(
  path: string,
  others: readonly string[] = [],
): Promise<Transducer> {
  const files: string[] = [];
  for (const each of [path, ...others]) files.push(...(await modelFiles(each)));
  const models: AttentionSeq2seq[] = [];
  for (const file of files) models.push(await readModel(file));
  return models.length === 1 ? models[0]! : new Ensemble(models);
}

/** The model in a file. Throws UsageError about the path, CheckpointError about what is in it. */
export async function readModel(path: string): Promise<AttentionSeq2seq> {
  const bytes = await readInput(path, "a model file, as `heed train` writes it");
  return AttentionSeq2seq.fromBytes(bytes, { where: path });
}

/** The files of the models at a path: one, or those of an ensemble. */
export async function modelFiles(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => null);
  if (names === null) return numberedFiles(path);
  const within = (...parts: string[]): string => join(path, ...parts);
  const numbered = numberedAmong(names, "model", ".safetensors");
  if (numbered.length > 0) return numbered.map((name) => within(name));
  const single = ["model.safetensors", BEST].find((name) => names.includes(name));
  if (single !== undefined) return [within(single)];
  const runs = names.filter((name) => /^seed-\d+$/.test(name)).sort(byNumber);
  if (runs.length > 0) return runs.map((name) => within(name, BEST));
  throw new UsageError({
    where: path,
    expected:
      "a model file, or a folder with model.safetensors, model.1.safetensors or a run in it",
    received: "a directory without",
  });
}

/** What a run keeps its best model in. */
const BEST = "best.safetensors";

/** `dates.safetensors`, or, where that is not there, `dates.1.safetensors` and so on. */
async function numberedFiles(path: string): Promise<string[]> {
  const { dir, name, ext } = parse(path);
  const names: string[] = await readdir(dir === "" ? "." : dir).catch(() => []);
  if (names.includes(`${name}${ext}`)) return [path];
  const numbered = numberedAmong(names, name, ext);
  // Where there is none either, reading the file will say so.
  return numbered.length > 0 ? numbered.map((each) => join(dir, each)) : [path];
}

/** Those of names that are `stem.1ending`, `stem.2ending` and so on, by their numbers. */
function numberedAmong(names: readonly string[], stem: string, ending: string): string[] {
  return names
    .filter((name) => {
      if (!name.startsWith(`${stem}.`) || !name.endsWith(ending)) return false;
      return /^[1-9]\d*$/.test(name.slice(stem.length + 1, name.length - ending.length));
    })
    .sort(byNumber);
}

function byNumber(a: string, b: string): number {
  return numberIn(a) - numberIn(b);
}

/** The last number in a name. */
function numberIn(name: string): number {
  return Number(/(\d+)\D*$/.exec(name)?.[1]);
}

/** A line as a model reads it: the source, and the features behind a tab where it reads any. */
export function inputOf(text: string, model: Transducer): TransductionInput {
  const tab = model.featureVocabulary === null ? -1 : text.indexOf("\t");
  return tab === -1 ? text : { source: text.slice(0, tab), features: text.slice(tab + 1) };
}
