import { fileURLToPath } from "node:url";

/** The command as it is published; tests/support/fresh-command.ts keeps it that of these sources. */
export const COMMAND = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
