import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openJobsDisplay } from "../../../src/cli/jobs/display.ts";
import { JobPool } from "../../../src/cli/jobs/job-pool.ts";
import { runTrials } from "../../../src/cli/tune/halving.ts";
import { newTrial, ranked, type Trial } from "../../../src/cli/tune/trial.ts";
import { temporaryFolder } from "../run-heed.ts";

const QUICK = fileURLToPath(new URL("quick-run.mjs", import.meta.url));

/** Trials of a grid of hidden sizes, by a program that takes no time. */
async function halve(sizes: readonly number[], cores: number): Promise<Trial[]> {
  const folder = temporaryFolder();
  const choices = sizes.map((size) => ({
    settings: { hidden: String(size) },
    words: ["--hidden", String(size)],
    name: `hidden=${size}`,
  }));
  const pool = new JobPool(openJobsDisplay(true), [QUICK]);
  const trials = await runTrials(
    choices.map((choice) => newTrial(choice, folder)),
    {
      pool,
      budget: 1200,
      cores,
      wordsOf: ({ run, rounds, choice }) =>
        rounds > 0 ? ["--resume", run] : [...choice.words, "--run", run],
    },
  );
  pool.close();
  return ranked(trials);
}

const shown = ({ choice, rounds, note }: Trial): string =>
  `${choice.settings["hidden"]}: ${rounds}, ${note}`;

describe("runTrials", () => {
  it("has the better half go on from round to round", async () => {
    expect((await halve([5, 40, 30, 10, 20], 2)).map(shown)).toEqual([
      "40: 3, out of time",
      "30: 3, out of time",
      "20: 2, out of time",
      "10: 1, out of time",
      "5: 1, out of time",
    ]);
  });

  it("begins each run once, continues it after, and shares time and cores evenly", async () => {
    const [best] = await halve([1, 2, 3, 4], 8);
    const lines = readFileSync(join(best!.run, "log.jsonl"), "utf8").trimEnd().split("\n");
    const calls = lines.map((line) => JSON.parse(line)).filter(({ words }) => words !== undefined);
    const flag = (words: readonly string[], name: string): number =>
      Number(words[words.indexOf(name) + 1]);
    const [first, second, ...more] = calls.map(({ words }) => words as string[]);
    expect(first).toContain("--run");
    expect(second).toContain("--resume");
    expect(more).toEqual([]);
    // Four runs on eight cores take two threads each, two runs four.
    expect([flag(first!, "--threads"), flag(second!, "--threads")]).toEqual([2, 4]);
    // Half of the 20 minutes for each round, and what the first did not take is the second's.
    expect(flag(first!, "--max-seconds")).toBeGreaterThan(540);
    expect(flag(first!, "--max-seconds")).toBeLessThanOrEqual(600);
    expect(flag(second!, "--max-seconds")).toBeGreaterThan(1000);
  });

  it("lets a run that came to its end keep its place, and one that failed none", async () => {
    expect((await halve([99, 13, 50, 60], 1)).map(shown)).toEqual([
      "99: 1, finished",
      "60: 2, out of time",
      "50: 1, out of time",
      "13: 1, failed: no luck",
    ]);
  });
});
