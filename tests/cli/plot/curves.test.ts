import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { curvesToSvg } from "../../../src/cli/plot/curves.ts";
import type { StepPoint, TrainingLog } from "../../../src/cli/plot/training-log.ts";

function run(name: string, steps: number, change: Partial<StepPoint> = {}): TrainingLog {
  const point = (i: number): StepPoint => ({
    step: i + 1,
    seconds: (i + 1) / 10,
    loss: 3 / (i + 1),
    rate: 0.001,
    gradientNorm: 1 + (i % 7),
    pairsPerSecond: 500,
    ...change,
  });
  const epochs = [steps / 2, steps].map((step) => ({
    step,
    epoch: (2 * step) / steps,
    seconds: step / 10,
    exactMatch: step / (steps + 1),
    symbolErrorRate: 0.1,
  }));
  return {
    name,
    path: name,
    steps: Array.from({ length: steps }, (_, i) => point(i)),
    epochs,
    ended: null,
    damaged: [],
  };
}

interface Drawing {
  readonly titles: string[];
  /** By panel and then by run, the points that its line leads through. */
  readonly points: [x: number, y: number][][][];
  readonly texts: string[];
}

function read(svg: string): Drawing {
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`);
  const panels = [...document.querySelectorAll(".panel")];
  const pathOf = (line: Element): [number, number][] =>
    [...(line.getAttribute("d") ?? "").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
  return {
    titles: panels.map((panel) => panel.querySelector("[font-weight]")?.textContent ?? ""),
    points: panels.map((panel) =>
      [...panel.querySelectorAll('[aria-label="line"] path')].map(pathOf),
    ),
    texts: [...document.querySelectorAll("text")].map((text) => text.textContent ?? ""),
  };
}

describe("curvesToSvg", () => {
  it("has a panel per quantity with a curve per run, and names the runs with their best", async () => {
    const svg = await curvesToSvg([run("small", 20), run("big", 10)], "steps");
    const { titles, points, texts } = read(svg);
    expect(titles).toEqual([
      "Loss (nats per symbol)",
      "Exact match on dev pairs (%)",
      "Gradient norm before clipping",
      "Symbol error rate on dev pairs (%)",
      "Learning rate",
      "Speed (pairs per second)",
    ]);
    expect(points.map((panel) => panel.map(({ length }) => length))).toEqual(
      titles.map((title) => (title.includes("dev pairs") ? [2, 2] : [20, 10])),
    );
    expect(texts).toContain("small (best 95.2 %)");
    expect(texts).toContain("big (best 90.9 %)");
    expect(svg).toContain("<title>Training curves of 2 runs: small, big</title>");
  });

  it("draws over steps or over seconds, on the same axis in all panels", async () => {
    const logs = [run("slow", 10, { seconds: 99 }), run("fast", 10)];
    const last = async (over: "steps" | "seconds"): Promise<(number | undefined)[][]> =>
      read(await curvesToSvg(logs, over)).points.map((panel) =>
        panel.map((line) => line.at(-1)?.[0]),
      );
    for (const [slow, fast] of await last("steps")) expect(slow).toBe(fast);
    const [[slow, fast]] = (await last("seconds")) as [[number, number]];
    expect(slow).toBeGreaterThan(fast + 100);
  });

  it("has a logarithmic axis for a loss that falls far, and a linear one for one that does not", async () => {
    const ratio = async (steps: number): Promise<number> => {
      const [[line = []] = []] = read(await curvesToSvg([run("a", steps)], "steps")).points;
      // The loss is 3 / step: from 1 to 2 and from 2 to 4 are as far on a logarithmic axis.
      return (line[1]![1] - line[0]![1]) / (line[3]![1] - line[1]![1]);
    };
    expect(await ratio(100)).toBeCloseTo(1, 1);
    expect(await ratio(10)).toBeCloseTo(2, 1);
  });

  it("draws the means of many steps, and stays small", async () => {
    const short = await curvesToSvg([run("a", 400)], "steps");
    const long = await curvesToSvg([run("a", 40_000)], "steps");
    expect(long.length).toBeLessThan(short.length * 1.2);
    // The gradient norm runs through 1 … 7: the mean of a hundred is about 4, in the middle of the axis.
    const [line = []] = read(long).points[2]!;
    const heights = line.map(([, y]) => y);
    expect(line.length).toBe(400);
    expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(140);
  });

  it("draws the speed over several steps, not the mean of their speeds", async () => {
    // 200 steps at 100 and 300 pairs a second in turn: two of 100 pairs each take 4/3 seconds.
    const uneven = run("a", 200).steps.map((step, i) => ({
      ...step,
      pairsPerSecond: 100 + 200 * (i % 2),
    }));
    const steady = run("b", 100, { pairsPerSecond: 150 }).steps;
    const logs = [uneven, steady].map((steps) => ({ ...run("c", 2), steps }));
    const [a = [], b = []] = read(await curvesToSvg(logs, "steps")).points[5]!;
    expect([a.length, b.length]).toEqual([100, 100]);
    for (const [, y] of a) expect(y).toBeCloseTo(b[0]![1], 3);
  });

  it.each([
    ["a loss that is never finite", { loss: Number.NaN }],
    ["nothing but zeros", { loss: 0, rate: 0, gradientNorm: 0, pairsPerSecond: 0, seconds: 0 }],
    [
      "nothing but NaN",
      { loss: Number.NaN, rate: Number.NaN, pairsPerSecond: Number.NaN, seconds: Number.NaN },
    ],
  ])("draws %s without a number that is none", async (_name, change) => {
    for (const over of ["steps", "seconds"] as const) {
      const svg = await curvesToSvg([{ ...run("odd", 3, change), epochs: [] }], over);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).toContain("nothing measured yet");
    }
  });

  it("escapes the names of runs, and keeps the legend within the picture", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `<run> & "${i}"\u0007`);
    const svg = await curvesToSvg(
      names.map((name) => run(name, 4)),
      "steps",
    );
    expect(svg).toContain('&lt;run&gt; &amp; "29"␇ (best 80 %)');
    const ends = [...svg.matchAll(/<text x="([\d.]+)" y="[\d.]+" font-size="12.5">([^<]*)</g)];
    expect(ends.length).toBe(30);
    for (const [, x, text = ""] of ends) expect(Number(x) + 6 * text.length).toBeLessThan(950);
  });
});
