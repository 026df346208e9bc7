import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Example, exportedNames, toModule, uses } from "./example-extraction.ts";

const run = promisify(execFile);
const repository = process.cwd();
const tsc = join(repository, "node_modules/typescript/bin/tsc");
const checks = pathToFileURL(join(repository, "tests/repository/example-checks.mjs")).href;

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    target: "ES2022",
    lib: ["ES2024", "ESNext.Disposable", "DOM"],
    module: "NodeNext",
    types: ["node"],
    typeRoots: [join(repository, "node_modules/@types")],
    rootDir: "src",
    outDir: "out",
    skipLibCheck: true,
  },
  include: ["src"],
};

const GLOBALS = `
declare function checkValue(actual: unknown, expected: string, place: string): void;
declare function checkThrows(run: () => Promise<void>, expected: string, place: string): Promise<void>;
`;

/**
 * A project of a stranger's in an empty folder: one module per example, and heed as built. What the
 * built package keeps to itself, its modules' own examples take from heed compiled file by file.
 */
export class ExampleProject {
  readonly folder = mkdtempSync(join(tmpdir(), "heed-examples-"));
  #diagnostics = "";

  /** Writes, type-checks and compiles the examples; `outcome` tells what became of each. */
  async build(examples: readonly Example[]): Promise<void> {
    mkdirSync(join(this.folder, "src"));
    mkdirSync(join(this.folder, "node_modules"));
    symlinkSync(repository, join(this.folder, "node_modules/heed"), "junction");
    await this.#compileModules();
    this.#write("package.json", '{ "type": "module" }');
    this.#write("tsconfig.json", JSON.stringify(TSCONFIG));
    this.#write("src/globals.d.ts", GLOBALS);
    this.#write(
      "names.mjs",
      'import * as heed from "heed"; console.log(JSON.stringify(Object.keys(heed)));',
    );
    const { stdout } = await run(process.execPath, ["names.mjs"], { cwd: this.folder });
    const names: string[] = JSON.parse(stdout);
    examples.forEach((example, i) => {
      const own = /^src\/.*\.ts$/.test(example.file) ? exportedNames(example.file) : [];
      const internal = own.some((name) => !names.includes(name) && uses(example.code, name));
      const sources = new Map([[internal ? "../modules/index.js" : "heed", names]]);
      if (internal) sources.set(example.file.replace(/^src\/(.*)\.ts$/, "../modules/$1.js"), own);
      this.#write(`src/example-${i}.ts`, toModule(example, sources));
    });
    await run(process.execPath, [tsc, "--pretty", "false"], { cwd: this.folder }).catch((error) => {
      this.#diagnostics = error.stdout;
    });
  }

  /** What TypeScript says about an example, with its place; empty where it is content. */
  typeErrors(index: number, { file, line }: Example): string[] {
    const found = this.#diagnostics.matchAll(/^src\/example-(\d+)\.ts\((\d+),\d+\): (.*)$/gm);
    return [...found]
      .filter(([, example]) => Number(example) === index)
      .map(([, , at, text]) => `${file}:${line + Number(at) - 1}: ${text}`);
  }

  /** Runs an example in an empty folder; rejects with what it printed where it fails. */
  async run(index: number): Promise<void> {
    const cwd = join(this.folder, `run-${index}`);
    mkdirSync(cwd);
    const module = join(this.folder, `out/example-${index}.js`);
    await run(process.execPath, ["--import", checks, module], { cwd, timeout: 60_000 });
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #compileModules(): Promise<void> {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    for (const name of Object.keys(dependencies)) {
      const place = join("node_modules", name);
      // A package with a scope lies in a folder of that name.
      mkdirSync(dirname(join(this.folder, place)), { recursive: true });
      symlinkSync(join(repository, place), join(this.folder, place), "junction");
    }
    const options = ["--emitDeclarationOnly", "false", "--outDir", join(this.folder, "modules")];
    await run(process.execPath, [tsc, "--project", "tsconfig.build.json", ...options]);
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }
}
