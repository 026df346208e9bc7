import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import send from "send";
import { type Exchange, refuse, refuseUnknown, refuseUnreadable } from "./refuse.ts";
import { entityTag, FileChanged, type Reader, steadyReader } from "./steady-reader.ts";

/** A file to answer with. */
export interface ServedFile {
  readonly path: string;
  readonly cacheControl: string;
  /** Where the ending of its name is not to be trusted. */
  readonly type?: string;
}

/** How often to start over when a file changes before the first byte of it is sent. */
const ATTEMPTS = 4;
/** Bytes read at a time. */
const CHUNK = 2 ** 18;

/**
 * Answers with a file: whole, a range of it, or only what has changed of it. All that is `send`'s, which knows HTTP's
 * rules of conditions and ranges, looks at the file anew for every request, and takes the names of its own paths apart
 * once more. Of what it may find at a path, only regular files are left to it: a pipe would be waited for.
 */
export async function sendFile(exchange: Exchange, file: ServedFile, attempt = 1): Promise<void> {
  try {
    if (!(await stat(file.path)).isFile()) return refuseUnknown(exchange);
  } catch (error) {
    return refuseUnreadable(exchange, error);
  }
  const { request, response } = exchange;
  let announced: Stats | undefined;
  // `send` hands what it does not know on to createReadStream.
  const options: send.SendOptions & { readonly fs: Reader; readonly highWaterMark: number } = {
    root: dirname(file.path),
    dotfiles: "allow",
    index: false,
    cacheControl: false,
    fs: steadyReader(() => announced),
    highWaterMark: CHUNK,
  };
  const sent = send(request, encodeURIComponent(basename(file.path)), options);
  sent.on("file", (_path: string, found: Stats) => {
    announced = found;
    // More bytes from the end than there are mean all (RFC 9110, 14.1.2), which `send` takes for a mistake.
    const fromEnd = /^bytes=-(\d+)$/.exec(request.headers.range ?? "")?.[1];
    if (Number(fromEnd) > found.size) delete request.headers.range;
    response.setHeader("Cache-Control", file.cacheControl);
    response.setHeader("ETag", entityTag(found));
    if (file.type !== undefined) response.setHeader("Content-Type", file.type);
  });
  sent.on("directory", () => refuseUnknown(exchange));
  sent.on("error", (error: unknown) => {
    // Bytes are on their way under headers that promise others: only a broken connection says so.
    if (response.headersSent) response.destroy();
    else if (!(error instanceof FileChanged)) refuseByStatus(exchange, error);
    else if (attempt < ATTEMPTS) startOver(exchange, file, attempt + 1);
    else refuse(exchange, 503, "The file is being written; try again.", { "Retry-After": "1" });
  });
  sent.pipe(response);
}

/** What was announced of the file must not be said of its successor. */
function startOver(exchange: Exchange, file: ServedFile, attempt: number): void {
  for (const name of ABOUT_FILE) exchange.response.removeHeader(name);
  exchange.response.statusCode = 200;
  sendFile(exchange, file, attempt).catch((error) => exchange.response.destroy(error));
}

const ABOUT_FILE = [
  "Accept-Ranges",
  "Content-Length",
  "Content-Range",
  "Content-Type",
  "ETag",
  "Last-Modified",
];

/** Answers for what `send` refuses; of failures of the file system it says too little. */
function refuseByStatus(exchange: Exchange, error: unknown): void {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  const range = exchange.response.getHeader("Content-Range");
  if (status === 416 && typeof range === "string") {
    const text = "The file has no bytes in that range.";
    refuse(exchange, 416, text, { "Content-Range": range, "Accept-Ranges": "bytes" });
  } else if (status === 412) {
    refuse(exchange, 412, "The file is another than the one asked for.");
  } else {
    refuseUnreadable(exchange, error);
  }
}
