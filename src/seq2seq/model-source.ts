import { describe } from "../core/arguments.ts";
import { CheckpointError, DataError } from "../core/errors.ts";
import { isNode, nodeModule } from "../devices/host.ts";

/** Where a model can be had: a path or an address, or what holds its bytes. */
export type ModelSource = string | URL | Blob | Response | ArrayBuffer | Uint8Array;

/** What came from a source. */
export interface SourceContents {
  readonly bytes: Uint8Array;
  /** What messages call it. */
  readonly where: string;
  /** Whether a server called it a page. */
  readonly isPage: boolean;
}

/** Most bytes of a model, 2 GiB: what engines hold in one array. */
const MOST_BYTES = 2 ** 31;
/** Schemes of addresses, as opposed to paths with a colon in them. */
const ADDRESS = /^(?:https?|data|blob|file):/i;
const EXPECTED = "a model file";

/**
 * The bytes of a source.
 *
 * @throws CheckpointError when it cannot be read, DataError when it is none, and the signal's reason when
 * that aborts
 */
export async function readSource(
  source: ModelSource,
  signal: AbortSignal | undefined,
): Promise<SourceContents> {
  checkSignal(signal);
  signal?.throwIfAborted();
  try {
    const contents = await contentsOf(source, signal);
    signal?.throwIfAborted();
    return contents;
  } catch (error) {
    // However whoever reads words it that he was stopped: the reason is the signal's.
    signal?.throwIfAborted();
    throw error;
  }
}

async function contentsOf(
  source: ModelSource,
  signal: AbortSignal | undefined,
): Promise<SourceContents> {
  if (typeof source === "string") {
    if (source === "") throw noSource(source);
    const isPath = isNode() && !ADDRESS.test(source);
    return isPath ? readFile(source, source, signal) : fetchAddress(source, signal);
  }
  // By what they can do rather than by their class: there are as many classes as there are frames.
  if (ArrayBuffer.isView(source)) {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return { bytes, where: "loadModel", isPage: false };
  }
  if (Object.prototype.toString.call(source) === "[object ArrayBuffer]") {
    return { bytes: new Uint8Array(source as ArrayBuffer), where: "loadModel", isPage: false };
  }
  if (typeof source !== "object" || source === null) throw noSource(source);
  if ("href" in source) return fetchAddress(source.href, signal);
  if ("arrayBuffer" in source && "status" in source) {
    return readResponse(source, source.url || "a Response", signal);
  }
  if ("arrayBuffer" in source && "size" in source) return readBlob(source);
  throw noSource(source);
}

function noSource(source: unknown): DataError {
  return new DataError({
    where: "loadModel",
    expected: "a path, an address, a Blob, a Response or bytes",
    received: describe(source),
  });
}

/** A file of Node's file system. In pieces, since what has no end would be read without one otherwise. */
async function readFile(
  path: string | URL,
  where: string,
  signal: AbortSignal | undefined,
): Promise<SourceContents> {
  const fs = nodeModule("fs");
  if (fs === null) {
    throw new CheckpointError({
      where,
      expected: "Node 20.16 or later, to read files in",
      received: `Node ${process.versions.node}`,
      fix: "read the file with node:fs, and give its bytes",
    });
  }
  try {
    const chunks = fs.createReadStream(path, signal === undefined ? {} : { signal });
    return { bytes: await gathered(chunks, where), where, isPage: false };
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw unreadable(where, UNREADABLE[codeOf(cause)] ?? messageOf(cause), cause);
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: "a file that may not be read",
  EISDIR: "a directory",
  ENOENT: "no such file",
};

async function fetchAddress(
  address: string,
  signal: AbortSignal | undefined,
): Promise<SourceContents> {
  const where =
    address.length > 60 && /^data:/i.test(address) ? `${address.slice(0, 60)}…` : address;
  const url = parsed(address);
  if (url !== null && (url.username !== "" || url.password !== "")) {
    url.username = url.password = "";
    throw new DataError({
      where: url.href,
      expected: "an address without a user's name and password",
      received: "one with them",
      fix: "fetch it with an Authorization header, and give the Response",
    });
  }
  if (isNode() && url?.protocol === "file:") return readFile(url, where, signal);
  let response: Response;
  try {
    response = await fetch(address, signal === undefined ? {} : { signal });
  } catch (cause) {
    const inner = cause instanceof Error ? cause.cause : undefined;
    throw unreadable(where, `no answer (${codeOf(inner) || messageOf(cause)})`, cause);
  }
  return readResponse(response, where, signal);
}

/** An address by itself; null for what is relative to a page, or is none. */
function parsed(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

async function readResponse(
  response: Response,
  where: string,
  signal: AbortSignal | undefined,
): Promise<SourceContents> {
  if (response.type === "opaque") {
    throw unreadable(where, 'a response that may not be looked into (fetched with mode "no-cors")');
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw unreadable(where, `HTTP status ${response.status} ${response.statusText}`.trimEnd());
  }
  if (response.bodyUsed) throw unreadable(where, "a response that was read before");
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > MOST_BYTES) {
    await response.body?.cancel();
    throw tooLarge(where, MOST_BYTES);
  }
  const isPage = /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
  try {
    const bytes =
      response.body === null
        ? new Uint8Array(await response.arrayBuffer())
        : await gathered(chunksOf(response.body, signal), where);
    return { bytes, where, isPage };
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw unreadable(where, `a response that broke off (${messageOf(cause)})`, cause);
  }
}

async function readBlob(blob: Blob): Promise<SourceContents> {
  const where = "name" in blob && typeof blob.name === "string" ? blob.name : "a Blob";
  if (blob.size > MOST_BYTES) throw tooLarge(where, MOST_BYTES);
  try {
    return { bytes: new Uint8Array(await blob.arrayBuffer()), where, isPage: false };
  } catch (cause) {
    // A file that was changed or removed since it was chosen.
    throw unreadable(where, messageOf(cause), cause);
  }
}

/** The pieces of a stream: not every engine can iterate over one. The signal ends it. */
async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const stop = (): void => {
    reader.cancel(signal?.reason).catch(() => {});
  };
  signal?.addEventListener("abort", stop);
  let isDone = false;
  try {
    while (!isDone) {
      const { done, value } = await reader.read();
      isDone = done;
      if (value !== undefined) yield value;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    if (!isDone) stop();
  }
}

/**
 * Pieces put together.
 *
 * @throws CheckpointError when they come to more than `most` bytes
 */
export async function gathered(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  most: number = MOST_BYTES,
): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw tooLarge(where, most);
    taken.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let start = 0;
  for (const chunk of taken) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  return bytes;
}

function tooLarge(where: string, most: number): CheckpointError {
  const received = `more than ${most / 2 ** 30} GiB`;
  return new CheckpointError({ where, expected: EXPECTED, received });
}

function unreadable(where: string, received: string, cause?: unknown): CheckpointError {
  const facts = { where, expected: EXPECTED, received };
  return new CheckpointError(facts, cause === undefined ? {} : { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (typeof signal?.throwIfAborted === "function") return;
  const expected = "signal to be an AbortSignal";
  throw new DataError({ where: "loadModel", expected, received: describe(signal) });
}
