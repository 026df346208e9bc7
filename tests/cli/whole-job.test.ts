import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ending, heed, newFolder, type Run, startHeed } from "./run-heed.ts";
import { reversals } from "./small-training.ts";

// Some tests start several processes, one after another.
vi.setConfig({ testTimeout: 120_000 });

const SMALL =
  "--hidden 32 --embedding 16 --dropout 0 --batch 16 --rate 0.01 --label-smoothing 0".split(" ");
let folder = "";
let trained: Run;
beforeAll(async () => {
  folder = newFolder();
  writeFileSync(join(folder, "pairs.tsv"), `${reversals().join("\n")}\n`);
  const flags = [...SMALL, "--epochs", "25", "--out", "m.safetensors"];
  trained = await heed(["train", "pairs.tsv", ...flags], { cwd: folder });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (words: readonly string[], stdin?: string, env = {}): Promise<Run> =>
  heed(words, { cwd: folder, env, ...(stdin === undefined ? {} : { stdin }) });

describe("heed train", () => {
  it("learns to turn strings around, and says how well", () => {
    expect(trained.stderr).toMatch(/^288 pairs to learn from, 32 to measure on; [\d,]+ parameters/);
    expect(trained.stdout).toMatch(/^m\.safetensors: exact match (9\d\.?\d*|100) %, symbol errors/);
    expect(trained.code).toBe(0);
  });

  it("says a plain line per epoch where there is no terminal", () => {
    const lines = trained.stderr.trimEnd().split("\n").slice(1);
    expect(lines).toHaveLength(25);
    for (const line of lines) {
      expect(line).toMatch(/^epoch \d+\/25 {2}loss [\d.]+ {2}dev exact .* pairs\/s {2}.* left$/);
    }
  });

  it("leaves the model, what it keeps of the run, and nothing else", () => {
    expect(readdirSync(folder).sort()).toEqual(["m.run", "m.safetensors", "pairs.tsv"]);
  });

  it("gives the same file for the same seed, says nothing when quiet, obeys its flags", async () => {
    const flags = "--no-mask --bridge hidden --quiet --seed 5".split(" ");
    const files = ["one", "two"].map((name) => join(folder, name));
    for (const out of files) {
      const words = ["train", "pairs.tsv", ...SMALL, "--epochs", "1", "--out", out, ...flags];
      expect(await at(words)).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    }
    const [one, two] = files.map((file) => readFileSync(file));
    expect(one?.equals(two ?? Buffer.of())).toBe(true);
    const head = String(one?.subarray(8, 3000)).replaceAll("\\", "");
    expect(head).toMatch(/"maskPadding":false/);
    expect(head).toMatch(/"reverseSource":false/);
    expect(head).toMatch(/"bridge":"hidden"/);
    expect(head).toMatch(/"hiddenSize":32/);
    for (const file of files) rmSync(file);
  });

  it("computes on as many threads as it is told, with the same file from any number", async () => {
    // The default device and another: both take the number.
    for (const device of [[], ["--device", "wasm"]]) {
      const files: Buffer[] = [];
      for (const threads of ["1", "2"]) {
        const flags = ["--epochs", "1", "--out", "threads", "--threads", threads, ...device];
        const run = await at(["train", "pairs.tsv", ...SMALL, ...flags]);
        expect(run.stderr).toMatch(new RegExp(`parameters on .*, ${threads} threads?\\n`));
        files.push(readFileSync(join(folder, "threads")));
      }
      expect(files[0]?.equals(files[1] ?? Buffer.of())).toBe(true);
    }
    rmSync(join(folder, "threads"));
  });

  it("stops when its time is over, with a model kept", async () => {
    const words = ["train", "pairs.tsv", ...SMALL, "--epochs", "100000", "--out", "timed"];
    const run = await at([...words, "--max-seconds", "1"]);
    expect(run.stdout).toMatch(/^timed: exact match .* out of time\)\n$/);
    expect(run.code).toBe(0);
    rmSync(join(folder, "timed"));
  });

  it("stops at a loss that is not finite, explains, and writes nothing", async () => {
    const words = ["train", "pairs.tsv", ...SMALL, "--rate", "1e38", "--out", "bad"];
    const run = await at([...words, "--quiet"]);
    expect(run.stderr).toMatch(/^heed: step \d+ of training: expected a finite loss.*--rate.*\n$/);
    expect(run.code).toBe(1);
    expect(existsSync(join(folder, "bad"))).toBe(false);
  });

  it("keeps no model whose numbers are not finite, though no loss said so", async () => {
    const words = ["train", "pairs.tsv", ...SMALL, "--batch", "4096", "--epochs", "1"];
    const run = await at([...words, "--rate", "1e300", "--out", "bad", "--quiet"]);
    expect(run.stderr).toMatch(
      /step 1 of training: .* parameters that are not; .*; no model was written; there is no checkpoint yet;/,
    );
    expect(run.code).toBe(1);
    expect(existsSync(join(folder, "bad"))).toBe(false);
  });

  it("learns two pairs, though nothing that is held out of so few can be answered", async () => {
    writeFileSync(join(folder, "two.tsv"), "a\t1\nb\t2\n");
    const run = await at(["train", "two.tsv", "--out", "few", ...SMALL, "--epochs", "30"]);
    expect(run.stderr).toMatch(/^1 pair to learn from, 1 to measure on; /);
    expect(run.stdout).toMatch(/^few: exact match 0 %, .* on 1 pair \(epoch 30, /);
    expect((await at(["predict", "few", "a", "b"])).stdout).toMatch(/^(1\n.*|.*\n2)\n$/);
    for (const name of ["two.tsv", "few"]) rmSync(join(folder, name));
  });

  it("on Ctrl-C saves the best so far, says so, and exits with 130", async () => {
    const words = ["train", "pairs.tsv", ...SMALL, "--epochs", "100000", "--out", "stopped"];
    const child = startHeed(words, { cwd: folder });
    const end = ending(child);
    child.stderr.on("data", (text) => {
      if (String(text).includes("epoch 2/")) child.kill("SIGINT");
    });
    const run = await end;
    expect(run.stderr).toMatch(/heed: interrupted; stopped holds the best so far, from epoch \d/);
    expect(run.code).toBe(130);
    expect((await at(["predict", "stopped", "abc"])).code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
    rmSync(join(folder, "stopped"));
  });
});

describe("heed predict", () => {
  it("answers texts in order", async () => {
    const run = await at(["predict", "m.safetensors", "abcd", "cab", "bbd"]);
    expect(run).toEqual({ code: 0, signal: null, stdout: "dcba\nbac\ndbb\n", stderr: "" });
  });

  it("answers every line of stdin by one line, an empty one by an empty one", async () => {
    const run = await at(["predict", "m.safetensors"], "abc\n\r\nabcd\r\n\ncab");
    expect(run.stdout).toBe("cba\n\ndcba\n\nbac\n");
    expect(run.code).toBe(0);
  });

  it("answers a line before the next one comes", async () => {
    const child = startHeed(["predict", "m.safetensors"], { cwd: folder });
    const end = ending(child);
    child.stdout.once("data", () => child.stdin.end("cab\n"));
    child.stdin.write("abc\n");
    expect((await end).stdout).toBe("cba\nbac\n");
  });

  it("is not stopped by unknown symbols or endless lines, and warns once of each", async () => {
    const long = "abcd".repeat(20_000);
    const run = await at(["predict", "m.safetensors"], `xyz\nzzz\n${long}\n${long}\nabc\n`);
    expect(run.code).toBe(0);
    expect(run.stdout.split("\n")).toHaveLength(6);
    expect(run.stdout).toMatch(/\ncba\n$/);
    expect(run.stderr.match(/^heed: warning: .*$/gm)).toHaveLength(2);
    expect(run.stderr).toMatch(/line 1 has "x", which the model has never seen/);
    expect(run.stderr).toMatch(/line 3 is read up to character 4096 only/);
  });

  it("gives JSON lines, with the map when asked", async () => {
    const [plain, full] = await Promise.all([
      at(["predict", "m.safetensors", "--jsonl", "abcd", "xab"]),
      at(["predict", "m.safetensors", "--jsonl", "--attention", "abcd"]),
    ]);
    const answers = plain.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers[0]).toEqual({
      source: "abcd",
      output: "dcba",
      score: expect.closeTo(0, 0),
      finished: true,
      unknownSymbols: [],
    });
    expect(answers[0].score).toBeLessThan(0);
    expect(answers[1]).toMatchObject({ source: "xab", unknownSymbols: ["x"] });
    const { attention, sourceSymbols, outputSymbols } = JSON.parse(full.stdout);
    expect(sourceSymbols).toEqual([..."abcd"]);
    expect(outputSymbols).toEqual([..."dcba"]);
    expect(attention).toHaveLength(4);
    for (const row of attention) {
      expect(row.reduce((sum: number, weight: number) => sum + weight, 0)).toBeCloseTo(1, 4);
    }
  });

  it("ends quietly when its reader has gone", async () => {
    const child = startHeed(["predict", "m.safetensors"], { cwd: folder });
    const end = ending(child);
    child.stdin.on("error", () => {});
    child.stdout.once("data", () => {
      child.stdout.destroy();
      child.stdin.end("abc\n".repeat(5000));
    });
    child.stdin.write("abc\n");
    expect(await end).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("heed evaluate", () => {
  it("reports exact match, symbol errors and the worst", async () => {
    writeFileSync(join(folder, "test.tsv"), "abc\tcba\nabcd\tdcba\ncab\taaaa\ncab\tbacc\n");
    const run = await at(["evaluate", "m.safetensors", "test.tsv"]);
    expect(run.stderr).toBe("");
    expect(run.stdout).toMatch(/^exact match {8}50 % \(2 wrong\)$/m);
    expect(run.stdout).toMatch(/^symbol error rate {2}26\.7 %$/m);
    expect(run.stdout).toMatch(
      /worst:\n {2}line 3: "cab" → "bac", should be "aaaa" \(3 edits, confidence 9.*\n/,
    );
    expect(run.stdout).toMatch(
      / {2}line 4: "cab" → "bac", should be "bacc" \(1 edit, confidence [\d.]+ %\)\n$/,
    );
  });

  it("gives the same as JSON, with as many of the worst as asked", async () => {
    const run = await at(["evaluate", "m.safetensors", "test.tsv", "--json", "--worst", "1"]);
    const { calibration, ...report } = JSON.parse(run.stdout);
    const wrong = { line: 3, source: "cab", target: "aaaa", output: "bac", edits: 3 };
    expect(report).toEqual({
      pairs: 4,
      exactMatch: 0.5,
      symbolErrorRate: 4 / 15,
      worst: [{ ...wrong, score: expect.any(Number) }],
    });
    expect(calibration.bins.at(-1)).toMatchObject({ from: 0.9, to: 1, pairs: 4, exactMatch: 0.5 });
  });

  it("says how far scores tell right from wrong when asked", async () => {
    const words = ["evaluate", "m.safetensors", "test.tsv", "--calibration", "--worst", "0"];
    const run = await at([...words, "--beam", "2", "--length-penalty", "0.5"]);
    expect(run.stderr).toBe("");
    expect(run.stdout).toMatch(/^calibration error {2}4\d(\.\d)? % \(distance of confidence/m);
    expect(run.stdout).toMatch(/^confidence {8}pairs {2}mean confidence {2}exact match$/m);
    expect(run.stdout).toMatch(/^90 % – 100 % {6,}4 {6,}9\d.* % {6,}50 %$/m);
    expect(run.stdout).toMatch(/^(right 90 % of the time: score ≥ -0\.\d+|no choice of scores)/m);
  });
});

describe("heed show", () => {
  it("draws the map in blocks where there is no terminal", async () => {
    const run = await at(["show", "m.safetensors", "abcd"]);
    expect(run.stdout).toMatch(/^abcd → dcba\n\n {2}a b c d\nd [ ░▒▓█]+\nc [ ░▒▓█]+\n/);
    expect(run.stdout).not.toContain("\u001b");
  });

  it("uses colour when asked to, and never with NO_COLOR", async () => {
    const forced = await at(["show", "m.safetensors", "abcd"], "", { FORCE_COLOR: "1" });
    expect(forced.stdout).toContain("\u001b[48;5;");
    const both = { FORCE_COLOR: "1", NO_COLOR: "1" };
    expect((await at(["show", "m.safetensors", "abcd"], "", both)).stdout).not.toContain("\u001b");
  });

  it("shows control characters rather than sending them", async () => {
    const run = await at(["show", "m.safetensors", "a\u001b[2Jb"]);
    expect(run.code).toBe(0);
    expect(`${run.stdout}${run.stderr}`).not.toContain("\u001b");
    expect(run.stdout).toContain("␛");
  });

  it("writes an SVG file", async () => {
    const run = await at(["show", "m.safetensors", "abcd", "--svg", "map.svg"]);
    expect(run.stdout).toBe("map.svg\n");
    const svg = readFileSync(join(folder, "map.svg"), "utf8");
    expect(svg).toMatch(/^<svg .*aria-label="abcd → dcba"/);
    expect(svg.match(/<rect class="w\d+" [^>]*><title>/g)).toHaveLength(16);
  });

  it("shows every head, as text and as one picture", async () => {
    const run = await at(["show", "m.safetensors", "abcd", "--heads"]);
    expect(run.stdout).toMatch(
      /^abcd → dcba\n\nlayer 1, head 1\n {2}a b c d\nd [ ░▒▓█]+\nc [ ░▒▓█]+\n/,
    );
    await at(["show", "m.safetensors", "abcd", "--heads", "--svg", "heads.svg"]);
    const svg = readFileSync(join(folder, "heads.svg"), "utf8");
    expect(svg).toMatch(/^<svg [^>]*>\n<svg x="0" y="0" .*aria-label="layer 1, head 1"/);
    expect(svg.match(/<rect class="w\d+" [^>]*><title>/g)).toHaveLength(16);
  });
});

describe("heed devices", () => {
  it("marks the one in use and gives a reason for those that are not there", async () => {
    const run = await at(["devices"]);
    expect(run.code).toBe(0);
    expect(run.stdout.match(/^\* /gm)).toHaveLength(1);
    expect(run.stdout).toMatch(/^[* ] reference {2,}\S/m);
    expect(run.stdout).toMatch(/^ {2}webgpu {2,}not available: \S/m);
  });
});
