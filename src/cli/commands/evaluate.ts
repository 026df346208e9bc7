import { Command } from "commander";
import {
  type Calibration,
  calibration,
  type Evaluation,
  evaluate,
  type Prediction,
} from "../../index.ts";
import { complain, WorkError } from "../errors.ts";
import { readPairs } from "../files.ts";
import { type DecodeOptions, readTransducer, searchOf, withDecodeOptions } from "../models.ts";
import { columnPair, wholeNumber } from "../numbers.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { count, percent, print } from "../output.ts";
import { safeText } from "../safe-text.ts";
import { canRedraw } from "../terminal.ts";
import { checkFeatures, withFeatures } from "../text-flags.ts";

interface EvaluateFlags extends ComputeOptions, DecodeOptions {
  readonly columns?: readonly [number, number];
  readonly features?: number;
  readonly batch?: number;
  readonly worst: number;
  readonly calibration?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  heed evaluate model.safetensors test.tsv
  heed evaluate model.safetensors test.tsv --worst 50
  heed evaluate model.safetensors dev.tsv --calibration
  heed evaluate a.safetensors test.tsv --ensemble b.safetensors --beam 5
  heed evaluate model.safetensors test.tsv --json > report.json`;

/** `heed evaluate`: how a model does on pairs. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .summary("how well a model does on pairs")
    .description("Measure a model on a file of pairs and list where it is farthest off.")
    .argument("<model>", "a model file, as heed train writes it, or a folder with one or several")
    .argument("<pairs.tsv>", "pairs with the outputs that are right")
    .option("--columns <s,t>", "columns of source and target (default: 1,2)", columnPair);
  withDecodeOptions(withFeatures(command))
    .option("--worst <n>", "how many of the worst to list", wholeNumber("--worst", 0), 10)
    .option("--batch <n>", "most pairs at a time", wholeNumber("--batch", 1, 65536))
    .option("--calibration", "say how far scores tell right from wrong")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(run);
  return withComputeOptions(command);
}

async function run(modelPath: string, pairsPath: string, flags: EvaluateFlags): Promise<void> {
  checkFeatures(flags);
  await chooseDevice(flags);
  const model = await readTransducer(modelPath, flags.ensemble);
  if (model.featureVocabulary !== null && flags.features === undefined) {
    complain("warning: the model reads features; --features says which column has them");
  }
  const pairs = await readPairs(pairsPath, flags.columns, flags.features);
  if (pairs.length === 0) {
    throw new WorkError({ where: pairsPath, expected: "at least one pair", received: "none" });
  }
  const evaluation = await evaluate(model, pairs, {
    ...searchOf(flags),
    ...(flags.batch === undefined ? {} : { batchSize: flags.batch }),
    ...(canRedraw(process.stderr, process.env) ? { onProgress: showProgress } : {}),
  });
  const worst = evaluation.predictions
    .filter((prediction) => !prediction.exact)
    .sort((a, b) => b.edits - a.edits || a.pair.line - b.pair.line)
    .slice(0, flags.worst);
  const scores = calibration(evaluation.predictions);
  if (flags.json) await print(asJson(evaluation, scores, worst));
  else await print(asText(evaluation, flags.calibration ? scores : null, worst));
}

function showProgress(done: number, total: number): void {
  const text = done < total ? `${count(done)} of ${count(total)} pairs` : "";
  process.stderr.write(`\r\u001b[K${text}`);
}

function asText(
  evaluation: Evaluation,
  scores: Calibration | null,
  worst: readonly Prediction[],
): string {
  const wrong = evaluation.predictions.filter((prediction) => !prediction.exact).length;
  const lines = [
    `pairs              ${count(evaluation.pairs)}`,
    `exact match        ${percent(evaluation.exactMatch)} (${count(wrong)} wrong)`,
    `symbol error rate  ${percent(evaluation.symbolErrorRate)}`,
  ];
  if (scores !== null) lines.push(...calibrationLines(scores));
  if (worst.length > 0) lines.push("", "worst:");
  for (const { pair, output, edits, score } of worst) {
    lines.push(
      `  line ${pair.line}: ${quote(pair.source)} → ${quote(output)}, ` +
        `should be ${quote(pair.target)} (${edits} ${edits === 1 ? "edit" : "edits"}, ` +
        `confidence ${percent(Math.exp(score))})`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function calibrationLines(scores: Calibration): string[] {
  const { bins, expectedCalibrationError, riskCoverageArea, acceptance } = scores;
  const lines = [
    "",
    `calibration error  ${percent(expectedCalibrationError)} (distance of confidence from exact match)`,
    `risk under cover   ${percent(riskCoverageArea)} (area under the risk-coverage curve)`,
    "",
    "confidence        pairs  mean confidence  exact match",
  ];
  for (const { from, to, pairs, confidence, exactMatch } of bins) {
    const range = `${percent(from)} – ${percent(to)}`;
    const columns = [count(pairs).padStart(7), percent(confidence).padStart(17)];
    lines.push(`${range.padEnd(16)}${columns.join("")}${percent(exactMatch).padStart(13)}`);
  }
  lines.push("");
  for (const { exactMatch, score, coverage } of acceptance) {
    const share = percent(exactMatch);
    lines.push(
      score === null
        ? `no choice of scores is right ${share} of the time`
        : `right ${share} of the time: score ≥ ${score.toFixed(4)}, which ${percent(coverage)} have`,
    );
  }
  return lines;
}

function quote(text: string): string {
  return `"${safeText(text)}"`;
}

function asJson(evaluation: Evaluation, scores: Calibration, worst: readonly Prediction[]): string {
  const { pairs, exactMatch, symbolErrorRate } = evaluation;
  const listed = worst.map(({ pair, output, edits, score }) => ({ ...pair, output, edits, score }));
  const report = { pairs, exactMatch, symbolErrorRate, calibration: scores, worst: listed };
  return `${JSON.stringify(report, null, 2)}\n`;
}
