import { Command } from "commander";
import { attentionToSvg, attentionToText, type Transduction } from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { WorkError } from "../errors.ts";
import { checkOutput } from "../files.ts";
import { inputOf, readTransducer, withEnsembleOption } from "../models.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { print } from "../output.ts";
import { safeText } from "../safe-text.ts";
import { canvasOf } from "../terminal.ts";
import { Warnings } from "../warnings.ts";

interface ShowFlags extends ComputeOptions {
  readonly ensemble?: readonly string[];
  readonly svg?: string;
}

const EXAMPLES = `
Examples:
  heed show model.safetensors "june 27, 1990"
  heed show model.safetensors "june 27, 1990" --svg june.svg

One row per output symbol, one column per source symbol; the brighter the cell, the more of its
attention the output symbol gave. NO_COLOR and FORCE_COLOR are honoured.`;

/** `heed show`: what a model looks at. */
export function showCommand(): Command {
  const command = new Command("show")
    .summary("what a model looks at")
    .description("Show which source symbols each output symbol came from.")
    .argument("<model>", "a model file, as heed train writes it, or a folder with one or several")
    .argument("<text>", "the text to read");
  withEnsembleOption(command)
    .option("--svg <file>", "write the map as an SVG file instead")
    .addHelpText("after", EXAMPLES)
    .action(show);
  return withComputeOptions(command);
}

async function show(path: string, text: string, flags: ShowFlags): Promise<void> {
  if (flags.svg !== undefined) await checkOutput("--svg", flags.svg, [path]);
  await chooseDevice(flags);
  const model = await readTransducer(path, flags.ensemble);
  const result = await model.transduce(inputOf(text, model));
  if (result.attention.length < result.outputSymbols.length) {
    throw new WorkError({
      where: path,
      expected: "a model that attends to what it reads",
      received: "one without attention",
      fix: `use heed predict; its answer is ${JSON.stringify(result.output)}`,
    });
  }
  const [unknown] = result.unknownSymbols;
  if (unknown !== undefined) {
    new Warnings().once(
      "unknown",
      `the text has ${JSON.stringify(unknown)}, which the model has never seen`,
    );
  }
  if (flags.svg !== undefined) {
    const title = `${result.source} → ${result.output}`;
    await writeFileAtomically(flags.svg, attentionToSvg(result, { title }));
    await print(`${flags.svg}\n`);
  } else {
    await print(drawing(result));
  }
}

/** A result and its map, as `heed show` and `heed demo` print them on this terminal. */
export function drawing(result: Transduction): string {
  const { source, output } = result;
  const map = attentionToText(result, canvasOf(process.stdout, process.env));
  return `${safeText(source)} → ${safeText(output)}\n\n${map}\n`;
}
