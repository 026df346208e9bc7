import { Command } from "commander";
import { type AttentionSeq2seq, HeedError, StateError, type Transduction } from "../../index.ts";
import { UsageError } from "../errors.ts";
import { readModel } from "../files.ts";
import { batches, type Line, readLines } from "../lines.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { print } from "../output.ts";
import { safeText } from "../safe-text.ts";
import { Warnings } from "../warnings.ts";

/** Characters of a line that are read; no model learns from sources as long. */
const LONGEST_LINE = 4096;
const MOST_LINES = 64;
/** Symbols per batch, padding included: bounds the memory of one batch. */
const BATCH_SYMBOLS = 8192;

interface PredictFlags extends ComputeOptions {
  readonly jsonl?: boolean;
  readonly attention?: boolean;
}

const EXAMPLES = `
Examples:
  heed predict model.safetensors "june 27, 1990" "3/4/05"
  heed predict model.safetensors < inputs.txt > outputs.txt
  heed predict model.safetensors --jsonl < inputs.txt | jq .output

Without texts, every line of the standard input is answered by one line, in order; an empty
line by an empty line. Symbols that the model has never seen are no error.`;

/** `heed predict`: texts in, outputs out, a line for a line. */
export function predictCommand(): Command {
  const command = new Command("predict")
    .summary("what a model makes of texts")
    .description("Print what a model makes of texts, or of the lines of the standard input.")
    .argument("<model>", "a model file, as heed train writes it")
    .argument("[texts...]", "texts to read instead of the standard input")
    .option("--jsonl", "one JSON object a line: source, output, finished, unknownSymbols")
    .option("--attention", "with --jsonl: the symbols and the attention map as well")
    .addHelpText("after", EXAMPLES)
    .action(predict);
  return withComputeOptions(command);
}

async function predict(path: string, texts: readonly string[], flags: PredictFlags): Promise<void> {
  if (flags.attention && !flags.jsonl) {
    throw new UsageError({
      where: "--attention",
      expected: "--jsonl with it",
      received: "plain text, which has no room for a map",
      fix: "for one map to look at, use heed show",
    });
  }
  await chooseDevice(flags);
  const model = await readModel(path);
  const warnings = new Warnings();
  const lines = texts.length > 0 ? given(texts) : readLines(process.stdin, LONGEST_LINE);
  for await (const arrived of lines) {
    for (const batch of batches(arrived, MOST_LINES, BATCH_SYMBOLS)) {
      const answers = await answer(model, batch, flags, warnings);
      await print(answers.map((line) => `${line}\n`).join(""));
    }
  }
}

async function* given(texts: readonly string[]): AsyncGenerator<Line[]> {
  yield texts.map((text, i) => ({
    number: i + 1,
    text: text.slice(0, LONGEST_LINE),
    cut: text.length > LONGEST_LINE,
    damaged: false,
  }));
}

async function answer(
  model: AttentionSeq2seq,
  batch: readonly Line[],
  flags: PredictFlags,
  warnings: Warnings,
): Promise<string[]> {
  const full = batch.filter((line) => line.text !== "");
  const made = await transduceAll(model, full, flags.attention ?? false, warnings);
  const answers = new Map(full.map((line, i) => [line.number, made[i] ?? nothing(line.text)]));
  return batch.map((line) => {
    const result = answers.get(line.number) ?? nothing(line.text);
    warn(line, result, warnings);
    return flags.jsonl ? asJson(result, flags.attention ?? false) : asText(result.output);
  });
}

/** One batch; where the model refuses it, line by line, so that one line never stops the others. */
async function transduceAll(
  model: AttentionSeq2seq,
  lines: readonly Line[],
  attention: boolean,
  warnings: Warnings,
): Promise<Transduction[]> {
  if (lines.length === 0) return [];
  try {
    return await model.transduceMany(
      lines.map((line) => line.text),
      { attention },
    );
  } catch (error) {
    if (!(error instanceof HeedError) || error instanceof StateError) throw error;
    const [line] = lines;
    if (line !== undefined && lines.length === 1) {
      warnings.once("refused", `line ${line.number} is answered by nothing: ${error.message}`);
      return [nothing(line.text)];
    }
    const each: Transduction[] = [];
    for (const one of lines) each.push(...(await transduceAll(model, [one], attention, warnings)));
    return each;
  }
}

function nothing(source: string): Transduction {
  return {
    source,
    output: "",
    sourceSymbols: [],
    outputSymbols: [],
    attention: [],
    finished: source === "",
    unknownSymbols: [],
  };
}

function warn(line: Line, result: Transduction, warnings: Warnings): void {
  if (line.cut) {
    warnings.once("cut", `line ${line.number} is read up to character ${LONGEST_LINE} only`);
  }
  const [unknown] = result.unknownSymbols;
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown);
    warnings.once("unknown", `line ${line.number} has ${shown}, which the model has never seen`);
  }
}

function asText(output: string): string {
  return process.stdout.isTTY ? safeText(output) : output;
}

function asJson(result: Transduction, withAttention: boolean): string {
  const { source, output, finished, unknownSymbols } = result;
  const { sourceSymbols, outputSymbols, attention } = result;
  const fields = { source, output, finished, unknownSymbols };
  return JSON.stringify(
    withAttention ? { ...fields, sourceSymbols, outputSymbols, attention } : fields,
  );
}
