import { fstatSync } from "node:fs";
import { Command } from "commander";
import type { Transducer, Transduction, TransductionInput } from "../../index.ts";
import { type AnswerFormat, answerLines, hasLineEnds } from "../answers.ts";
import { UsageError } from "../errors.ts";
import { type Line, readLines } from "../lines.ts";
import {
  type DecodeOptions,
  inputOf,
  readTransducer,
  searchOf,
  withDecodeOptions,
} from "../models.ts";
import { wholeNumber } from "../numbers.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { print } from "../output.ts";
import { openStreamProgress } from "../stream-progress.ts";
import { Warnings } from "../warnings.ts";

/** UTF-16 units of a line that are read; no model learns from sources as long. */
const LONGEST_LINE = 4096;
/** Characters of answers that are written at a time. */
const WRITTEN = 2 ** 16;

interface PredictFlags extends ComputeOptions, DecodeOptions {
  readonly nBest?: number;
  readonly batch?: number;
  readonly jsonl?: boolean;
  readonly attention?: boolean;
}

const EXAMPLES = `
Examples:
  heed predict model.safetensors "june 27, 1990" "3/4/05"
  heed predict model.safetensors < inputs.txt > outputs.txt
  heed predict model.safetensors --beam 5 --n-best 3 < inputs.txt
  heed predict a.safetensors --ensemble b.safetensors --ensemble c.safetensors < inputs.txt
  heed predict model.safetensors --jsonl < inputs.txt | jq .output

Without texts, every line of the standard input is answered by one line, in order; an empty line by an
empty line. A model that reads features takes them behind a tab. Symbols that the model has never seen
are no error, nor are bytes that are not UTF-8; of a line of more than ${LONGEST_LINE} characters that many are
read. With --n-best, every answer is "line number, score, output" with tabs between, best first.`;

/** `heed predict`: texts in, outputs out, a line for a line. */
export function predictCommand(): Command {
  const command = new Command("predict")
    .summary("what a model makes of texts")
    .description("Print what a model makes of texts, or of the lines of the standard input.")
    .argument("<model>", "a model file, as heed train writes it, or a folder with one or several")
    .argument("[texts...]", "texts to read instead of the standard input");
  withDecodeOptions(command)
    .option(
      "--n-best <n>",
      "print the n best outputs of each text",
      wholeNumber("--n-best", 1, 1024),
    )
    .option("--batch <n>", "most texts at a time", wholeNumber("--batch", 1, 65536))
    .option("--jsonl", "one JSON object a line: source, output, score, finished, unknownSymbols")
    .option("--attention", "with --jsonl: the symbols and the attention map as well")
    .addHelpText("after", EXAMPLES)
    .action(predict);
  return withComputeOptions(command);
}

async function predict(path: string, texts: readonly string[], flags: PredictFlags): Promise<void> {
  const { nBest, batch, beam, attention = false, jsonl = false } = flags;
  if (attention && !jsonl) {
    throw new UsageError({
      where: "--attention",
      expected: "--jsonl with it",
      received: "plain text, which has no room for a map",
      fix: "for one map to look at, use heed show",
    });
  }
  if (nBest !== undefined && beam !== undefined && nBest > beam) {
    throw new UsageError({
      where: "--n-best",
      expected: `at most what --beam keeps, which is ${beam}`,
      received: String(nBest),
    });
  }
  await chooseDevice(flags);
  const model = await readTransducer(path, flags.ensemble);
  const format = { jsonl, attention, nBest: nBest !== undefined, terminal: process.stdout.isTTY };
  await answerAll(model, texts.length > 0 ? given(texts) : null, format, {
    ...searchOf(flags),
    attention,
    ...(nBest === undefined ? {} : { nBest }),
    ...(batch === undefined ? {} : { batchSize: batch }),
  });
}

/** Answers lines, those of the standard input where none are given. */
async function answerAll(
  model: Transducer,
  lines: AsyncIterable<Line[]> | null,
  format: AnswerFormat,
  search: Parameters<Transducer["transduceStream"]>[1],
): Promise<void> {
  const size = lines === null ? sizeOfInput() : null;
  const progress = openStreamProgress(process.stderr, process.stdout, size);
  const warnings = new Warnings(() => progress.clear());
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of process.stdin) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  /** Lines that are read and not answered. */
  let waiting: Line[] = [];
  let next = 0;
  async function* inputs(): AsyncGenerator<TransductionInput> {
    for await (const arrived of lines ?? readLines(counted(), LONGEST_LINE)) {
      for (const line of arrived) {
        waiting.push(line);
        yield inputOf(line.text, model);
      }
    }
  }
  let text = "";
  let answers = 0;
  for await (const result of model.transduceStream(inputs(), search)) {
    const line = waiting[next++]!;
    warn(line, result, format, warnings);
    text += answerLines(line, result, format);
    answers += 1;
    // Whoever asked a line waits for its answer: nothing is held back that has no other behind it.
    const isLast = next === waiting.length;
    if (isLast) [waiting, next] = [[], 0]; // at once: lines may come while this one is written
    if (!isLast && text.length < WRITTEN) continue;
    await print(text);
    progress.advance(answers, bytes);
    text = "";
    answers = 0;
    bytes = 0;
  }
  progress.end();
}

async function* given(texts: readonly string[]): AsyncGenerator<Line[]> {
  yield texts.map((text, i) => ({
    number: i + 1,
    text: text.slice(0, LONGEST_LINE),
    cut: text.length > LONGEST_LINE,
    damaged: false,
  }));
}

/** Bytes that the standard input has; null where it is no file. */
function sizeOfInput(): number | null {
  try {
    const found = fstatSync(0);
    return found.isFile() && found.size > 0 ? found.size : null;
  } catch {
    return null;
  }
}

function warn(line: Line, result: Transduction, format: AnswerFormat, warnings: Warnings): void {
  const { number } = line;
  const { refusal, output } = result;
  const [unknown] = result.unknownSymbols;
  if (line.damaged) {
    warnings.once("damaged", `line ${number} is not UTF-8; what is not is read as U+FFFD`);
  }
  if (line.cut) {
    warnings.once("cut", `line ${number} is read up to character ${LONGEST_LINE} only`);
  }
  if (refusal !== null) {
    warnings.once("refused", `line ${number} is answered by nothing: ${refusal}`);
  }
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown);
    warnings.once("unknown", `line ${number} has ${shown}, which the model has never seen`);
  }
  if (!format.jsonl && hasLineEnds(output)) {
    warnings.once("ends", `the answer to line ${number} has line ends in it, written as spaces`);
  }
}
