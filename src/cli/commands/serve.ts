import { Command } from "commander";
import { complain, UsageError } from "../errors.ts";
import { Interrupt } from "../interrupt.ts";
import { oneOf, wholeNumber } from "../numbers.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { count, print } from "../output.ts";
import { checkPage, PAGE_FOLDER } from "../page-folder.ts";
import { safeText } from "../safe-text.ts";
import { listenError } from "../serve/listen-error.ts";
import { openBrowser } from "../serve/open-browser.ts";
import { findModels } from "../serve/served-models.ts";

interface ServeFlags extends CommonOptions {
  readonly port: number;
  readonly host: string;
  readonly open: "yes" | "no";
}

/** Names that are listed when it starts; more are counted. */
const LISTED = 5;

const EXAMPLES = `
Examples:
  heed serve                                  the viewer, with the model that comes with it
  heed serve model.safetensors                with yours, too
  heed serve a.safetensors runs/dates.run     several; of a folder, the models that heed predict would take
  heed serve --port 8080 --open yes           always at the same address, and opened in the browser
  heed serve --host 0.0.0.0                   for others on the network, too

It prints the address, and serves until Ctrl-C. All computing is done in the page, by the browser. A model
file is read anew for every request, so that a page that is loaded again has what training wrote last.`;

/** `heed serve`: the viewer page, and models for it. @param page the folder of the page */
export function serveCommand(page = PAGE_FOLDER): Command {
  const command = new Command("serve")
    .summary("look into models in the browser")
    .description("Serve the viewer page, and models for it, to a browser on this machine.")
    .argument("[models...]", "model files, as heed train writes them, or folders with them")
    .option("--port <n>", "where to listen; 0: any port that is free", portNumber, 0)
    .option("--host <address>", "name or address of this machine to listen at", "127.0.0.1")
    .option("--open <yes|no>", "open the browser", oneOf("--open", ["yes", "no"] as const), "no")
    .addHelpText("after", EXAMPLES)
    .action((models: readonly string[], flags: ServeFlags) => serve(models, flags, page));
  return withCommonOptions(command);
}

const portNumber = wholeNumber("--port", 0, 65535);

async function serve(paths: readonly string[], flags: ServeFlags, page: string): Promise<void> {
  const { host, port } = flags;
  if (host.trim() === "") {
    const expected = "a name or an address of this machine, such as 127.0.0.1";
    throw new UsageError({ where: "--host", expected, received: "an empty name" });
  }
  const models = await findModels(paths);
  await checkPage(page);
  const { startServer } = await import("../serve/server.ts");
  const options = { page, models, host, port, warn: complain };
  const server = await startServer(options).catch((error: unknown) => {
    throw listenError(error, host, port);
  });
  const stopped = new Promise<void>((resolve) => new Interrupt(resolve));
  if (server.isOpen) {
    complain(
      `warning: --host ${host}: others on the network can reach the page and the models; ` +
        "leave --host out to keep them to this machine",
    );
  }
  await print(`${server.address}\n`);
  process.stderr.write(`${whatIsServed(models.map(({ name }) => name))}; Ctrl-C stops\n`);
  if (flags.open === "yes") openBrowser(server.address);
  await stopped;
  await server.stop();
  if (process.stderr.isTTY) process.stderr.write("heed: stopped\n");
}

function whatIsServed(names: readonly string[]): string {
  if (names.length === 0) return "serving the page, with its own model only";
  const shown = names.slice(0, LISTED).map(safeText).join(", ");
  const more = names.length > LISTED ? `, and ${count(names.length - LISTED)} more` : "";
  return `serving the page and ${count(names.length)} ${names.length === 1 ? "model" : "models"}: ${shown}${more}`;
}
