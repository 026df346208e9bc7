import { Command } from "commander";
import { AttentionSeq2seq } from "../../index.ts";
import { writeFileAtomically, writeFolderAtomically } from "../atomic-write.ts";
import { UsageError } from "../errors.ts";
import { checkNewFolder, checkOutput } from "../files.ts";
import { describedModel } from "../model-description.ts";
import { readTransducer } from "../models.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { print } from "../output.ts";
import { version } from "../version.ts";

interface ExportFlags extends CommonOptions {
  readonly onnx?: string;
  readonly npz?: string;
}

const EXAMPLES = `
Examples:
  heed export model.safetensors --onnx exported
  heed export model.safetensors --npz model.npz

--onnx writes encoder.onnx, decoder.onnx (one step) and vocabulary.json, for onnxruntime and others;
docs/export.md says what goes in and comes out, and has the loop around them. --npz writes all learned
numbers by name, for numpy.load, with vocabulary.json among them.`;

/** `heed export`: a model for other programs. */
export function exportCommand(): Command {
  const command = new Command("export")
    .summary("a model for other programs")
    .description("Write a model for other programs: as ONNX graphs, as NumPy arrays, or as both.")
    .argument("<model>", "a model file, or a folder with one in it, as heed train writes it")
    .option("--onnx <folder>", "a new folder for the ONNX graphs of encoder and decoder")
    .option("--npz <file>", "a file for all learned numbers, as NumPy reads them")
    .addHelpText("after", EXAMPLES)
    .action(exportModel);
  return withCommonOptions(command);
}

async function exportModel(path: string, { onnx, npz }: ExportFlags): Promise<void> {
  if (onnx === undefined && npz === undefined) {
    throw new UsageError({
      where: "heed export",
      expected: "--onnx <folder> or --npz <file>, or both",
      received: "neither",
    });
  }
  if (onnx !== undefined) await checkNewFolder("--onnx", onnx);
  if (npz !== undefined) await checkOutput("--npz", npz, [path]);
  const model = await readTransducer(path);
  if (!(model instanceof AttentionSeq2seq)) {
    const [expected, received] = ["one model", "a folder of several"];
    throw new UsageError({ where: path, expected, received, fix: "name one of its files" });
  }
  if (onnx !== undefined) {
    await writeFolderAtomically(onnx, await onnxFolder(model));
    await print(`${onnx}\n`);
  }
  if (npz !== undefined) {
    const { npzBytes } = await import("../npz.ts");
    await writeFileAtomically(npz, npzBytes(model, description(model)));
    await print(`${npz}\n`);
  }
}

async function onnxFolder(model: AttentionSeq2seq): Promise<Map<string, Uint8Array | string>> {
  const { onnxFiles } = await import("../onnx-graphs/export-model.ts");
  const described = describedModel(model);
  const metadata = Object.fromEntries(
    Object.entries(described).map(([name, part]) => [
      name,
      typeof part === "string" ? part : JSON.stringify(part),
    ]),
  );
  const { encoder, decoder } = onnxFiles(model, metadata, version());
  return new Map<string, Uint8Array | string>([
    ["encoder.onnx", encoder],
    ["decoder.onnx", decoder],
    ["vocabulary.json", description(model)],
  ]);
}

function description(model: AttentionSeq2seq): string {
  return `${JSON.stringify(describedModel(model), null, 1)}\n`;
}
