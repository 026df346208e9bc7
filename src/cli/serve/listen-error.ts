import { describeSystemError, UsageError } from "../errors.ts";

/** What to throw when a server cannot listen: a UsageError that says why, of `--port` or of `--host`. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const cause = { cause: error };
  if (code === "EADDRINUSE") {
    return new UsageError(
      {
        where: `--port ${port}`,
        expected: "a port that is free",
        received: `one that another program listens on at ${host}`,
        fix: "choose another, or --port 0 for any that is free",
      },
      cause,
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return new UsageError(
      {
        where: `--port ${port}`,
        expected: "a port that may be listened on",
        received: "permission denied",
        fix: "choose one from 1024, or --port 0 for any that is free",
      },
      cause,
    );
  }
  const received = UNUSABLE[code];
  if (received === undefined) {
    const system = describeSystemError(error);
    if (system === null) return error;
    return new UsageError({ where: `--host ${host}`, expected: HOST, received: system }, cause);
  }
  const fix = "leave --host out for 127.0.0.1";
  return new UsageError({ where: `--host ${host}`, expected: HOST, received, fix }, cause);
}

const HOST = "a name or an address of this machine";

const UNUSABLE: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "an address that is not this machine's",
  EAFNOSUPPORT: "an address of a kind that this machine has not set up",
  EAI_AGAIN: "a name that could not be looked up",
  EAI_NODATA: "a name without an address",
  EINVAL: "something that is no address to listen at",
  ENODATA: "a name without an address",
  ENOTFOUND: "a name that is not known",
};
