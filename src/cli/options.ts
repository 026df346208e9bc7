import { type Command, Option } from "commander";
import { type DeviceName, openDevice, useDevice } from "../index.ts";
import { oneOf } from "./numbers.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly verbose?: boolean;
}

/** Options of the commands that compute. */
export interface ComputeOptions extends CommonOptions {
  readonly device?: DeviceName;
}

const DEVICES = ["native", "wasm", "reference"] as const satisfies readonly DeviceName[];

/** Adds `--verbose`. */
export function withCommonOptions(command: Command): Command {
  return command.addOption(new Option("--verbose", "say more; show the stack of an error"));
}

/** Adds `--device` and `--verbose`. */
export function withComputeOptions(command: Command): Command {
  const device = new Option(
    "--device <name>",
    "where to compute: native, wasm or reference",
  ).argParser(oneOf("--device", DEVICES));
  return withCommonOptions(command.addOption(device));
}

/** Makes the device that the options ask for the current one. Throws DeviceError if it cannot. */
export async function chooseDevice(options: ComputeOptions): Promise<void> {
  if (options.device !== undefined) useDevice(await openDevice(options.device));
}
