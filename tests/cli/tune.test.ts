import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { ending, heed, startHeed, temporaryFolder } from "./run-heed.ts";

const SMALL = "--embedding 4 --batch 4 --dropout 0";

/** A call starts several processes, each of which takes seconds to start where cores are few. */
const LONG = 120_000;

describe("heed tune", () => {
  let folder = "";
  beforeEach(() => {
    folder = temporaryFolder();
    const letters = [..."abcdef"];
    const pairs = letters.flatMap((a) => letters.map((b) => `${a}${b}\t${b}${a}\n`));
    writeFileSync(join(folder, "pairs.tsv"), pairs.join(""));
  });
  const tune = (words: string, grid: string, env = {}): ReturnType<typeof heed> =>
    heed(["tune", "pairs.tsv", ...words.split(" "), "--grid", grid], { cwd: folder, env });

  it(
    "tries a grid to the end where there is time, and says what to call for the best",
    async () => {
      const grid = "hidden=4,24 rate=0.02";
      const run = await tune(`--budget 60 ${SMALL} --epochs 12 --threads 1`, grid);
      const [titles = "", first = "", second = "", ...rest] = run.stdout.split("\n");
      expect(titles).toMatch(
        /^hidden {2}rate {2}exact match {2}symbol errors {2}epoch {2}trained {2}ended$/,
      );
      expect(first).toMatch(/^ +(4|24) {2}0\.02 +[\d.]+ % +[\d.]+ % +\d+ +\d+ s {2}finished$/);
      expect(second).toMatch(/^ +(4|24) {2}0\.02 .* finished$/);
      const exact = [first, second].map((line) => Number(/([\d.]+) %/.exec(line)?.[1]));
      expect(exact[0]).toBeGreaterThanOrEqual(exact[1]!);
      const hidden = first.trim().split(/\s+/)[0];
      expect(rest).toEqual([
        "",
        "To train the first in full:",
        `  heed train pairs.tsv ${SMALL} --epochs 12 --hidden ${hidden} --rate 0.02`,
        "",
      ]);
      expect(run.stderr).toMatch(/^2 combinations, 1 at a time, in 1 round; 1 min 0 s in all\n/);
      expect(run.stderr).toMatch(/hidden=24,rate=0\.02: epoch 12\/12 /);
      expect(run.code).toBe(0);

      const plot = await heed(["plot", "tune", "--out", "-"], { cwd: folder });
      expect(plot.stdout).toContain(">hidden=4,rate=0.02 (best");
      expect(plot.stdout).toContain(">hidden=24,rate=0.02 (best");
      expect(readdirSync(join(folder, "tune")).sort()).toEqual(
        ["hidden=24,rate=0.02", "hidden=4,rate=0.02"].flatMap((name) => [
          name,
          `${name}.safetensors`,
        ]),
      );
    },
    LONG,
  );

  it(
    "prints the table so far at Ctrl-C",
    async () => {
      const grid = ["--grid", "hidden=4,8,12,16", "--threads", "1"];
      const words = ["tune", "pairs.tsv", "--budget", "9000", ...SMALL.split(" "), ...grid];
      const child = startHeed(words, { cwd: folder });
      const end = ending(child);
      child.stderr.on("data", (text) => {
        if (String(text).includes("hidden=4: epoch 2/")) child.kill("SIGINT");
      });
      const run = await end;
      expect(run.stdout).toMatch(/^ +4 +[\d.]+ % .* interrupted$/m);
      expect(run.stdout).toMatch(/^ +8 +– +– +– +0 s {2}not begun$/m);
      expect(run.stdout).toContain("--hidden 4\n");
      expect(run.code).toBe(130);
    },
    LONG,
  );

  it(
    "names what fails, and goes on with the rest",
    async () => {
      mkdirSync(join(folder, "tune"));
      const run = await tune(`--budget 30 ${SMALL} --epochs 2`, "hidden=8 rate=1e38,0.01");
      expect(run.stderr).toMatch(
        /^heed: hidden=8,rate=1e38: step \d+ of training: expected a finite/m,
      );
      expect(run.stdout).toMatch(
        /^ +8 +0\.01 .* finished\n +8 +1e38 .* failed: step \d+ of training/m,
      );
      expect(run.code).toBe(0);
    },
    LONG,
  );

  it(
    "fails where all fail",
    async () => {
      const run = await tune(`--budget 30 ${SMALL} --json`, "rate=1e37,1e38");
      expect(run.stderr).toMatch(
        /heed: heed tune: expected a combination that can be trained, got none of 2\n$/,
      );
      const { runs, command } = JSON.parse(run.stdout);
      expect(runs.map((one: { exactMatch: number | null }) => one.exactMatch)).toEqual([
        null,
        null,
      ]);
      expect(runs[0].settings).toEqual({ rate: "1e37" });
      expect(command).toBeNull();
      expect(run.code).toBe(1);
    },
    LONG,
  );

  it.each<[name: string, words: string, grid: string, message: RegExp]>([
    [
      "a grid of unknown names",
      "--budget 9",
      "hiden=3",
      /--grid: expected one of architecture, hidden, /,
    ],
    ["a grid of files", "--budget 9", "out=3", /--grid: expected one of architecture, /],
    [
      "values that a flag refuses",
      "--budget 9",
      "dropout=2",
      /--dropout: expected a number .*got "2"/,
    ],
    [
      "a setting that is given, too",
      "--budget 9 --rate 1",
      "rate=2",
      /--grid: .*got rate, and --rate 1/,
    ],
    ["a negated one", "--budget 9 --no-mask", "mask=true", /--grid: .*got mask, and --no-mask/],
    [
      "too little time",
      "--budget 3 --threads 1",
      "hidden=1,2,3,4",
      /--budget: expected at least \d+ seconds for 4/,
    ],
    ["no time", "--budget 0", "hidden=1", /--budget: expected a number > 0/],
    [
      "a folder with files in it",
      "--budget 9 --dir .",
      "hidden=1",
      /--dir \.: .*one with files in it/,
    ],
    [
      "a folder in none",
      "--budget 9 --dir no/such",
      "hidden=1",
      /--dir no\/such: .*no folder .*no; create/,
    ],
    [
      "a flag that it sets itself",
      "--budget 9 --max-seconds 3",
      "hidden=1",
      /unknown option '--max-seconds'/,
    ],
  ])("refuses %s", async (_name, words, grid, message) => {
    const run = await tune(words, grid);
    expect(run.stderr).toMatch(/^heed: [^\n]+\n$/);
    expect(run.stderr).toMatch(message);
    expect([run.stdout, run.code]).toEqual(["", 2]);
    expect(existsSync(join(folder, "tune"))).toBe(false);
  });

  it("refuses pairs that cannot be read once, before it begins", async () => {
    writeFileSync(join(folder, "pairs.tsv"), "no tab\n");
    const run = await tune("--budget 9", "hidden=1,2");
    expect(run.stderr).toMatch(/^heed: pairs\.tsv, line 1: [^\n]+\n$/);
    expect(run.code).toBe(1);
  });
});
