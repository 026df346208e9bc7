import { Command } from "commander";
import {
  type AttentionMap,
  attentionToSvg,
  attentionToText,
  type Transduction,
} from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { WorkError } from "../errors.ts";
import { checkOutput } from "../files.ts";
import { gridOfSvgs } from "../grid-of-svgs.ts";
import { inputOf, readTransducer, withEnsembleOption } from "../models.ts";
import { type ComputeOptions, chooseDevice, withComputeOptions } from "../options.ts";
import { print } from "../output.ts";
import { safeText } from "../safe-text.ts";
import { canvasOf } from "../terminal.ts";
import { Warnings } from "../warnings.ts";

interface ShowFlags extends ComputeOptions {
  readonly ensemble?: readonly string[];
  readonly svg?: string;
  readonly heads?: true;
}

const EXAMPLES = `
Examples:
  heed show model.safetensors "june 27, 1990"
  heed show model.safetensors "june 27, 1990" --svg june.svg
  heed show model.safetensors "june 27, 1990" --heads

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
    .option("--heads", "every head's map, rather than the mean of the last layer's")
    .option("--svg <file>", "write the map as an SVG file instead")
    .addHelpText("after", EXAMPLES)
    .action(show);
  return withComputeOptions(command);
}

async function show(path: string, text: string, flags: ShowFlags): Promise<void> {
  if (flags.svg !== undefined) await checkOutput("--svg", flags.svg, [path]);
  await chooseDevice(flags);
  const model = await readTransducer(path, flags.ensemble);
  const attention = flags.heads === true ? "heads" : true;
  const result = await model.transduce(inputOf(text, model), { attention });
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
    await writeFileAtomically(flags.svg, picture(result, flags.heads === true));
    await print(`${flags.svg}\n`);
  } else {
    await print(flags.heads === true ? drawings(result) : drawing(result));
  }
}

/** The map as SVG, or those of all heads: a row for each layer. */
function picture(result: Transduction, heads: boolean): string {
  if (!heads) return attentionToSvg(result, { title: `${result.source} → ${result.output}` });
  const layers: string[][] = [];
  for (const { name, layer, map } of headMaps(result)) {
    layers[layer] ??= [];
    layers[layer].push(attentionToSvg(map, { title: name }));
  }
  return gridOfSvgs(layers);
}

/** A result and all heads' maps, one under the other. */
function drawings(result: Transduction): string {
  const canvas = canvasOf(process.stdout, process.env);
  const maps = headMaps(result).map(({ name, map }) => {
    return `\n${name}\n${attentionToText(map, canvas)}\n`;
  });
  return `${safeText(result.source)} → ${safeText(result.output)}\n${maps.join("")}`;
}

/** Layers and heads count from 1 where people read them. */
function headMaps({ heads, sourceSymbols, outputSymbols }: Transduction): {
  readonly name: string;
  readonly layer: number;
  readonly map: AttentionMap;
}[] {
  return heads.map(({ layer, head, attention }) => ({
    name: `layer ${layer + 1}, head ${head + 1}`,
    layer,
    map: { sourceSymbols, outputSymbols, attention },
  }));
}

/** A result and its map, as `heed show` and `heed demo` print them on this terminal. */
export function drawing(result: Transduction): string {
  const { source, output } = result;
  const map = attentionToText(result, canvasOf(process.stdout, process.env));
  return `${safeText(source)} → ${safeText(output)}\n\n${map}\n`;
}
