import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { type JobsDisplay, openJobsDisplay } from "../../../src/cli/jobs/display.ts";
import type { Standing } from "../../../src/cli/progress.ts";

const STANDING: Standing = {
  step: 3,
  totalSteps: 10,
  epoch: 1,
  epochs: 2,
  loss: 1.5,
  exactMatch: 0.25,
  symbolErrorRate: 0.5,
  pairsPerSecond: 1234,
  secondsLeft: 7,
};

/** What a terminal of 100 columns, or one that is none, gets to see. */
function seen(isTTY: boolean, use: (display: JobsDisplay) => void, quiet = false): string {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  use(openJobsDisplay(quiet, stream, {}));
  return String(stream.read() ?? "");
}

describe("jobs on a terminal", () => {
  const text = seen(true, (display) => {
    display.standing("seed 1", STANDING, false);
    display.standing("seed 2", STANDING, false);
    display.standing("seed 1", { ...STANDING, step: 5 }, true);
    display.end();
  });

  it("have one bar each, on lines of their own", () => {
    const bar = (name: string): RegExp =>
      new RegExp(`${name} {2}epoch 1/2 █+░+ 7 s left {2}loss 1\\.5000 {2}dev exact 25 %`);
    for (const name of ["seed 1", "seed 2"]) expect(text).toMatch(bar(name));
    expect(text.split("\n").filter((line) => line.includes("█")).length).toBeGreaterThan(1);
  });

  it("say the rest between, where nothing can steer the terminal", () => {
    const text = seen(true, (display) => {
      display.say("two jobs");
      for (const name of ["seed 1", "seed 2"]) display.standing(name, STANDING, false);
      display.complain("seed 3: \u001b[31mno");
      display.ended("seed 1");
      display.end();
    });
    expect(text.slice(text.indexOf("seed 3"))).not.toContain("seed 1");
    expect(text).toMatch(/^two jobs\n/);
    expect(text).toContain("heed: seed 3: ␛[31mno\n");
    expect(text).not.toContain("\u001b[?");
  });
});

describe("jobs elsewhere", () => {
  it("have a line per epoch", () => {
    const text = seen(false, (display) => {
      display.standing("seed 1", STANDING, false);
      display.standing("seed 2", STANDING, true);
      display.complain("seed 3: no");
      display.ended("seed 1");
      display.end();
    });
    expect(text).toBe(
      "seed 2: epoch 1/2  loss 1.5000  dev exact 25 %  symbol errors 50 %  1,234 pairs/s  7 s left\n" +
        "heed: seed 3: no\n",
    );
  });

  it("say nothing when quiet", () => {
    const use = (display: JobsDisplay): void => {
      display.standing("seed 1", STANDING, true);
      display.say("two jobs");
      display.end();
    };
    expect(seen(true, use, true)).toBe("");
  });
});
