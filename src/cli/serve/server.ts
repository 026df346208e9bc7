import { realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { allowedHosts, isLoopback, pageAddress } from "./addresses.ts";
import { rawResponse } from "./headers.ts";
import { answer, type Site } from "./routes.ts";

// Loaded by `heed serve` alone. It takes nothing but types from what other commands load too, of which the bundler
// would make files of their own, to be opened by every call of every command.

/** What to serve, and where. */
export interface ServerOptions extends Pick<Site, "models" | "warn"> {
  /** The folder of the page. */
  readonly page: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly patience?: Patience;
}

/** Milliseconds that clients get. */
export interface Patience {
  /** To send the headers of a request. */
  readonly headers: number;
  /** To send a whole request. */
  readonly request: number;
  /** For the next request on the same connection. */
  readonly nextRequest: number;
  /** To take or send anything at all. */
  readonly stalled: number;
  /** To take the rest of a response when the server stops. */
  readonly stopping: number;
  /** Between looks at who is late. */
  readonly check: number;
}

/** A browser on a slow line gets along with this; a client that holds on to connections does not. */
const PATIENCE: Patience = {
  headers: 10_000,
  request: 20_000,
  nextRequest: 5000,
  stalled: 120_000,
  stopping: 2000,
  check: 1000,
};

/** A server that has begun to listen. */
export interface PageServer {
  /** What to open in a browser. */
  readonly address: string;
  readonly port: number;
  /** Whether other machines can reach it. */
  readonly isOpen: boolean;
  /** Resolves when no connection is left: those that wait are closed, those that are busy get a moment. */
  readonly stop: () => Promise<void>;
}

/**
 * Serves a page and models until it is told to stop.
 *
 * @throws Error of the system when it cannot listen there
 */
export async function startServer(options: ServerOptions): Promise<PageServer> {
  const { host, port, patience = PATIENCE } = options;
  const server = createServer({
    headersTimeout: patience.headers,
    requestTimeout: patience.request,
    keepAliveTimeout: patience.nextRequest,
    connectionsCheckingInterval: patience.check,
    requireHostHeader: false, // refused with all headers, in routes.ts
  });
  server.timeout = patience.stalled;
  const underWay = new Set<ServerResponse>();
  const root = await realpath(options.page);
  await listen(server, host, port); // and nothing more to wait for until requests are listened to
  const bound = server.address() as AddressInfo; // no pipe was asked for
  const listening = { host, ip: bound.address, port: bound.port };
  const isOpen = !isLoopback(bound.address);
  const site: Site = {
    root,
    models: options.models,
    warn: options.warn,
    hosts: isOpen ? null : allowedHosts(listening),
  };
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
    answer({ request, response }, site);
  };
  server.on("request", respond);
  // Else Node would answer both by itself, without the headers that all responses have.
  server.on("checkExpectation", respond);
  server.on("connect", (_request, socket) => endRaw(socket, 405));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // Nothing can be said in the midst of a response.
    const isBusy = [...underWay].some(({ req }) => req.socket === socket);
    if (isBusy || error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else endRaw(socket, CLIENT_ERRORS[error.code ?? ""] ?? 400);
  });
  const stop = (): Promise<void> => stopServer(server, underWay, patience.stopping);
  return { address: pageAddress(listening), port: bound.port, isOpen, stop };
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Milliseconds for a client to read why its connection ends. */
const LAST_WORDS = 500;

function endRaw(socket: Duplex, status: number): void {
  socket.end(rawResponse(status));
  setTimeout(() => socket.destroy(), LAST_WORDS).unref();
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", failed);
      done();
    });
  });
}

function stopServer(
  server: Server,
  underWay: ReadonlySet<ServerResponse>,
  moment: number,
): Promise<void> {
  return new Promise((done) => {
    // Connections that browsers keep open for later would hold this up for as long as they like.
    const closeIfDone = (): void => {
      if (underWay.size === 0) server.closeAllConnections();
    };
    const late = setTimeout(() => server.closeAllConnections(), moment);
    server.close(() => {
      clearTimeout(late);
      done();
    });
    for (const response of underWay) response.once("close", closeIfDone);
    server.on("request", (_request, response) => response.once("close", closeIfDone));
    closeIfDone();
  });
}
