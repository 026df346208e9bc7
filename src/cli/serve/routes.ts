import { COMMON_HEADERS, NO_CACHE } from "./headers.ts";
import { listModels } from "./model-list.ts";
import { sendPageFile } from "./page-files.ts";
import { type Exchange, refuse, refuseUnknown } from "./refuse.ts";
import { sendFile } from "./send-file.ts";
import type { ServedModel } from "./served-models.ts";

/** What is served. */
export interface Site {
  /** The real path of the page's folder. */
  readonly root: string;
  readonly models: readonly ServedModel[];
  /** What the header Host may say; null: anything. */
  readonly hosts: ReadonlySet<string> | null;
  /** Is told of what should not have happened. */
  readonly warn: (text: string) => void;
}

/** Answers a request, whatever it is and whatever happens. */
export function answer(exchange: Exchange, site: Site): void {
  const { response } = exchange;
  route(exchange, site).catch((error: unknown) => {
    site.warn(`this is a bug in heed: ${String(error)}`);
    if (response.headersSent) response.destroy();
    else refuse(exchange, 500, "Something went wrong here.");
  });
}

async function route(exchange: Exchange, site: Site): Promise<void> {
  const { request, response } = exchange;
  const { method = "", url = "" } = request;
  for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
  const [host, ...others] = request.headersDistinct["host"] ?? [];
  if (host === undefined || others.length > 0) {
    return refuse(exchange, 400, "A request needs one header Host.", CLOSE);
  }
  if (site.hosts !== null && !site.hosts.has(host.toLowerCase())) {
    const text =
      "This page is for this machine only: open it at the address that heed serve prints.";
    return refuse(exchange, 421, text, CLOSE);
  }
  if (request.headers.expect !== undefined && request.headers.expect !== "100-continue") {
    return refuse(exchange, 417, "Nothing else can be expected here than 100-continue.", CLOSE);
  }
  if (method !== "GET" && method !== "HEAD") {
    // Whatever comes after the headers is not read.
    return refuse(exchange, 405, "Here is only to read.", { Allow: "GET, HEAD", ...CLOSE });
  }
  if (!url.startsWith("/")) return refuse(exchange, 400, "The address must begin with /.", CLOSE);
  const pathname = url.split(/[?#]/, 1)[0]!;
  if (pathname === "/models.json") return sendList(exchange, site.models);
  if (!pathname.startsWith("/models/")) return sendPageFile(exchange, site.root, pathname);
  // By the whole address, as it was listed: no part of it ever becomes a path.
  const model = site.models.find((each) => `/${each.url}` === pathname);
  if (model === undefined) return refuseUnknown(exchange);
  const type = "application/octet-stream"; // whatever the name ends in
  return sendFile(exchange, { path: model.path, cacheControl: NO_CACHE, type });
}

const CLOSE = { Connection: "close" };

async function sendList({ response }: Exchange, models: readonly ServedModel[]): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(await listModels(models))}\n`);
  response.writeHead(200, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": body.length,
    "Cache-Control": NO_CACHE,
  });
  response.end(body);
}
