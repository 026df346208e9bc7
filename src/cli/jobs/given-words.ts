import type { Command } from "commander";

/** The words of each flag, by its name. */
export type GivenWords = ReadonlyMap<string, readonly string[]>;

/**
 * The flags that a command was called with, by name, each as the words that were typed: what a call of
 * another process is made of. To be asked for before the command is parsed; filled when it is.
 */
export function givenWords(command: Command): GivenWords {
  const words = new Map<string, readonly string[]>();
  for (const option of command.options) {
    const name = option.name();
    command.on(`option:${name}`, (value?: string | null) => {
      const flag = option.long ?? "";
      words.set(name, value === undefined || value === null ? [flag] : [flag, value]);
    });
  }
  return words;
}
