import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { logLines } from "./plot/log-lines.ts";
import { heed, temporaryFolder } from "./run-heed.ts";

describe("heed plot", () => {
  let folder = "";
  beforeEach(() => {
    folder = temporaryFolder();
    for (const [run, speed] of [
      ["run-1", 100],
      ["run-2", 50],
    ] as const) {
      mkdirSync(join(folder, run));
      writeFileSync(join(folder, run, "log.jsonl"), `${logLines(30, 10, speed).join("\n")}\n`);
    }
  });

  it("draws a run into curves.svg, says where, and leaves nothing else", async () => {
    const run = await heed(["plot", "run-1"], { cwd: folder });
    expect(run).toEqual({ code: 0, signal: null, stdout: "curves.svg\n", stderr: "" });
    expect(readFileSync(join(folder, "curves.svg"), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(readdirSync(folder).sort()).toEqual(["curves.svg", "run-1", "run-2"]);
  });

  it("draws a folder of runs over time, to standard output", async () => {
    const run = await heed(["plot", ".", "--over", "seconds", "--out", "-"], { cwd: folder });
    expect(run.stdout).toMatch(/^<svg .*run-1 \(best 96.7 %\).*run-2 .*time \(s\).*<\/svg>\n$/s);
    expect([run.stderr, run.code]).toEqual(["", 0]);
  });

  it("warns of what a kill left at the end of a log, and draws the rest", async () => {
    const log = join(folder, "run-1", "log.jsonl");
    writeFileSync(log, readFileSync(log, "utf8").slice(0, -20));
    const run = await heed(["plot", "run-1"], { cwd: folder });
    expect(run.stderr).toBe(
      "heed: warning: run-1/log.jsonl: skipped a line that is no record, line 34\n",
    );
    expect([run.stdout, run.code]).toEqual(["curves.svg\n", 0]);
  });

  it.each<[name: string, words: string, code: number, message: RegExp]>([
    [
      "a run that is not there",
      "none",
      2,
      /none: expected the directory of a training run, .*no such file/,
    ],
    ["a folder without a log", "empty", 2, /empty: .*without a log\.jsonl/],
    ["an empty log", "empty.jsonl", 1, /empty\.jsonl: expected the log .*got an empty file/],
    ["pairs", "pairs.tsv", 1, /pairs\.tsv: .*got a file that begins "ab\\tba"; give a log\.jsonl/],
    ["out over the log", "run-1 --out run-1/log.jsonl", 2, /the input file/],
    ["out in no folder", "run-1 --out no/c.svg", 2, /no folder/],
    ["over what is none", "run-1 --over epochs", 2, /--over: expected steps or seconds/],
    ["no run at all", "", 2, /missing required argument 'runs'/],
  ])("refuses %s", async (_name, words, code, message) => {
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "empty.jsonl"), "");
    writeFileSync(join(folder, "pairs.tsv"), "ab\tba\n");
    const run = await heed(["plot", ...words.split(" ").filter((word) => word !== "")], {
      cwd: folder,
    });
    expect(run.stderr).toMatch(/^heed: [^\n]+\n$/);
    expect(run.stderr).toMatch(message);
    expect([run.stdout, run.code]).toEqual(["", code]);
    expect(readdirSync(folder)).not.toContain("curves.svg");
  });
});
