import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exchange, get, PAGE, SECRET, startSite, statusOf, writeFiles } from "./site.ts";

const LONG = "a".repeat(5000);

describe("no path leads out of the page's folder", () => {
  it.each<[name: string, target: string, statuses: readonly number[]]>([
    ["steps up", "/../secret.txt", [400]],
    ["steps up behind a folder", "/assets/../../secret.txt", [400]],
    ["steps up that stay inside", "/assets/../index.html", [400]],
    ["steps up, encoded", "/%2e%2e%2fsecret.txt", [400]],
    ["steps up, half encoded", "/.%2E/secret.txt", [400]],
    ["steps up, encoded twice", "/%252e%252e%252fsecret.txt", [404]],
    ["steps up, encoded too long for UTF-8", "/%c0%ae%c0%ae/secret.txt", [400]],
    ["steps up by backslashes", "/..\\secret.txt", [400]],
    ["steps up by encoded backslashes", "/..%5csecret.txt", [400]],
    ["steps up at the end", "/..", [400]],
    ["steps up from the models", "/models/../../secret.txt", [404]],
    ["steps up from a model, encoded", "/models/0/%2e%2e%2f%2e%2e%2fsecret.txt", [404]],
    ["a folder whose name begins like the page's", "/../page-too/index.html", [400]],
    ["an absolute path", "//etc/passwd", [404]],
    ["an absolute path, encoded", "/%2fetc%2fpasswd", [404]],
    ["another host", "//example.com/index.html", [404]],
    ["a whole address", "http://example.com/index.html", [400]],
    ["no address", "index.html", [400]],
    ["a star", "*", [400]],
    ["a drive", "/C:/secret.txt", [404]],
    ["a stream of a file", "/index.html::$DATA", [404]],
    ["NUL", "/index.html%00.js", [400]],
    ["a line's end", "/index.html%0d%0aX-Mine:%201", [400]],
    ["a percent sign alone", "/%", [400]],
    ["broken encoding", "/%zz", [400]],
    ["half a character", "/%e4", [400]],
    ["a very long name", `/${LONG}`, [404]],
    ["a very deep path", `/${"a/".repeat(4000)}`, [404]],
    ["a long way up", `/${"../".repeat(3000)}etc/passwd`, [400]],
    ["an address longer than is read", `/${LONG.repeat(20)}`, [431]],
    ["a hidden file", "/.hidden", [404]],
    ["a folder", "/assets", [404]],
    ["a folder with a slash", "/assets/", [404]],
    ["a file as a folder", "/index.html/", [404]],
    ["a path through a file", "/index.html/x", [404]],
    ["an empty name", "//index.html", [404]],
    ["nothing", "/nothing.js", [404]],
  ])("%s", async (_name, target, statuses) => {
    const { port } = await startSite();
    const response = await get(port, target);
    expect(response).not.toContain(SECRET);
    expect(response).not.toContain("root:");
    expect(response).not.toContain(PAGE["index.html"]);
    expect(response).not.toContain("heed: ");
    expect(statuses).toContain(statusOf(response));
    expect(response).toMatch(/^Content-Security-Policy: default-src 'none'/m);
    expect(statusOf(await get(port, "/"))).toBe(200); // and it goes on
  });

  it("bytes of any kind, at random", async () => {
    const { port } = await startSite();
    const parts = [
      "..",
      "%2e",
      "/",
      "%2f",
      "\\",
      "%5c",
      "%00",
      "%",
      "secret.txt",
      "a",
      "%25",
      "//",
    ];
    let seed = 1;
    const next = (): number => {
      seed = (seed * 48271) % 2147483647;
      return seed;
    };
    for (let i = 0; i < 150; i++) {
      const target = Array.from({ length: 1 + (next() % 9) }, () => parts[next() % parts.length]);
      const response = await get(port, `/${target.join("")}`);
      expect([400, 404, 200], target.join("")).toContain(statusOf(response));
      expect(response).not.toContain(SECRET);
    }
  });
});

describe("a symbolic link", () => {
  it("that leads out of the folder leads nowhere, whether to a file or through a folder", async () => {
    const { port, folder } = await startSite();
    symlinkSync(join(folder, "secret.txt"), join(folder, "page", "link.txt"));
    symlinkSync(folder, join(folder, "page", "up"));
    symlinkSync("../page-too", join(folder, "page", "beside"));
    symlinkSync("loop", join(folder, "page", "loop"));
    for (const target of ["/link.txt", "/up/secret.txt", "/beside/index.html", "/loop"]) {
      const response = await get(port, target);
      expect(statusOf(response), target).toBe(404);
      expect(response).not.toContain(SECRET);
    }
  });

  it("within the folder is followed, and the folder may be behind one itself", async () => {
    const { folder } = await startSite();
    symlinkSync("index.html", join(folder, "page", "start.html"));
    symlinkSync("page", join(folder, "linked"));
    const { port } = await startSite({ page: join(folder, "linked") });
    expect(await get(port, "/start.html")).toContain(PAGE["index.html"]);
  });
});

describe("what cannot be read", () => {
  it("a pipe is not waited for", async () => {
    const { port, folder } = await startSite();
    execFileSync("mkfifo", [join(folder, "page", "pipe")]);
    expect(statusOf(await get(port, "/pipe"))).toBe(404);
  });

  it("a page that is built anew while it is served", async () => {
    const { port, folder } = await startSite();
    writeFiles(join(folder, "page"), { "index.html": "new", "assets/new-12345678.js": "newer" });
    expect(await get(port, "/")).toMatch(/\r\n\r\nnew$/);
    expect(await get(port, "/assets/new-12345678.js")).toMatch(/\r\n\r\nnewer$/);
  });
});

it("names with spaces and any letters are found by their encoding, parameters are not part of them", async () => {
  const { port, address } = await startSite();
  const response = await fetch(new URL("a b/ü ñ.txt?x=/../y#z", address));
  expect(await response.text()).toBe("names of any kind");
  expect(statusOf(await get(port, "/?model=../../secret.txt"))).toBe(200);
  expect(statusOf(await get(port, "/%69ndex.html"))).toBe(200);
});

it("a request line that is none", async () => {
  const { port } = await startSite();
  for (const line of [
    "GET / with spaces HTTP/1.1",
    "GET /",
    "\u0016\u0003\u0001\u0002",
    "GET /a HTTP/9.9",
  ]) {
    expect(statusOf(await exchange(port, `${line}\r\n\r\n`)), line).toBe(400);
  }
});
