import { cpus } from "node:os";

/** The day and the processor of a measurement. */
export function dayAndMachine(): { date: string; machine: string } {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: cpus()[0]?.model ?? "unknown processor",
  };
}
