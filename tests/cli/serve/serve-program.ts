/** `heed serve` as src/cli/main.ts has it, but with the page in the folder that is named first. */
import { Command } from "commander";
import { serveCommand } from "../../../src/cli/commands/serve.ts";
import { reportError } from "../../../src/cli/errors.ts";

const [page, ...words] = process.argv.slice(2);
try {
  const program = new Command().addCommand(serveCommand(page));
  await program.parseAsync(["serve", ...words], { from: "user" });
} catch (error) {
  process.exitCode = reportError(error, false);
}
process.exit();
