import { type Command, Option } from "commander";
import { currentDevice, type DeviceName, openDevice, useDevice } from "../index.ts";
import { oneOf, wholeNumber } from "./numbers.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly verbose?: boolean;
}

/** Options of the commands that compute. */
export interface ComputeOptions extends CommonOptions {
  readonly device?: DeviceName;
  readonly threads?: number;
}

const DEVICES = ["native", "wasm", "webgpu", "reference"] as const satisfies readonly DeviceName[];

/** Adds `--verbose`. */
export function withCommonOptions(command: Command): Command {
  return command.addOption(new Option("--verbose", "say more; show the stack of an error"));
}

/** Adds `--device`, `--threads` and `--verbose`. */
export function withComputeOptions(command: Command): Command {
  const device = new Option(
    "--device <name>",
    "where to compute: native, wasm, webgpu or reference",
  ).argParser(oneOf("--device", DEVICES));
  const threads = new Option(
    "--threads <n>",
    "most threads to compute on, on native and wasm (default: one per core)",
  ).argParser(wholeNumber("--threads", 1));
  return withCommonOptions(command.addOption(device).addOption(threads));
}

/** Makes the device that the options ask for the current one. Throws DeviceError if it cannot. */
export async function chooseDevice({ device, threads }: ComputeOptions): Promise<void> {
  if (device === undefined && threads === undefined) return;
  // The default device is one that openDevice knows by its name.
  const name = device ?? (currentDevice().name as DeviceName);
  useDevice(await openDevice(name, threads === undefined ? {} : { threads }));
}
