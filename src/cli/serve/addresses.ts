import { isIPv6 } from "node:net";

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

function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
