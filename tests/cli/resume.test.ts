import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { COMMAND } from "./command.ts";
import { ending, type Run, startHeed } from "./run-heed.ts";
import { newWorkplace, SMALL, type Workplace } from "./small-training.ts";

const FLAGS = `train pairs.tsv ${SMALL.join(" ")} --epochs 12 --average 2 --warmup 10 --checkpoint-every 0.05`;

// Every test starts a few processes, one after another.
vi.setConfig({ testTimeout: 120_000 });

let work: Workplace;
let straight: Buffer;
beforeAll(async () => {
  work = newWorkplace();
  const run = await work.at(`${FLAGS} --out straight.safetensors --quiet`);
  expect(run).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  straight = read("straight.safetensors");
}, 120_000);
afterAll(() => work.remove());

const read = (...names: string[]): Buffer => readFileSync(join(work.folder, ...names));
const here = (name: string): boolean => existsSync(join(work.folder, name));

type LogLine = Record<string, unknown> & { type: string; step: number };

/** The log of a run, line by line. */
const logOf = (run: string): LogLine[] =>
  String(read(run, "log.jsonl"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LogLine);

/** A run that is interrupted as soon as it says that an epoch is over. */
async function interrupted(name: string, epoch: number, words = FLAGS): Promise<Run> {
  const child = startHeed([...words.split(" "), "--out", `${name}.safetensors`], {
    cwd: work.folder,
  });
  const end = ending(child);
  child.stderr.on("data", (text) => {
    if (String(text).includes(`epoch ${epoch}/`)) child.kill("SIGINT");
  });
  return end;
}

describe("heed train keeps a run", () => {
  it("with what it is, its log and its best model, beside the model", () => {
    expect(readdirSync(join(work.folder, "straight.run")).sort()).toEqual([
      "best.safetensors",
      "log.jsonl",
      "run.json",
    ]);
    expect(read("straight.run", "best.safetensors").equals(straight)).toBe(true);
    const described = JSON.parse(String(read("straight.run", "run.json")));
    expect(described).toMatchObject({
      format: "heed.run",
      version: 1,
      pairs: { path: join(work.folder, "pairs.tsv"), bytes: 3072 },
      dev: null,
      out: join(work.folder, "straight.safetensors"),
      config: { hiddenSize: 32 },
      training: { epochs: 12, averageLast: 2, warmup: 10, seed: 0 },
      ended: "finished",
    });
  });

  it("whose log has a line a step, one an epoch, and one at either end", () => {
    const log = logOf("straight.run");
    expect(log.map(({ type }) => type)).toEqual([
      "start",
      ...Array.from({ length: 12 }, () => [...new Array(18).fill("step"), "epoch"]).flat(),
      "end",
    ]);
    const [start, step] = log;
    expect(start).toMatchObject({ pairs: 288, dev: 32, config: { hiddenSize: 32 } });
    expect(Object.keys(step ?? {})).toEqual(
      "type step epoch loss rate gradientNorm pairsPerSecond seconds".split(" "),
    );
    expect(log.at(19)).toMatchObject({ type: "epoch", epoch: 1, step: 18 });
    expect(Object.keys(log.at(19) ?? {})).toEqual(
      "type epoch step loss exactMatch symbolErrorRate rate pairsPerSecond seconds memory".split(
        " ",
      ),
    );
    const { best, ...end } = log.at(-1) as LogLine;
    expect(end).toMatchObject({ type: "end", ended: "finished", step: 216 });
    const figures = log.filter(({ type }) => type === "epoch");
    const most = Math.max(...figures.map(({ exactMatch }) => Number(exactMatch)));
    expect(best).toMatchObject({ exactMatch: most });
  });

  it("and is said to be at its end when it is to be continued", async () => {
    const run = await work.at("train --resume straight.run");
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(run.stderr).toBe(
      "straight.run has come to its end; straight.safetensors holds its model\n",
    );
    renameSync(join(work.folder, "straight.safetensors"), join(work.folder, "moved.safetensors"));
    const { stderr } = await work.at("train --resume straight.run");
    expect(stderr).toBe(
      "straight.run has come to its end; straight.run/best.safetensors holds its model\n",
    );
    renameSync(join(work.folder, "moved.safetensors"), join(work.folder, "straight.safetensors"));
  });
});

describe("a run that was stopped is continued to the same model, to the last byte", () => {
  it("after Ctrl-C, which says how", async () => {
    const first = await interrupted("stopped", 2);
    expect(first.code).toBe(130);
    expect(first.stderr).toMatch(
      /\nheed: interrupted; stopped\.safetensors holds the best so far, from epoch \d+: exact match .* %; to go on: heed train --resume stopped\.run\n$/,
    );
    expect(JSON.parse(String(read("stopped.run", "run.json"))).ended).toBe(null);
    const second = await work.at("train --resume stopped.run --threads 1");
    expect(second.stderr).toMatch(/^288 pairs to learn from.*; goes on after step \d+\nepoch \d/);
    expect(second.stdout).toMatch(/^stopped\.safetensors: exact match/);
    expect(second.code).toBe(0);
    expect(read("stopped.safetensors").equals(straight)).toBe(true);
    expect(readdirSync(join(work.folder, "stopped.run"))).toHaveLength(3);
  });

  it("with a log as of one that never was, but for the times", () => {
    const timeless = (run: string): unknown[] =>
      logOf(run)
        .filter(({ type }) => type !== "resume" && type !== "start")
        .map(({ pairsPerSecond: _p, seconds: _s, memory: _m, ...rest }) => rest);
    expect(timeless("stopped.run")).toEqual(timeless("straight.run"));
    const seconds = logOf("stopped.run").flatMap(({ seconds }) => seconds ?? []) as number[];
    expect(seconds.every((value, i) => value >= (seconds[i - 1] ?? 0))).toBe(true);
    expect(logOf("stopped.run").filter(({ type }) => type === "resume")).toHaveLength(1);
  });

  it("within its first epoch, too, with the model as it stood kept", async () => {
    const child = startHeed(`${FLAGS} --out early.safetensors`.split(" "), { cwd: work.folder });
    const end = ending(child);
    const log = join(work.folder, "early.run", "log.jsonl");
    while (!(existsSync(log) && readFileSync(log, "utf8").includes('"step"'))) await pause(5);
    child.kill("SIGTERM");
    const first = await end;
    expect(first.code).toBe(143);
    expect(first.stderr).toMatch(/early\.safetensors holds the (model as it stood|best so far)/);
    expect((await work.at("predict early.safetensors abc")).code).toBe(0);
    expect((await work.at("train --resume early.run --quiet")).code).toBe(0);
    expect(read("early.safetensors").equals(straight)).toBe(true);
  });

  it("out of time within an epoch, again and again", async () => {
    const first = await work.at(`${FLAGS} --out timed.safetensors --max-seconds 0.05`);
    expect(first.stdout).toMatch(/^timed\.safetensors: .*, out of time\)\n$/);
    expect(first.stderr).toMatch(/to go on: heed train --resume timed\.run\n$/);
    let run = first;
    for (let i = 0; i < 4; i++) run = await work.at("train --resume timed.run --max-seconds 0.1");
    run = await work.at("train --resume timed.run --quiet");
    expect(run).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect(read("timed.safetensors").equals(straight)).toBe(true);
  });

  it("from the checkpoint before, when the newest is damaged, and says so", async () => {
    await work.at(`${FLAGS} --out hurt.safetensors --max-seconds 0.05 --quiet`);
    await work.at("train --resume hurt.run --max-seconds 0.05 --quiet");
    const names = ["checkpoint.safetensors", "checkpoint.previous.safetensors"];
    const [newest = "", before = ""] = names.map((name) => join(work.folder, "hurt.run", name));
    const bytes = readFileSync(newest);
    bytes[bytes.length - 5]! ^= 4;
    writeFileSync(newest, bytes);
    const keptBefore = readFileSync(before);
    const run = await work.at("train --resume hurt.run --quiet");
    expect(run.stderr).toMatch(
      /^heed: warning: hurt\.run\/checkpoint\.safetensors: expected contents of CRC-32 .*; the checkpoint before is whole\n$/,
    );
    expect(run.code).toBe(0);
    expect(read("hurt.safetensors").equals(straight)).toBe(true);

    rmSync(join(work.folder, "hurt.run"), { recursive: true });
    await work.at(`${FLAGS} --out hurt.safetensors --max-seconds 0.05 --quiet`);
    writeFileSync(newest, bytes);
    writeFileSync(before, keptBefore.subarray(0, 1000));
    const lost = await work.at("train --resume hurt.run");
    expect(lost.stderr).toMatch(
      /^heed: hurt\.run\/checkpoint\.safetensors: .*no other .* --overwrite\n$/,
    );
    expect(lost.code).toBe(1);
  });

  it("after a disk that was full, which leaves the last whole checkpoint", async () => {
    await work.at(`${FLAGS} --out full.safetensors --max-seconds 0.05 --quiet`);
    const whole = read("full.run", "checkpoint.safetensors");
    // Files of up to 100 kB: the model is smaller, a checkpoint larger.
    const command = 'ulimit -f 100; exec "$0" "$1" train --resume full.run';
    const words = ["-c", command, process.execPath, COMMAND];
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((done) => {
      execFile("bash", words, { cwd: work.folder }, (error, _stdout, text) =>
        done({ code: error?.code, stderr: text }),
      );
    });
    expect(stderr).toMatch(
      /\nheed: full\.run: .*checkpoint\.safetensors: file too large \(EFBIG in write\); the last good checkpoint in full\.run is of step \d+; when there is room, go on by heed train --resume full\.run\n$/,
    );
    expect(code).toBe(1);
    expect(read("full.run", "checkpoint.safetensors").equals(whole)).toBe(true);
    expect(readdirSync(join(work.folder, "full.run")).filter((name) => /tmp/.test(name))).toEqual(
      [],
    );
    expect((await work.at("train --resume full.run --quiet")).code).toBe(0);
    expect(read("full.safetensors").equals(straight)).toBe(true);
  });
});

describe("a run that diverges", () => {
  it("stops at the step, with the likely cause and the last good checkpoint", async () => {
    // A form that diverges slowly enough for an epoch to end before.
    const form = "--attention dot --no-input-feeding --no-attentional-size";
    const words = `${FLAGS} ${form} --rate 3e37 --warmup 1000 --out bad.safetensors --run dir --quiet`;
    const run = await work.at(words);
    expect(run.stderr).toMatch(
      /^heed: step \d+ of training: expected a finite loss, got .*; most likely, the rate of 3e\+37 is too high.*; bad\.safetensors holds the best so far, from epoch \d: .*; the last good checkpoint in dir is of step \d+; try a lower --rate or a lower --clip\n$/,
    );
    expect(run.code).toBe(1);
    const again = await work.at("train --resume dir");
    expect(again.stderr).toMatch(
      /^heed: dir: expected a run that can be continued, got .*diverged/,
    );
    expect(again.code).toBe(1);
    expect(readdirSync(join(work.folder, "dir"))).toContain("checkpoint.safetensors");
    expect(logOf("dir").at(-1)).toMatchObject({ type: "end", ended: "diverged" });
    expect((await work.at(`${words.replace("3e37", "0.01")} --epochs 1`)).code).toBe(0);
  });

  it("for want of a clip, or by a very long pair, says that", async () => {
    const flags = `train long.tsv ${SMALL.join(" ")} --epochs 1 --rate 1e38 --quiet --out long`;
    const long = `${"ab".repeat(200)}\t${"ba".repeat(200)}\n`;
    writeFileSync(join(work.folder, "long.tsv"), `${read("pairs.tsv")}${long.repeat(3)}`);
    const unclipped = await work.at(`${flags.replace("long.tsv", "pairs.tsv")} --no-clip`);
    expect(unclipped.stderr).toMatch(/most likely, gradients are not clipped.*try --clip 1 or/);
    const run = await work.at(`${flags} --batch 4096 --dev pairs.tsv --epochs 3`);
    expect(run.stderr).toMatch(
      /most likely, its batch has the pair of line 321, of 800 characters, where half .* at most 8;.*leave it out/,
    );
  });
});

describe("a run is refused", () => {
  beforeAll(async () => {
    await interrupted("open", 1);
  }, 60_000);

  it("in the place of another that has not come to its end, unless told to overwrite it", async () => {
    const again = `${FLAGS} --out open.safetensors --epochs 1`;
    const run = await work.at(again);
    expect(run.stderr).toMatch(
      /^heed: --run open\.run: .*not come to its end; go on with it by heed train --resume open\.run, or begin anew with --overwrite\n$/,
    );
    expect(run.code).toBe(2);
    writeFileSync(join(work.folder, "open.run", "mine.txt"), "mine");
    expect((await work.at(`${again} --overwrite --quiet`)).code).toBe(0);
    expect(readdirSync(join(work.folder, "open.run")).sort()).toEqual([
      "best.safetensors",
      "log.jsonl",
      "mine.txt",
      "run.json",
    ]);
    expect(logOf("open.run").filter(({ type }) => type === "epoch")).toHaveLength(1);
  });

  it("while another process is at it, until that is gone", async () => {
    await interrupted("busy", 1);
    const lock = join(work.folder, "busy.run", "lock");
    expect(existsSync(lock)).toBe(false);
    writeFileSync(lock, `${process.pid} ${hostname()}`);
    const before = readdirSync(join(work.folder, "busy.run"));
    for (const [words, where] of [
      ["train --resume busy.run", "--resume"],
      [`${FLAGS} --out busy.safetensors --overwrite`, "--run"],
    ] as const) {
      const run = await work.at(words);
      expect(run.stderr).toBe(
        `heed: ${where} busy.run: expected a run that no other process is at, got one that process ${process.pid} is training; wait for its end or stop it; if that is another program, delete ${join("busy.run", "lock")}\n`,
      );
      expect(run.code).toBe(2);
    }
    expect(readdirSync(join(work.folder, "busy.run"))).toEqual(before);
    for (const left of [`2147483647 ${hostname()}`, `${process.pid} another-machine`, ""]) {
      writeFileSync(lock, left);
      expect((await work.at("train --resume busy.run --quiet --max-seconds 0.01")).code).toBe(0);
      expect(existsSync(lock)).toBe(false);
    }
  });

  it("in a directory of other things, or in a file", async () => {
    for (const [words, message] of [
      ["--run .", /--run \.: .*other files in it; name one that is empty or new/],
      ["--run pairs.tsv", /--run pairs\.tsv: .*got a file; name a directory/],
      ["--run none/run", /--run none\/run: .*no folder .*none; create it first/],
    ] as const) {
      const run = await work.at(`train pairs.tsv --out other.safetensors ${words}`);
      expect(run.stderr).toMatch(message);
      expect(run.code).toBe(2);
      expect(here("other.safetensors")).toBe(false);
    }
  });

  it("to be continued where there is none, or what there is cannot be read", async () => {
    const description = join(work.folder, "straight.run", "run.json");
    const text = readFileSync(description, "utf8");
    const cases: [words: string, code: number, message: RegExp, text?: string][] = [
      ["none", 2, /--resume none: expected the directory .*no such directory/],
      ["pairs.tsv", 2, /--resume pairs\.tsv: .*got a file/],
      [".", 2, /run\.json: .*no such file/],
      ["straight.run", 1, /run\.json: expected the description of a heed run/, "{"],
      [
        "straight.run",
        1,
        /version 1 of a run, got version 7; a later heed/,
        text.replace('"version": 1', '"version": 7'),
      ],
      ["straight.run", 1, /every field of a run/, text.replace('"flags"', '"flogs"')],
    ];
    for (const [words, code, message, altered] of cases) {
      if (altered !== undefined) writeFileSync(description, altered);
      const run = await work.at(`train --resume ${words}`);
      expect(run.stderr).toMatch(message);
      expect(run.code).toBe(code);
    }
    writeFileSync(description, text);
  });

  it("to be continued with what it has of its own", async () => {
    for (const [words, message] of [
      ["--rate 0.5", /--resume straight\.run: expected no pairs and no flags .* got --rate/],
      ["--label-smoothing 0.5", /got --label-smoothing/],
      ["pairs.tsv", /got pairs\.tsv/],
    ] as const) {
      const run = await work.at(`train --resume straight.run ${words}`);
      expect(run.stderr).toMatch(message);
      expect(run.code).toBe(2);
    }
  });

  it("to be continued on other pairs", async () => {
    await interrupted("moved", 1);
    const pairs = join(work.folder, "pairs.tsv");
    const text = readFileSync(pairs, "utf8");
    for (const [altered, message] of [
      [
        text.replace("abc\tcba", "abc\tcbb"),
        /pairs\.tsv: expected the 3072 bytes .*, got as many, but others; restore/,
      ],
      [`${text}a\tb\n`, /pairs\.tsv: .*got 3076 bytes: the file has been changed/],
    ] as const) {
      writeFileSync(pairs, altered);
      const run = await work.at("train --resume moved.run");
      expect(run.stderr).toMatch(message);
      expect(run.code).toBe(1);
    }
    writeFileSync(pairs, text);
    expect((await work.at("train --resume moved.run --quiet")).code).toBe(0);
    expect(read("moved.safetensors").equals(straight)).toBe(true);
  });
});

describe("--patience", () => {
  it("ends a run whose model gets no better", async () => {
    const words = `train pairs.tsv ${SMALL.join(" ")} --epochs 1000 --rate 1e-9 --patience 3`;
    const run = await work.at(`${words} --out patient.safetensors`);
    expect(run.stdout).toMatch(/^patient\.safetensors: .*\(epoch \d+, .*, no better\)\n$/);
    expect(run.code).toBe(0);
    expect(logOf("patient.run").at(-1)).toMatchObject({ ended: "no better" });
    expect(logOf("patient.run").length).toBeLessThan(200);
  });
});
