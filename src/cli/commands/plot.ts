import { Command } from "commander";
import { writeFileAtomically } from "../atomic-write.ts";
import { complain } from "../errors.ts";
import { checkOutput } from "../files.ts";
import { oneOf } from "../numbers.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { count, print } from "../output.ts";
import { curvesToSvg, type Over } from "../plot/curves.ts";
import { findLogs, readTrainingLogs, type TrainingLog } from "../plot/training-log.ts";

interface PlotFlags extends CommonOptions {
  readonly out: string;
  readonly over: Over;
}

const EXAMPLES = `
Examples:
  heed plot model.run                         curves.svg: loss, dev figures, rate, gradients, speed
  heed plot a.run b.run --over seconds        two runs in one picture, over time
  heed plot tune --out tune.svg               all runs in a directory of runs
  heed plot model.run/log.jsonl --out - | less   the SVG itself, on standard output

A run that is still going on can be drawn too. Of a curve of many steps, a point is the mean of a few.`;

/** `heed plot`: the curves of training runs as a picture. */
export function plotCommand(): Command {
  const command = new Command("plot")
    .summary("draw the curves of training runs")
    .description("Draw the training curves of one or more runs as an SVG file.")
    .argument("<runs...>", "directories of runs, directories of such, or logs (JSON lines)")
    .option("--out <file>", "where to write the picture; - for standard output", "curves.svg")
    .option(
      "--over <what>",
      "what to draw over, steps or seconds",
      oneOf("--over", ["steps", "seconds"] as const),
      "steps",
    )
    .addHelpText("after", EXAMPLES)
    .action(plot);
  return withCommonOptions(command);
}

async function plot(runs: readonly string[], { out, over }: PlotFlags): Promise<void> {
  const paths = await findLogs(runs);
  if (out !== "-") await checkOutput("--out", out, paths);
  const logs = await readTrainingLogs(paths);
  for (const log of logs) warnOfDamage(log);
  const svg = await curvesToSvg(logs, over);
  if (out === "-") {
    await print(svg);
  } else {
    await writeFileAtomically(out, svg);
    await print(`${out}\n`);
  }
}

function warnOfDamage({ path, damaged }: TrainingLog): void {
  const [first] = damaged;
  if (first === undefined) return;
  const lines = damaged.length === 1 ? "a line" : `${count(damaged.length)} lines`;
  complain(
    `warning: ${path}: skipped ${lines} that ${damaged.length === 1 ? "is no record" : "are no records"}, ` +
      `line ${first}${damaged.length === 1 ? "" : " first"}`,
  );
}
