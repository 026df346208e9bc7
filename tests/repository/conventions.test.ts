import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FAMILY_OPS } from "../../src/kernels/family.ts";
import { repositoryFiles, sourceFiles } from "./repository-files.ts";

const files = repositoryFiles();
const markdown = files.filter((file) => file.endsWith(".md"));
const code = files.filter((file) => /\.(?:ts|mts|mjs|js|c|h|wgsl)$/.test(file));

describe("files stay short enough to be read", () => {
  const long = code
    .filter((file) => /^(?:src|tests|scripts|bench|examples|viewer)\//.test(file))
    .map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 }))
    .filter(({ lines }) => lines > 400);

  it("no file has more than 400 lines", () => {
    expect(long).toEqual([]);
  });
});

describe("tests and types are not switched off", () => {
  // Spelled so that this file does not contain what it looks for.
  const forbidden = [".only" + "(", "@ts-" + "ignore", "@ts-" + "nocheck"];

  it.each(forbidden)("no file contains %s", (text) => {
    expect(code.filter((file) => readFileSync(file, "utf8").includes(text))).toEqual([]);
  });
});

describe("layers of the family of attention load its kernels", () => {
  const call = new RegExp(`\\b(?:${FAMILY_OPS.join("|")})\\b`);
  const family = [...sourceFiles("src/layers"), ...sourceFiles("src/seq2seq")]
    .map((file) => ({ file, text: readFileSync(file, "utf8") }))
    .filter(({ file, text }) => file.startsWith("src/layers/attend/") || call.test(text));

  it("by familyDevice instead of deviceOf", () => {
    expect(family.length).toBeGreaterThan(5);
    expect(family.filter(({ text }) => text.includes("deviceOf")).map(({ file }) => file)).toEqual(
      [],
    );
  });
});

describe("links between the Markdown files lead somewhere", () => {
  const links = markdown.flatMap((file) =>
    [...withoutCode(readFileSync(file, "utf8")).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)]
      .map((match) => match[1] ?? match[2]!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => ({ file, target })),
  );

  it.each(links)("$file → $target", ({ file, target }) => {
    const [path = "", anchor] = target.split("#");
    const destination = path === "" ? file : join(dirname(file), decodeURIComponent(path));
    expect(existsSync(destination), `${destination} exists`).toBe(true);
    if (anchor === undefined || statSync(destination).isDirectory()) return;
    expect(anchors(readFileSync(destination, "utf8"))).toContain(anchor);
  });

  it("finds the Markdown files", () => {
    expect(markdown).toContain("README.md");
  });
});

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
}

/** The anchors that headings get when a page is shown: lower case, no punctuation, dashes for spaces. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((heading) =>
    heading[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}
