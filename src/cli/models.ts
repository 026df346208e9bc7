import { readdir } from "node:fs/promises";
import { join } from "node:path";
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
export function searchOf({ beam, lengthPenalty }: DecodeOptions): {
  beam?: number;
  lengthPenalty?: number;
} {
  return {
    ...(beam === undefined ? {} : { beam }),
    ...(lengthPenalty === undefined ? {} : { lengthPenalty }),
  };
}

/**
 * The model in a file; of a folder, its `model.safetensors`, or `model.1.safetensors`, `model.2.safetensors`
 * and so on as an ensemble; of several paths, all models as an ensemble.
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

async function modelFiles(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => null);
  if (names === null) return [path]; // no folder: reading it will say what it is
  const numbered = names
    .map((name) => /^model\.(\d+)\.safetensors$/.exec(name))
    .filter((found) => found !== null)
    .sort((a, b) => Number(a[1]) - Number(b[1]))
    .map(([name]) => name);
  const found = numbered.length > 0 ? numbered : names.filter((name) => name === ONLY_MODEL);
  if (found.length > 0) return found.map((name) => join(path, name));
  throw new UsageError({
    where: path,
    expected: `a model file, or a folder with ${ONLY_MODEL} or model.1.safetensors in it`,
    received: "a directory without",
  });
}

const ONLY_MODEL = "model.safetensors";

/** A line as a model reads it: the source, and the features behind a tab where it reads any. */
export function inputOf(text: string, model: Transducer): TransductionInput {
  const tab = model.featureVocabulary === null ? -1 : text.indexOf("\t");
  return tab === -1 ? text : { source: text.slice(0, tab), features: text.slice(tab + 1) };
}
