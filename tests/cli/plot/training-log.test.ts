import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../src/cli/errors.ts";
import {
  bestEpoch,
  type EpochPoint,
  findLogs,
  readTrainingLogs,
  type TrainingLog,
} from "../../../src/cli/plot/training-log.ts";
import { DataError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../run-heed.ts";
import { epochLine, logLines, stepLine } from "./log-lines.ts";

/** Writes files into a new folder, and gives where they are. */
function put(files: Readonly<Record<string, string>>): (name: string) => string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return (name) => join(folder, name);
}

async function readText(text: string): Promise<TrainingLog> {
  const [log] = await readTrainingLogs([put({ "run/log.jsonl": text })("run/log.jsonl")]);
  return log!;
}

describe("findLogs", () => {
  it("takes a log, a run, and a folder of runs in the order of their numbers, each log once", async () => {
    const at = put({
      "one/log.jsonl": "",
      "many/run-10/log.jsonl": "",
      "many/run-9/log.jsonl": "",
      "many/notes/readme": "",
    });
    const given = [at("one"), at("many"), at("one/log.jsonl")];
    expect(await findLogs(given)).toEqual([
      at("one/log.jsonl"),
      at("many/run-9/log.jsonl"),
      at("many/run-10/log.jsonl"),
    ]);
  });

  it("refuses a folder without any, and what is not there", async () => {
    const at = put({ "empty/notes": "" });
    await expect(findLogs([at("empty")])).rejects.toThrow(/empty: .*without a log\.jsonl/);
    await expect(findLogs([at("none")])).rejects.toThrow(UsageError);
  });
});

describe("readTrainingLogs", () => {
  it("reads the steps and the epochs", async () => {
    const log = await readText(`${logLines(4, 2).join("\n")}\n{"type":"end","ended":"finished"}\n`);
    expect(log.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(log.steps[2]).toEqual({
      step: 3,
      seconds: 0.03,
      loss: 1,
      rate: 0.001,
      gradientNorm: 2,
      pairsPerSecond: 100,
    });
    expect(log.epochs).toEqual([
      { step: 2, epoch: 1, seconds: 2, exactMatch: 0.5, symbolErrorRate: 0.25 },
      { step: 4, epoch: 1, seconds: 4, exactMatch: 0.75, symbolErrorRate: 0.125 },
    ]);
    expect([log.damaged, log.ended]).toEqual([[], "finished"]);
  });

  it("skips what is no record, and says which lines", async () => {
    const long = `{"type":"step","step":3,"more":"${"x".repeat(100_000)}"}`;
    const lines = [
      stepLine(1),
      "",
      "[1]",
      "null",
      '{"type":"step"}',
      '{"type":7}',
      long,
      stepLine(2),
    ];
    const log = await readText(`${lines.join("\n")}\n{"type":"st`);
    expect(log.steps.map(({ step }) => step)).toEqual([1, 2]);
    expect(log.damaged).toEqual([2, 3, 4, 5, 6, 7, 9]);
  });

  it("takes the later of steps that a resumed run took twice", async () => {
    const before = [stepLine(1), stepLine(2, { loss: 7 }), epochLine(2, 0.1), stepLine(3)];
    const after = [
      '{"type":"end","ended":"out of time"}',
      '{"type":"resume"}',
      stepLine(2, { loss: 5 }),
    ];
    const log = await readText([...before, ...after].join("\n"));
    expect(log.steps.map(({ step, loss }) => [step, loss])).toEqual([
      [1, 1],
      [2, 5],
    ]);
    expect(log.ended).toBeNull();
    const again = await readText([...before, ...after, epochLine(2, 0.2)].join("\n"));
    expect(again.epochs.map(({ exactMatch }) => exactMatch)).toEqual([0.2]);
  });

  it("reads null, which JSON has for NaN, as NaN", async () => {
    const log = await readText(stepLine(1, { loss: null }));
    expect(log.steps[0]?.loss).toBeNaN();
    expect(log.steps[0]?.rate).toBe(0.001);
  });

  it.each([
    ["an empty file", "", /got an empty file/],
    ["a file of pairs", "ab\tba\n", /got a file that begins "ab\\tba"/],
    ["a log without a step", '{"type":"start"}\n', /with a step in it/],
    ["bytes", "\u0000\u0001\ufffd", /begins "\\u0000/],
  ])("refuses %s", async (_name, text, message) => {
    await expect(readText(text)).rejects.toThrow(message);
    await expect(readText(text)).rejects.toThrow(DataError);
  });

  it("names runs by as many of their folders as tell them apart", async () => {
    const text = stepLine(1);
    const at = put({ "a/x/log.jsonl": text, "b/x/log.jsonl": text, "b/old.jsonl": text });
    const names = async (...paths: string[]): Promise<string[]> =>
      (await readTrainingLogs(paths.map(at))).map(({ name }) => name);
    expect(await names("a/x/log.jsonl", "b/old.jsonl")).toEqual(["x", "old.jsonl"]);
    expect(await names("a/x/log.jsonl", "b/x/log.jsonl")).toEqual(["a/x", "b/x"]);
  });
});

describe("bestEpoch", () => {
  const epoch = (step: number, exactMatch: number, symbolErrorRate: number): EpochPoint => ({
    step,
    epoch: step,
    seconds: step,
    exactMatch,
    symbolErrorRate,
  });
  const best = (...epochs: EpochPoint[]): number | undefined =>
    bestEpoch({ name: "", path: "", steps: [], epochs, ended: null, damaged: [] })?.step;

  it("has the highest exact match, then the fewest wrong symbols, then comes last", () => {
    expect(best(epoch(1, 0.5, 0.1), epoch(2, 0.6, 0.3), epoch(3, 0.5, 0.05))).toBe(2);
    expect(best(epoch(1, 0.5, 0.1), epoch(2, 0.5, 0.05), epoch(3, 0.5, 0.3))).toBe(2);
    expect(best(epoch(1, 0.5, 0.1), epoch(2, 0.5, 0.1))).toBe(2);
  });

  it("is never one that was not measured where another was, and none before any", () => {
    expect(best(epoch(1, 0, 1), epoch(2, Number.NaN, Number.NaN))).toBe(1);
    expect(best()).toBeUndefined();
  });
});
