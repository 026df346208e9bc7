import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heed, newFolder, type Run } from "./run-heed.ts";

let folder = "";
beforeAll(() => {
  folder = newFolder();
  const put = (name: string, data: string | Uint8Array): void =>
    writeFileSync(join(folder, name), data);
  put("good.tsv", "ab\tba\nbc\tcb\ncd\tdc\nde\ted\n");
  put("three.tsv", "ab\tba\tx\nbc\tcb\ty\n");
  put("no-tab.tsv", "ab\tba\nbc cb\n");
  put("long.tsv", `ab\tba\ncd\tdc\n${"x".repeat(60_000)}\ty\n${"ef\tfe\n".repeat(60)}`);
  put("latin1.tsv", new Uint8Array([0x61, 0x09, 0xe9, 0x0a]));
  put("empty.tsv", "");
  put("one.tsv", "ab\tba\nab\tba\n");
  put("not-a-model.safetensors", "ab\tba\n");
  put("\u001b[31mred.tsv", "no tab here\n");
  symlinkSync("nowhere/m", join(folder, "astray"));
  linkSync(join(folder, "good.tsv"), join(folder, "same.tsv"));
  mkdirSync(join(folder, "folder"));
  mkdirSync(join(folder, "full"));
  writeFileSync(join(folder, "full", "file"), "");
  mkdirSync(join(folder, "locked"));
  chmodSync(join(folder, "locked"), 0o555);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line of complaint on stderr, nothing on stdout, no stack, no escape sequence. */
function expectRefusal(run: Run, code: number, message: RegExp): void {
  expect(run.stderr).toMatch(/^heed: [^\n]+\n$/);
  expect(run.stderr).toMatch(message);
  expect(run.stderr).not.toMatch(/ {2}at |\.ts:\d|node:internal/);
  expect(run.stderr).not.toContain("\u001b");
  expect(run.stdout).toBe("");
  expect(run.code).toBe(code);
}

describe("a wrong call exits with 2", () => {
  it.each<[name: string, words: string, message: RegExp]>([
    ["an unknown command", "tain good.tsv", /unknown command 'tain'.*Did you mean train/],
    ["an unknown flag", "train good.tsv --hiden 8", /unknown option '--hiden'.*--hidden/],
    ["a missing argument", "train", /missing required argument 'pairs.tsv'/],
    ["an argument too many", "devices now", /too many arguments/],
    ["a flag without its value", "train good.tsv --hidden", /argument missing/],
    [
      "a word for a number",
      "train good.tsv --hidden abc",
      /--hidden: expected a whole number .*, got "abc"/,
    ],
    ["a rate of 0", "train good.tsv --rate 0", /--rate: expected a number > 0, got "0"/],
    ["a dropout of 1", "train good.tsv --dropout 1", /--dropout: expected a number ≥ 0 and < 1/],
    [
      "a device that is none",
      "train good.tsv --device gpu",
      /--device: expected native or wasm or webgpu or reference/,
    ],
    ["no threads", "train good.tsv --threads 0", /--threads: expected a whole number ≥ 1, got "0"/],
    ["half a thread", "predict m x --threads 0.5", /--threads: expected a whole number ≥ 1/],
    [
      "threads in words",
      "demo --threads many",
      /--threads: expected a whole number .*, got "many"/,
    ],
    ["columns that are none", "train good.tsv --columns 1", /--columns: expected two different/],
    [
      "tokens that are none",
      "train good.tsv --source-tokens words",
      /chars or codepoints or spaces/,
    ],
    ["a file that is not there", "train none.tsv", /none\.tsv: .*no such file/],
    ["a dev file that is not there", "train good.tsv --dev none.tsv", /none\.tsv: .*no such file/],
    ["a directory for pairs", "train folder", /folder: .*a directory/],
    ["a model that is not there", "predict none.safetensors", /none\.safetensors: .*no such file/],
    ["a directory for a model", "show folder x", /folder: .*a directory/],
    ["a folder for out", "train good.tsv --out folder", /--out folder: .*a directory/],
    [
      "out to a folder that is not there",
      "train good.tsv --out new/",
      /--out new\/: .*name a file/,
    ],
    [
      "out through a link to no folder",
      "train good.tsv --out astray",
      /--out .*no folder .*nowhere/,
    ],
    ["out in no folder", "train good.tsv --out no/m.safetensors", /--out .*no folder .*create it/],
    ["out in a file", "train good.tsv --out good.tsv/m", /--out .*not a folder/],
    ["out over the pairs", "train good.tsv --out ./good.tsv", /the input file good\.tsv/],
    ["out over the pairs by another name", "train good.tsv --out same.tsv", /the input file/],
    ["out over the dev pairs", "train one.tsv --dev good.tsv --out good.tsv", /the input file/],
    ["out to a device", "train good.tsv --out /dev/null", /not a regular file/],
    ["no beam", "predict m x --beam 0", /--beam: expected a whole number from 1 to 1024, got "0"/],
    ["half an output", "predict m x --n-best 0.5", /--n-best: expected a whole number from 1 to/],
    [
      "more outputs than are kept",
      "predict m x --n-best 3 --beam 2",
      /--n-best: expected at most what --beam keeps, which is 2, got 3/,
    ],
    [
      "a length penalty below 0",
      "evaluate m x --length-penalty -1",
      /--length-penalty: expected a number from 0 to 100, got "-1"/,
    ],
    ["no model beside the first", "predict good.tsv x --ensemble", /argument missing/],
    ["a folder without models", "evaluate folder good.tsv", /folder: .*model\.1\.safetensors/],
    ["attention without room", "predict good.tsv --attention", /--attention: expected --jsonl/],
    ["nothing to export to", "export good.tsv", /--onnx <folder> or --npz <file>.*got neither/],
    ["a model to export that is not there", "export none --npz m.npz", /none: .*no such file/],
    [
      "an export to a folder with files",
      "export good.tsv --onnx full",
      /--onnx full: .*files in it/,
    ],
    ["an export to a file", "export good.tsv --onnx good.tsv", /no folder; choose another name/],
    ["an export in no folder", "export good.tsv --onnx no/new", /no folder .*create it first/],
    ["an export in a file", "export good.tsv --onnx good.tsv/x", /--onnx .*not a folder/],
    [
      "an export of NumPy's to a folder",
      "export good.tsv --npz folder",
      /--npz folder: .*a directory/,
    ],
    ["an export over the model", "export good.tsv --npz good.tsv", /the input file good\.tsv/],
    [
      "an svg over the model",
      "show good.tsv x --svg good.tsv",
      /--svg good\.tsv: .*the input file/,
    ],
  ])("%s", async (_name, words, message) => {
    expectRefusal(await heed(words.split(" "), { cwd: folder }), 2, message);
  });

  it("an empty name for --onnx", async () => {
    const run = await heed(["export", "good.tsv", "--onnx", ""], { cwd: folder });
    expectRefusal(run, 2, /expected a folder.*got an empty name/);
  });

  it.each(["--out", "--dev"])("an empty name for %s", async (flag) => {
    const run = await heed(["train", "good.tsv", flag, ""], { cwd: folder });
    expectRefusal(run, 2, /expected a file.*got (an empty name|no such file)/);
  });

  // Root may write to a locked folder, but nobody to /proc.
  const locked = process.getuid?.() === 0 ? "/proc/m" : "locked/m";
  it("out in a folder that may not be written to", async () => {
    const run = await heed(["train", "good.tsv", "--out", locked], { cwd: folder });
    expectRefusal(run, 2, /may not be written/);
  });

  it("an export in a folder that may not be written to", async () => {
    const run = await heed(["export", "good.tsv", "--onnx", locked], { cwd: folder });
    expectRefusal(run, 2, /--onnx .*may not be written/);
  });

  it("no command at all, which shows the help", async () => {
    const run = await heed([], { cwd: folder });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("Start here:");
    expect(run.stdout).toBe("");
  });
});

describe("work that cannot be done exits with 1", () => {
  it("a pair too long for memory, by its line", async () => {
    const words =
      "train long.tsv --embedding 2 --hidden 512 --epochs 1 --quiet --out long.safetensors".split(
        " ",
      );
    // On wasm, whose memory ends at 4 GiB on every machine.
    const run = await heed(words, { cwd: folder, env: { HEED_NATIVE: "0" } });
    expectRefusal(run, 1, /long\.tsv, line 3: .*60,001 characters/);
  }, 120_000);

  it.each<[name: string, words: readonly string[], message: RegExp]>([
    ["a line without a tab", ["train", "no-tab.tsv"], /no-tab\.tsv\D+2\b.*tab/i],
    ["text that is not UTF-8", ["train", "latin1.tsv"], /latin1\.tsv.*UTF-8/],
    ["an empty file", ["train", "empty.tsv"], /empty\.tsv/],
    ["more columns than two", ["train", "three.tsv"], /three\.tsv\D+1\b.*--?columns/],
    ["columns that are not there", ["train", "good.tsv", "--columns", "1,3"], /good\.tsv\D+1\b/],
    ["nothing to hold out", ["train", "one.tsv"], /one\.tsv: expected at least two/],
    ["a model file that is none", ["predict", "not-a-model.safetensors", "x"], /not-a-model/],
    ["a model file that is none, to evaluate", ["evaluate", "good.tsv", "good.tsv"], /good\.tsv/],
    ["a model file that is none, to export", ["export", "good.tsv", "--onnx", "new"], /good\.tsv/],
    ["a file named like an escape", ["train", "\u001b[31mred.tsv"], /␛\[31mred\.tsv/],
  ])("%s", async (_name, words, message) => {
    expectRefusal(await heed(words, { cwd: folder }), 1, message);
  });
});

describe("--verbose", () => {
  it("adds the stack after the line", async () => {
    const run = await heed(["train", "no-tab.tsv", "--verbose"], { cwd: folder });
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^heed: .*\n(.*\n)*\s+at /);
  });
});

describe("help and version", () => {
  it.each(["train", "predict", "evaluate", "show", "demo"])(
    "heed %s --help teaches",
    async (name) => {
      const run = await heed([name, "--help"]);
      expect(run.code).toBe(0);
      expect(run.stderr).toBe("");
      expect(run.stdout).toContain(`Usage: heed ${name}`);
      expect(run.stdout).toMatch(/Examples:\n {2}heed /);
      expect(run.stdout).toMatch(/^ {2}--device <name> .*\n(.*\n)* {2}--threads <n> /m);
    },
  );

  it.each(["help", "--help"])("heed %s lists the commands", async (word) => {
    const run = await heed([word]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toContain("heed demo ");
  });

  it("heed help train is heed train --help", async () => {
    expect(await heed(["help", "train"])).toEqual(await heed(["train", "--help"]));
  });

  it("heed --version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await heed(["--version"])).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });
});
