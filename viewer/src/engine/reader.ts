import type { ReaderMethods } from "./reader.worker.ts";
import { type Connection, connect, type Remote } from "./rpc.ts";

let connection: Connection<ReaderMethods> | null = null;

/** The worker that reads, started when it is first needed and kept: its models are there to come back to. */
export function reader(): Remote<ReaderMethods> {
  connection ??= connect<ReaderMethods>(
    new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module", name: "reader" }),
  );
  return connection.remote;
}
