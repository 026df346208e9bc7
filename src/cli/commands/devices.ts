import { Command } from "commander";
import { currentDevice, DeviceError, type DeviceName, openDevice } from "../../index.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { print } from "../output.ts";

const DEVICES: readonly DeviceName[] = ["native", "wasm", "webgpu", "reference"];

const EXAMPLES = `
The device marked * is used where --device names none.
Of a GPU, --verbose shows the driver, limits and features.`;

/** `heed devices`: where this machine can compute, and why not elsewhere. */
export function devicesCommand(): Command {
  const command = new Command("devices")
    .summary("where this machine can compute")
    .description(
      "List the devices, with the instruction set and the threads that each would use, which one is used by default, and why others cannot be.",
    )
    .addHelpText("after", EXAMPLES)
    .action(devices);
  return withCommonOptions(command);
}

async function devices({ verbose = false }: CommonOptions): Promise<void> {
  const usual = currentDevice().name;
  for (const name of DEVICES) {
    const mark = name === usual ? "*" : " ";
    const [first = "", ...more] = await describe(name);
    await print(`${mark} ${name.padEnd(10)} ${first}\n`);
    if (verbose) for (const line of more) await print(`${" ".repeat(13)}${line}\n`);
  }
}

/** The line for everybody, and those for who wants to know more. */
async function describe(name: DeviceName): Promise<readonly string[]> {
  try {
    const { description, details = [] } = await openDevice(name);
    return [description, ...details];
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { received, fix } = error;
    return [`not available: ${fix === undefined ? received : `${received}; ${fix}`}`];
  }
}
