import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { openProgress, type Standing } from "../../src/cli/progress.ts";

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

/** What a run says to a terminal of so many columns. */
function drawn(columns: number, environment: Record<string, string>): string {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns });
  const progress = openProgress(false, terminal, environment);
  progress.step(STANDING);
  progress.evaluated({ ...STANDING, step: 5 });
  progress.end();
  return String(terminal.read());
}

describe("progress on a terminal", () => {
  it("is one bar that fits into 80 columns", () => {
    const [first = ""] = drawn(80, {}).split("\u001b[0K");
    expect(first).toMatch(
      /epoch 1\/2 █+░+ 7 s left {2}loss 1\.5000 {2}dev exact 25 % {2}1,234 pairs\/s$/,
    );
  });

  it("is cut where the terminal is narrower", () => {
    const bars = drawn(20, {})
      .split("\u001b")
      .filter((part) => part.includes("epoch"));
    expect(bars.length).toBeGreaterThan(0);
    for (const bar of bars) expect(bar.replace("[1G", "").length).toBeLessThanOrEqual(20);
  });

  it("switches nothing that a kill would leave switched", () => {
    expect(drawn(80, {})).not.toContain("\u001b[?");
  });

  it("is a line per epoch, without escapes, where the terminal is dumb", () => {
    const text = drawn(80, { TERM: "dumb" });
    expect(text).toMatch(/^epoch 1\/2 {2}loss 1\.5000 {2}dev exact 25 %.*left\n$/);
    expect(text).not.toContain("\u001b");
  });
});
