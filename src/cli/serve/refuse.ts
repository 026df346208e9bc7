import type { IncomingMessage, ServerResponse } from "node:http";
import { COMMON_HEADERS } from "./headers.ts";

/** A request and what answers it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers with a status and one line of text, whatever headers had been set before. */
export function refuse(
  { response }: Exchange,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    ...headers,
  });
  response.end(body);
}

/** Says that there is nothing at an address. */
export function refuseUnknown(exchange: Exchange): void {
  refuse(exchange, 404, "Not found: only the page's files and the models that heed serve names.");
}

/** Answers for a file that cannot be opened or read: gone, not to be read, or too many are open. */
export function refuseUnreadable(exchange: Exchange, error: unknown): void {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (ABSENT.has(code)) {
    refuseUnknown(exchange);
  } else if (BUSY.has(code)) {
    refuse(exchange, 503, "Too many files are open; try again.", { "Retry-After": "1" });
  } else {
    refuse(exchange, 500, "The file cannot be read.");
  }
}

/** Nothing at that path for this process, which is all that who asks should learn. */
const ABSENT: ReadonlySet<string> = new Set([
  "EACCES",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOTDIR",
  "EPERM",
]);

const BUSY: ReadonlySet<string> = new Set(["EMFILE", "ENFILE"]);
