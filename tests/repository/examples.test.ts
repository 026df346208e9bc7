import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  docstringExamples,
  type Example,
  markdownExamples,
  toModule,
} from "./example-extraction.ts";
import { ExampleProject } from "./example-project.ts";
import { sourceFiles } from "./repository-files.ts";

const docstrings = sourceFiles("src").flatMap(docstringExamples);
const documents = readdirSync("docs").filter((file) => file.endsWith(".md"));
const pages = ["README.md", "CONTRIBUTING.md", ...documents.map((file) => `docs/${file}`)];
const examples = [...docstrings, ...pages.flatMap(markdownExamples)];
const project = new ExampleProject();

beforeAll(() => {
  if (!existsSync("dist/index.js")) execFileSync("npm", ["run", "build"], { stdio: "inherit" });
  return project.build(examples);
});
afterAll(() => project.dispose());

describe("every example in a docstring, in the README, in CONTRIBUTING or in docs holds", () => {
  examples.forEach((example, i) => {
    it(`${example.file}:${example.line}`, async () => {
      expect(project.typeErrors(i, example)).toEqual([]);
      await project.run(i);
    }, 90_000);
  });
});

describe("the examples' own checks", () => {
  const wrong: [name: string, code: string, message: RegExp][] = [
    ["a wrong number", "1 + 1; // → 3", /says 3, it gave 2/],
    ["a number wrong in the last digit written", "[0.123]; // → [0.12, 0.124]", /says/],
    ["a wrong length", "new Float32Array(2); // → [0, 0, 0]", /says/],
    ["an error that does not come", "1; // → throws ShapeError", /threw nothing/],
    ["something that is not a value", "1; // → one and a half", /not a JavaScript value/],
  ];
  const right: [name: string, code: string][] = [
    ["rounded numbers", "[1 / 3, 2]; // → [0.333, 2]"],
    ["a declaration", "const x: number = 2; // → 2"],
    ["a statement over several lines", '[1, 2]\n  .map((x) => 2 * x)\n  .join(); // → "2,4"'],
    ["brackets over several lines", '[\n  "(",\n  1,\n].join(\n  "",\n); // → "(1"'],
    ["an expected error", "throw new RangeError('too far'); // → throws RangeError: too far"],
  ];
  const own = new ExampleProject();
  const all: Example[] = [...wrong, ...right].map(([name, code]) => ({
    file: name,
    line: 1,
    code,
  }));

  beforeAll(() => own.build(all));
  afterAll(() => own.dispose());

  it.each(wrong.map(([name, , message], i) => ({ name, message, i })))(
    "refuse $name",
    async ({ message, i }) => {
      await expect(own.run(i)).rejects.toThrow(message);
    },
  );

  it.each(right.map(([name], i) => ({ name, i: wrong.length + i })))(
    "accept $name",
    async ({ i }) => {
      await own.run(i);
    },
  );

  it("import only what an example uses and does not define", () => {
    const example = { file: "x", line: 1, code: "const normal = zeros([2]);" };
    const sources = new Map([
      ["heed", ["normal", "zeros", "tensor"]],
      ["./own.js", ["zeros", "two"]],
    ]);
    expect(toModule(example, sources)).toMatch(/^import { zeros } from "heed"; const/);
    const apart = { ...example, code: "const { tensor, normal: two } = zeros([2]);" };
    expect(toModule(apart, sources)).toMatch(/^import { zeros } from "heed"; const/);
  });
});
