import { Command } from "commander";
import { type Evaluation, evaluate, type Prediction } from "../../index.ts";
import { WorkError } from "../errors.ts";
import { readModel, readPairs } from "../files.ts";
import { columnPair, wholeNumber } from "../numbers.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { count, percent, print } from "../output.ts";
import { safeText } from "../safe-text.ts";
import { canRedraw } from "../terminal.ts";

interface EvaluateFlags extends ComputeOptions {
  readonly columns?: readonly [number, number];
  readonly batch: number;
  readonly worst: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  heed evaluate model.safetensors test.tsv
  heed evaluate model.safetensors test.tsv --worst 50
  heed evaluate model.safetensors test.tsv --json > report.json`;

/** `heed evaluate`: how a model does on pairs. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .summary("how well a model does on pairs")
    .description("Measure a model on a file of pairs and list where it is farthest off.")
    .argument("<model>", "a model file, as heed train writes it")
    .argument("<pairs.tsv>", "pairs with the outputs that are right")
    .option("--columns <s,t>", "columns of source and target (default: 1,2)", columnPair)
    .option("--worst <n>", "how many of the worst to list", wholeNumber("--worst", 0), 10)
    .option("--batch <n>", "pairs at a time", wholeNumber("--batch", 1, 65536), 64)
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(run);
  return withComputeOptions(command);
}

async function run(modelPath: string, pairsPath: string, flags: EvaluateFlags): Promise<void> {
  await chooseDevice(flags);
  const model = await readModel(modelPath);
  const pairs = await readPairs(pairsPath, flags.columns);
  if (pairs.length === 0) {
    throw new WorkError({ where: pairsPath, expected: "at least one pair", received: "none" });
  }
  const evaluation = await evaluate(model, pairs, {
    batchSize: flags.batch,
    ...(canRedraw(process.stderr, process.env) ? { onProgress: showProgress } : {}),
  });
  const worst = evaluation.predictions
    .filter((prediction) => !prediction.exact)
    .sort((a, b) => b.edits - a.edits || a.pair.line - b.pair.line)
    .slice(0, flags.worst);
  await print(flags.json ? asJson(evaluation, worst) : asText(evaluation, worst));
}

function showProgress(done: number, total: number): void {
  const text = done < total ? `${count(done)} of ${count(total)} pairs` : "";
  process.stderr.write(`\r\u001b[K${text}`);
}

function asText(evaluation: Evaluation, worst: readonly Prediction[]): string {
  const wrong = evaluation.predictions.filter((prediction) => !prediction.exact).length;
  const lines = [
    `pairs              ${count(evaluation.pairs)}`,
    `exact match        ${percent(evaluation.exactMatch)} (${count(wrong)} wrong)`,
    `symbol error rate  ${percent(evaluation.symbolErrorRate)}`,
  ];
  if (worst.length > 0) lines.push("", "worst:");
  for (const { pair, output, edits } of worst) {
    lines.push(
      `  line ${pair.line}: ${quote(pair.source)} → ${quote(output)}, ` +
        `should be ${quote(pair.target)} (${edits} ${edits === 1 ? "edit" : "edits"})`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function quote(text: string): string {
  return `"${safeText(text)}"`;
}

function asJson(evaluation: Evaluation, worst: readonly Prediction[]): string {
  const { pairs, exactMatch, symbolErrorRate } = evaluation;
  const listed = worst.map(({ pair, output, edits }) => ({ ...pair, output, edits }));
  return `${JSON.stringify({ pairs, exactMatch, symbolErrorRate, worst: listed }, null, 2)}\n`;
}
