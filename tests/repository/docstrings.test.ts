import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "./repository-files.ts";

/** A class, function, interface or type of a source file, with its docstring and its members. */
interface Declaration {
  readonly kind: string;
  readonly doc: string;
  /** Of a class: what it implements or extends. */
  readonly implemented: readonly string[];
  /** Public members, and whether each has a docstring. */
  readonly members: ReadonlyMap<string, boolean>;
}

const declarations = new Map(sourceFiles("src").flatMap((file) => declared(file)));
const entries = ["src/index.ts", "src/plot/index.ts"];
const exported = [...new Set(entries.flatMap((entry) => publicNames(readFileSync(entry, "utf8"))))];

describe("every public name", () => {
  it.each(exported)("%s has a docstring, an example where it runs, documented members", (name) => {
    const { kind, doc, implemented, members } = declarations.get(name)!;
    expect(doc).toMatch(/\w/);
    if (/class|function/.test(kind)) expect(doc).toContain("@example");
    const bare = [...members].filter(([member, documented]) => {
      return (
        !documented && !implemented.some((type) => declarations.get(type)?.members.get(member))
      );
    });
    expect(bare.map(([member]) => member)).toEqual([]);
  });

  it("is found, with its members", () => {
    expect(exported).toContain("TimeAttention");
    expect([...declarations.get("TimeAttention")!.members.keys()]).toEqual(
      expect.arrayContaining(["params", "attentionWeights", "forward", "backward"]),
    );
    expect(declarations.get("Layer")!.members.get("params")).toBe(true);
  });
});

function publicNames(index: string): string[] {
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, list]) => list!.split(","))
    .map((name) => name.trim().replace(/^type /, ""))
    .filter((name) => name !== "");
}

function declared(file: string): [string, Declaration][] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, i): [string, Declaration][] => {
    const head = /^export (?:async |abstract )*(class|function\*?|interface|type|const) (\w+)/.exec(
      line,
    );
    if (head === null) return [];
    const implemented = [...line.matchAll(/\b(?:implements|extends) (\w+)/g)].map(
      ([, type]) => type!,
    );
    const hasBody = /class|interface/.test(head[1]!) && !line.endsWith("{}");
    const members = hasBody ? membersBelow(lines, i) : new Map<string, boolean>();
    return [[head[2]!, { kind: head[1]!, doc: docAbove(lines, i), implemented, members }]];
  });
}

/** The formatter indents members by two spaces and what is inside of them by more. */
function membersBelow(lines: readonly string[], head: number): Map<string, boolean> {
  const members = new Map<string, boolean>();
  const end = lines.indexOf("}", head);
  for (let i = head + 1; i < end; i++) {
    const member = /^ {2}(?:static |readonly |async |get |abstract )*(\w+)\??(?:[(:<]| =)/.exec(
      lines[i]!,
    );
    if (member !== null) members.set(member[1]!, docAbove(lines, i) !== "");
  }
  return members;
}

/** The docstring that ends on the line above; empty where there is none. */
function docAbove(lines: readonly string[], at: number): string {
  if (!lines[at - 1]?.trimEnd().endsWith("*/")) return "";
  let start = at - 1;
  while (start > 0 && !lines[start]!.trimStart().startsWith("/**")) start--;
  return lines.slice(start, at).join("\n");
}
