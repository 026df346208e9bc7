import { isIPv6 } from "node:net";
import { describeSystemError, UsageError } from "../errors.ts";

/** Where a server listens. */
export interface Listening {
  /** As it was asked for. */
  readonly host: string;
  /** The number that it came to be. */
  readonly ip: string;
  readonly port: number;
}

/** Whether only this machine can reach an IP address. */
export function isLoopback(ip: string): boolean {
  return ip === "::1" || /^(?:::ffff:)?127\./i.test(ip);
}

/** What to open in a browser of this machine. */
export function pageAddress({ host, ip, port }: Listening): string {
  // A browser cannot open "every address of this machine".
  if (ip === "0.0.0.0") return `http://127.0.0.1:${port}/`;
  if (ip === "::") return `http://[::1]:${port}/`;
  return `http://${inUrl(host)}:${port}/`;
}

/**
 * What the header Host may say of a server that only this machine can reach. A page of another site can have its own
 * name lead here, and its visitors' browsers then take what is here for that site's: its requests name that site.
 */
export function allowedHosts({ host, ip, port }: Listening): ReadonlySet<string> {
  const names = ["localhost", "127.0.0.1", "[::1]", inUrl(host).toLowerCase(), inUrl(ip)];
  return new Set(names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]));
}

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

function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
