#!/usr/bin/env node
import { Command } from "commander";
import { demoCommand } from "./commands/demo.ts";
import { devicesCommand } from "./commands/devices.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { exportCommand } from "./commands/export.ts";
import { plotCommand } from "./commands/plot.ts";
import { predictCommand } from "./commands/predict.ts";
import { serveCommand } from "./commands/serve.ts";
import { showCommand } from "./commands/show.ts";
import { trainCommand } from "./commands/train.ts";
import { tuneCommand } from "./commands/tune.ts";
import { complain, reportError } from "./errors.ts";
import { ignoreClosedPipes } from "./output.ts";
import { version } from "./version.ts";

const EXAMPLES = `
Start here:
  heed demo                                       learns dates from nothing, in under a minute
  heed train pairs.tsv                            learns from lines of source<TAB>target
  heed predict model.safetensors "june 27, 1990"  what the model makes of it
  heed show model.safetensors "june 27, 1990"     what it looked at

heed <command> --help has more. Exit codes: 0 done, 1 the work failed, 2 the call was wrong.`;

function program(): Command {
  const heed = new Command("heed")
    .description("Small models from pairs of strings, and what they attend to.")
    .version(version(), "--version", "print the version")
    .helpCommand("help [command]", "what a command does and its options")
    .addHelpText("after", EXAMPLES);
  for (const make of [
    demoCommand,
    trainCommand,
    tuneCommand,
    predictCommand,
    evaluateCommand,
    showCommand,
    serveCommand,
    plotCommand,
    exportCommand,
    devicesCommand,
  ]) {
    heed.addCommand(make());
  }
  for (const command of [heed, ...heed.commands]) {
    command.exitOverride().configureOutput({
      outputError: (text) => complain(text.replace(/^error: /, "")),
    });
  }
  return heed;
}

function wantsStack(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end === -1 ? undefined : end).includes("--verbose");
}

ignoreClosedPipes();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = reportError(error, wantsStack(process.argv));
}
process.exit(); // stdin or a pool of threads may still be open
