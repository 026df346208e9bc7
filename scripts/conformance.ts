/**
 * `npm run conformance -- FOLDER [--device NAME]`: runs every case of ONNX's operator Attention in a
 * folder, and says of each how near it came. Exit code 0: all cases pass; 1: some fail; 2: wrong call.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { provideGpu } from "../bench/gpu/adapter.ts";
import { complain } from "../src/cli/errors.ts";
import { ignoreClosedPipes, print } from "../src/cli/output.ts";
import { safeText } from "../src/cli/safe-text.ts";
import { openWebGpuDevice } from "../src/devices/webgpu/webgpu-device.ts";
import { currentDevice, type Device, HeedError, openDevice } from "../src/index.ts";
import { CaseError, parseCase } from "./conformance/case-file.ts";
import { type OutputReport, runCase } from "./conformance/run-case.ts";

const USAGE = "npm run conformance -- FOLDER [--device native|wasm|webgpu|reference|all]";
const DEVICES = ["native", "wasm", "webgpu", "reference"] as const;

/** The call was wrong. */
class UsageError extends Error {}

interface Call {
  readonly folder: string;
  readonly files: readonly string[];
  readonly device: string | undefined;
}

function readCall(words: readonly string[]): Call {
  let parsed: { values: { device?: string | undefined }; positionals: string[] };
  try {
    const options = { device: { type: "string" } } as const;
    parsed = parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { device } = parsed.values;
  const [named, ...more] = parsed.positionals;
  if (named === undefined || more.length > 0) {
    throw new UsageError(`expected one folder, got ${parsed.positionals.length}`);
  }
  if (device !== undefined && ![...DEVICES, "all"].includes(device)) {
    throw new UsageError(
      `--device: expected ${DEVICES.join(", ")} or all, got ${JSON.stringify(device)}`,
    );
  }
  // npm runs scripts in the repository, wherever it was called.
  const called = process.env["npm_lifecycle_event"] === "conformance" && process.env["INIT_CWD"];
  const folder = resolve(called || ".", named);
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const reason =
      code === "ENOENT" ? "no such folder" : code === "ENOTDIR" ? "not a folder" : code;
    throw new UsageError(`${named}: expected a folder of cases, got ${reason}`, { cause: error });
  }
  if (files.length === 0) throw new UsageError(`${named}: expected *.json in it, got none`);
  return { folder, files: files.sort(), device };
}

/** One line about a case, and whether it passes. Whatever goes wrong with it is its failure. */
async function tryCase(path: string, device: Device): Promise<{ line: string; passes: boolean }> {
  let reports: OutputReport[] = [];
  let refusal: string | null = null;
  try {
    reports = await runCase(parseCase(readFileSync(path, "utf8")), device);
  } catch (error) {
    const known = error instanceof CaseError || error instanceof HeedError;
    refusal =
      error instanceof Error
        ? known
          ? error.message
          : `${error.name}: ${error.message}`
        : String(error);
  }
  const passes = refusal === null && reports.every(({ complaint }) => complaint === null);
  const said = refusal ?? reports.map(describe).join("; ");
  return { line: `${passes ? "pass" : "FAIL"}  ${basename(path, ".json")}: ${said}`, passes };
}

function describe({ name, difference, complaint }: OutputReport): string {
  const parts = [name];
  if (difference !== null) {
    const { absolute, relative } = difference;
    parts.push(`absolute ${absolute.toPrecision(2)}, relative ${relative.toPrecision(2)}`);
  }
  return parts.join(" ") + (complaint === null ? "" : `: ${complaint}`);
}

/** Runs all cases on a device; whether all pass. */
async function tryAll({ folder, files }: Call, device: Device): Promise<boolean> {
  let passing = 0;
  for (const file of files) {
    const { line, passes } = await tryCase(join(folder, file), device);
    await print(`${safeText(line)}\n`);
    if (passes) passing++;
  }
  await print(`${passing} of ${files.length} cases pass on ${device.description}\n`);
  return passing === files.length;
}

async function main(): Promise<number> {
  const call = readCall(process.argv.slice(2));
  const names = call.device === "all" ? DEVICES : DEVICES.filter((name) => name === call.device);
  if (names.length === 0) return (await tryAll(call, currentDevice())) ? 0 : 1;
  let good = true;
  for (const name of names) {
    let device: Device;
    try {
      device = await open(name);
    } catch (error) {
      if (call.device !== "all") throw error;
      const reason = error instanceof Error ? error.message : String(error);
      await print(`left out: ${safeText(reason)}\n`);
      continue;
    }
    good = (await tryAll(call, device)) && good;
  }
  return good ? 0 : 1;
}

async function open(name: (typeof DEVICES)[number]): Promise<Device> {
  if (name !== "webgpu") return openDevice(name);
  // heed looks for the package beside itself; a clone has it with its example or its benchmark. Cases are small and
  // use few kernels: to compile all of them ahead is what would take longest.
  return openWebGpuDevice({ gpu: await provideGpu(), warm: false });
}

ignoreClosedPipes();
try {
  process.exitCode = await main();
} catch (error) {
  const wrongCall = error instanceof UsageError;
  complain(
    error instanceof Error ? `${error.message}${wrongCall ? `; ${USAGE}` : ""}` : String(error),
  );
  process.exitCode = wrongCall ? 2 : 1;
}
