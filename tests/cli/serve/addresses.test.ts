import { describe, expect, it } from "vitest";
import { UsageError } from "../../../src/cli/errors.ts";
import { allowedHosts, isLoopback, pageAddress } from "../../../src/cli/serve/addresses.ts";
import { listenError } from "../../../src/cli/serve/listen-error.ts";

/** What listening fails with. */
function failure(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code, syscall: "listen" });
}

describe("a server that cannot listen says why", () => {
  it.each<[code: string, message: string]>([
    [
      "EADDRINUSE",
      "--port 80: expected a port that is free, got one that another program listens on at here; " +
        "choose another, or --port 0 for any that is free",
    ],
    [
      "EACCES",
      "--port 80: expected a port that may be listened on, got permission denied; " +
        "choose one from 1024, or --port 0 for any that is free",
    ],
    ["EADDRNOTAVAIL", host("an address that is not this machine's")],
    ["EAFNOSUPPORT", host("an address of a kind that this machine has not set up")],
    ["EAI_AGAIN", host("a name that could not be looked up")],
    ["ENODATA", host("a name without an address")],
    ["EINVAL", host("something that is no address to listen at")],
    ["ENOTFOUND", host("a name that is not known")],
    [
      "EMFILE",
      "--host here: expected a name or an address of this machine, got too many open files (EMFILE in listen)",
    ],
  ])("%s", (code, message) => {
    const error = listenError(failure(code), "here", 80);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message, cause: { code } });
  });

  it("and what is no failure of the system stays what it is", () => {
    const bug = new TypeError("a bug");
    expect(listenError(bug, "here", 80)).toBe(bug);
  });
});

function host(received: string): string {
  const expected = "a name or an address of this machine";
  return `--host here: expected ${expected}, got ${received}; leave --host out for 127.0.0.1`;
}

it.each([
  ["127.0.0.1", true],
  ["127.8.9.1", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.0.127", false],
  ["::ffff:10.0.0.1", false],
])("%s is this machine's alone: %s", (ip, expected) => {
  expect(isLoopback(ip)).toBe(expected);
});

it.each([
  ["127.0.0.1", "127.0.0.1", "http://127.0.0.1:8080/"],
  ["localhost", "::1", "http://localhost:8080/"],
  ["::1", "::1", "http://[::1]:8080/"],
  ["0.0.0.0", "0.0.0.0", "http://127.0.0.1:8080/"],
  ["::", "::", "http://[::1]:8080/"],
  ["my-machine", "192.0.2.1", "http://my-machine:8080/"],
])("--host %s at %s is opened as %s", (name, ip, address) => {
  expect(pageAddress({ host: name, ip, port: 8080 })).toBe(address);
});

it("hosts may be named as they were asked for, and without the port where it is the usual one", () => {
  const named = allowedHosts({ host: "My-Name", ip: "127.0.1.1", port: 80 });
  for (const name of ["localhost", "127.0.0.1", "[::1]", "my-name", "127.0.1.1"]) {
    expect(named).toContain(name);
    expect(named).toContain(`${name}:80`);
  }
  expect(allowedHosts({ host: "::1", ip: "::1", port: 1 })).toEqual(
    new Set(["localhost:1", "127.0.0.1:1", "[::1]:1"]),
  );
});
