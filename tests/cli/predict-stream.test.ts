import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AttentionSeq2seq, defaultConfig, Vocabulary } from "../../src/index.ts";
import { ending, heed, newFolder, startHeed } from "./run-heed.ts";

const pairs = ["abc", "bca", "cab", "ba"].map((source, i) => ({
  source,
  target: [...source].reverse().join(""),
  line: i + 1,
}));
const config = defaultConfig(pairs, { embeddingSize: 4, hiddenSize: 4, targetLimit: 4 });

let folder = "";
beforeAll(async () => {
  folder = newFolder();
  const put = async (name: string, model: AttentionSeq2seq): Promise<void> => {
    writeFileSync(join(folder, name), await model.toBytes());
  };
  mkdirSync(join(folder, "run"));
  mkdirSync(join(folder, "several"));
  mkdirSync(join(folder, "nothing"));
  const models = [1, 2].map((seed) => AttentionSeq2seq.fromPairs(pairs, config, { seed }));
  await put("m.safetensors", models[0]!);
  await put("n.safetensors", models[1]!);
  await put("run/model.safetensors", models[0]!);
  await put("several/model.1.safetensors", models[0]!);
  await put("several/model.2.safetensors", models[1]!);
  const others = pairs.map((pair) => ({ ...pair, target: "z" }));
  await put("other.safetensors", AttentionSeq2seq.fromPairs(others, config));
  const tagged = pairs.map((pair) => ({ ...pair, features: "V;PST" }));
  await put("tags.safetensors", AttentionSeq2seq.fromPairs(tagged, config));
  const { sourceVocabulary } = models[0]!;
  // A model that writes line ends and nothing else, and one that knows no unknown symbols.
  const parts = { tokens: "chars", normalization: "none", pad: 0, begin: 1 } as const;
  const fixed = { ...config, targetLength: 2 };
  const ends = new Vocabulary({ symbols: ["_", "<", "\n"], ...parts, end: null, unknown: null });
  await put("ends.safetensors", new AttentionSeq2seq(fixed, sourceVocabulary, ends));
  const strict = new Vocabulary({ symbols: ["_", "<", ">", "a"], ...parts, end: 2, unknown: null });
  const { targetVocabulary } = models[0]!;
  await put("strict.safetensors", new AttentionSeq2seq(config, strict, targetVocabulary));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes take long to start where several do. */
const SLOW = { timeout: 120_000 };

const predict = (words: readonly string[], stdin: string | Uint8Array = "") =>
  heed(["predict", ...words], { cwd: folder, stdin });

describe("heed predict of a stream", () => {
  it("answers every line by one, in order, whatever is in it", SLOW, async () => {
    const odd = ["", " ", "abc", "\t", "\0", "a\rb", "\u2028", "x".repeat(70_000), "é😀", "\ufeff"];
    const run = await predict(["m.safetensors", "--jsonl"], `${odd.join("\n")}\n`);
    expect(run.code).toBe(0);
    const answers = run.stdout.split("\n");
    expect(answers.pop()).toBe("");
    const sources = answers.map((line) => JSON.parse(line).source);
    expect(sources).toEqual(odd.map((text) => text.slice(0, 4096)));
    expect(JSON.parse(answers[7]!).cut).toBe(true);
  });

  it("warns once of bytes that are not UTF-8, and reads them as U+FFFD", async () => {
    const bytes = Uint8Array.of(0x61, 0x0a, 0x61, 0xff, 0x0a, 0xfe, 0x0a);
    const run = await predict(["m.safetensors", "--jsonl"], bytes);
    expect(run.stdout.match(/"source":"a\ufffd"/g)).toHaveLength(1);
    expect(run.stderr.match(/UTF-8/g)).toHaveLength(1);
    expect(run.stderr).toMatch(
      /^heed: warning: line 2 is not UTF-8; what is not is read as U\+FFFD/,
    );
  });

  it(
    "answers a line that the model refuses by an empty one, and says why, once",
    SLOW,
    async () => {
      const run = await predict(["strict.safetensors"], "a\nb\nc\naa\n");
      expect(run.code).toBe(0);
      expect(run.stdout.split("\n")).toHaveLength(5);
      expect(run.stdout).toMatch(/^.*\n\n\n.*\n$/);
      expect(run.stderr).toMatch(/^heed: warning: line 2 is answered by nothing: .*"b".*\n$/);
      const json = await predict(["strict.safetensors", "--jsonl", "b"]);
      expect(JSON.parse(json.stdout)).toMatchObject({ output: "", score: null, finished: false });
      expect(JSON.parse(json.stdout).refusal).toMatch(/"b"/);
    },
  );

  it("writes line ends of an output as spaces", SLOW, async () => {
    const run = await predict(["ends.safetensors"], "abc\nab\n");
    expect(run.stdout).toMatch(/^ +\n +\n$/);
    expect(run.stderr).toMatch(/^heed: warning: the answer to line 1 has line ends in it/);
    const json = await predict(["ends.safetensors", "--jsonl", "abc"]);
    expect(JSON.parse(json.stdout).output).toMatch(/^\n+$/);
  });

  it(
    "takes features behind a tab where the model reads any, and a tab as text elsewhere",
    SLOW,
    async () => {
      const [tagged, plain] = await Promise.all([
        predict(["tags.safetensors", "--jsonl", "--attention"], "abc\tV;PST\nabc\n"),
        predict(["m.safetensors", "--jsonl"], "a\tV\n"),
      ]);
      const [first, second] = tagged.stdout
        .split("\n")
        .slice(0, 2)
        .map((line) => JSON.parse(line));
      expect(first).toMatchObject({ source: "abc", sourceSymbols: ["V", "PST", "a", "b", "c"] });
      expect(second).toMatchObject({ source: "abc", sourceSymbols: ["a", "b", "c"] });
      expect(JSON.parse(plain.stdout)).toMatchObject({ unknownSymbols: ["\t", "V"] });
    },
  );
});

describe("heed predict --n-best", () => {
  it("gives line number, score and output, best first", SLOW, async () => {
    const run = await predict(["m.safetensors", "--n-best", "3"], "abc\n\nba\n");
    const rows = run.stdout
      .trimEnd()
      .split("\n")
      .map((row) => row.split("\t"));
    expect(rows.map(([number]) => number)).toEqual(["1", "1", "1", "2", "3", "3", "3"]);
    const scores = rows.slice(0, 3).map(([, score]) => Number(score));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(rows[3]).toEqual(["2", "0", ""]);
    const json = await predict(["m.safetensors", "--n-best", "3", "--jsonl", "abc"]);
    const { output, alternatives } = JSON.parse(json.stdout);
    expect(alternatives.map((each: { output: string }) => each.output)).toEqual(
      rows.slice(0, 3).map(([, , text]) => text),
    );
    expect(alternatives[0].output).toBe(output);
  });

  it("needs a beam as wide", async () => {
    const run = await predict(["m.safetensors", "--n-best", "3", "--beam", "2", "abc"]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toBe(
      "heed: --n-best: expected at most what --beam keeps, which is 2, got 3\n",
    );
  });
});

describe("heed predict with several models", () => {
  it(
    "takes those of a folder and those of --ensemble alike, and the one of a run",
    SLOW,
    async () => {
      const ask = async (...words: string[]): Promise<string> => {
        const run = await predict([...words, "--jsonl", "--beam", "3", "abc", "ba"]);
        expect(run).toMatchObject({ code: 0, stderr: "" });
        return run.stdout;
      };
      const [folderOf, named, one, run, reversed] = await Promise.all([
        ask("several"),
        ask("m.safetensors", "--ensemble", "n.safetensors"),
        ask("m.safetensors"),
        ask("run/"),
        ask("n.safetensors", "--ensemble", "run"),
      ]);
      expect(folderOf).toBe(named);
      expect(run).toBe(one);
      expect(named).not.toBe(one);
      expect(JSON.parse(reversed.split("\n")[0]!).score).toBeCloseTo(
        JSON.parse(named.split("\n")[0]!).score,
        5,
      );
    },
  );

  it("refuses a folder without models, and models of different symbols", SLOW, async () => {
    const empty = await predict(["nothing", "abc"]);
    expect(empty.code).toBe(2);
    expect(empty.stderr).toMatch(
      /^heed: nothing: expected .*model\.safetensors.*a directory without\n$/,
    );
    const unlike = await predict(["m.safetensors", "--ensemble", "other.safetensors", "abc"]);
    expect(unlike.code).toBe(1);
    expect(unlike.stderr).toMatch(/^heed: Ensemble: expected models of one target vocabulary/);
    const absent = await predict(["m.safetensors", "--ensemble", "none.safetensors", "abc"]);
    expect(absent.code).toBe(2);
  });
});

const isLinux = existsSync("/proc/self/status");

describe.skipIf(!isLinux)("memory of heed predict (skipped where there is no /proc)", () => {
  const LINE = "abcabcabcabc\n";

  /**
   * The most memory that a process has had, in MiB, once it has answered so many lines. Its heap is bounded:
   * otherwise the engine would let garbage pile up at its own discretion, and end where more is really held.
   */
  async function peak(lines: number): Promise<number> {
    const env = { NODE_OPTIONS: "--max-semi-space-size=1 --max-old-space-size=96" };
    const child = startHeed(["predict", "m.safetensors"], { cwd: folder, env });
    const end = ending(child);
    let answered = 0;
    const all = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 0x0a) answered += 1;
        if (answered === lines) resolve();
      });
    });
    for (let sent = 0; sent < lines; sent += 5000) {
      if (!child.stdin.write(LINE.repeat(5000))) {
        await new Promise((resolve) => child.stdin.once("drain", resolve));
      }
    }
    await all;
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    child.stdin.end();
    expect((await end).code).toBe(0);
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  it("does not grow with the lines that it has answered", SLOW, async () => {
    const few = await peak(60_000);
    const many = await peak(300_000);
    // 240,000 results kept would be 140 MB.
    expect(many - few).toBeLessThan(70);
  });

  it("does not grow with what a slow reader leaves unread", SLOW, async () => {
    const child = startHeed(["predict", "m.safetensors", "--jsonl"], { cwd: folder });
    const line = `${"abc".repeat(1000)}\n`;
    const lines = 4000;
    /** Bytes that it has read so far, its own modules among them. */
    const taken = (): number => {
      return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${child.pid}/io`, "utf8"))?.[1]);
    };
    const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 2000));
    child.stdin.write(line);
    await new Promise((resolve) => child.stdout.once("readable", resolve));
    const atStart = taken();
    child.stdin.end(line.repeat(lines - 1));
    // Nobody reads: when it has stopped reading as well, it waits for us.
    for (let before = -1; before !== taken(); await pause()) before = taken();
    // A window of texts, and what the pipes hold on both sides.
    expect(taken() - atStart).toBeGreaterThan(2 ** 16);
    expect(taken() - atStart).toBeLessThan(2 ** 21);
    const run = await ending(child);
    expect(run.stdout.split("\n")).toHaveLength(lines + 1);
    expect(run.code).toBe(0);
  });
});
