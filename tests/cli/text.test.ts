import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AttentionSeq2seq } from "../../src/index.ts";
import { heed, newFolder, type Run } from "./run-heed.ts";

const SMALL = ["--epochs", "1", "--hidden", "8", "--embedding", "4", "--device", "reference"];
const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (words: readonly string[], stdin = ""): Promise<Run> =>
  heed(words, { cwd: folder, stdin });

/** Trains a model `name` on lines, by the flags. */
async function train(name: string, lines: readonly string[], ...flags: string[]): Promise<Run> {
  const file = `${name}.tsv`;
  writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
  const given = ["--out", name, ...SMALL, ...flags];
  const run = await at(["train", file, "--dev", file, ...given]);
  expect(run.code, run.stderr).toBe(0);
  return run;
}

const load = (name: string): AttentionSeq2seq =>
  AttentionSeq2seq.fromBytes(readFileSync(join(folder, name)));

/** How a model cuts both sides. */
function cut(name: string): string {
  const { sourceVocabulary: source, targetVocabulary: target } = load(name);
  const sides = [source, target].map(({ tokens, normalization }) => `${tokens} ${normalization}`);
  return sides.join(", ");
}

const LATIN = ["é\tʔ e", "ab\ta b"];
const KOREAN = ["한글\th a n ɡ ɯ l", "국\tk u k"];

describe("heed train", { timeout: 60_000 }, () => {
  it("cuts by graphemes in NFC, and gives advice where targets look otherwise", async () => {
    const { stderr } = await train("latin", LATIN);
    expect(stderr).toMatch(/^heed: the targets look like symbols.* add --target-tokens spaces\n/m);
    expect(cut("latin")).toBe("chars NFC, chars NFC");
  });

  it("cuts Korean sources into jamo, and the rest as it is told, without advice then", async () => {
    const { stderr } = await train("korean", KOREAN, "--target-tokens", "spaces");
    expect(stderr).not.toMatch(/target-tokens/);
    expect(cut("korean")).toBe("codepoints NFD, spaces NFC");
    expect(load("korean").sourceVocabulary.unknownIn("흔간".normalize("NFC"))).toEqual([]);
  });

  it("takes normal forms for both sides or for one", async () => {
    const both = ["--normalize", "nfkd", "--target-normalize", "none"];
    await train("forms", KOREAN, ...both, "--source-tokens", "chars", "--quiet");
    expect(cut("forms")).toBe("chars NFKD, chars none");
    const target = ["--target-normalize", "NFD", "--source-normalize", "nfc", "--quiet"];
    await train("decomposed", ["한\t한글"], ...target);
    expect(cut("decomposed")).toBe("chars NFC, codepoints NFD");
    expect(load("decomposed").config.targetLimit).toBe(2 * 6 + 10);
  });

  it.each<[string[], RegExp]>([
    [["--normalize", "nfx"], /^heed: --normalize: expected nfc or .* got "nfx"/],
    [["--target-tokens", "tags"], /^heed: --target-tokens: expected chars or codepoints or spaces/],
    [
      ["--features", "2"],
      /^heed: --features: expected a column of its own, got 2, which has the t/,
    ],
    [["--columns", "3,1", "--features", "3"], /^heed: --features: .*got 3, which has the sources/],
  ])("refuses %j", async (flags, message) => {
    writeFileSync(join(folder, "refused.tsv"), "a\tb\n");
    const run = await at(["train", "refused.tsv", "--out", "refused", ...flags]);
    expect(run.stderr).toMatch(message);
    expect(run.code).toBe(2);
  });
});

describe("features", { timeout: 60_000 }, () => {
  const TAGGED = ["V;PST\tspielen\tspielte", "V;PRS\tspielen\tspielt", "\tHaus\tHaus"];
  const COLUMNS = ["--columns", "2,3", "--features", "1"];
  beforeAll(() => train("tagged", TAGGED, ...COLUMNS));

  it("are learnt from the column that is named", () => {
    expect(load("tagged").featureVocabulary?.symbols.slice(4)).toEqual(["V", "PST", "PRS"]);
  });

  it("stand behind a tab where a model is asked, or are left out", async () => {
    const lines = ["spielen\tV;PST", "spielen", "spielen\t", "", "spielen\tV;FUT"];
    const run = await at(["predict", "tagged", "--jsonl", "--attention"], `${lines.join("\n")}\n`);
    const answers = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const letters = [..."spielen"];
    expect(answers.map(({ sourceSymbols }) => sourceSymbols)).toEqual([
      ["V", "PST", ...letters],
      letters,
      letters,
      [],
      ["V", "FUT", ...letters],
    ]);
    expect(answers.map(({ unknownSymbols }) => unknownSymbols)).toEqual([[], [], [], [], ["FUT"]]);
    expect(run.stderr).toMatch(/line 5 has "FUT", which the model has never seen/);
    expect(run.code).toBe(0);
  });

  it("are measured with, and shown", async () => {
    const measured = await at(["evaluate", "tagged", "tagged.tsv", ...COLUMNS]);
    expect(measured.stderr).toBe("");
    expect(measured.stdout).toMatch(/^pairs +3\n/);
    const without = await at(["evaluate", "tagged", "tagged.tsv", "--columns", "2,3"]);
    expect(without.stderr).toMatch(/^heed: warning: the model reads features; --features says/);
    expect(without.code).toBe(0);
    const shown = await at(["show", "tagged", "spielen\tV;PST"]);
    expect(shown.stdout).toMatch(/PST/);
    expect(shown.code).toBe(0);
  });

  it("of a line that has no such column are missed, with file and line", async () => {
    writeFileSync(join(folder, "short.tsv"), "a\tb\tV\na\tb\n");
    const run = await at(["train", "short.tsv", "--out", "refused", "--features", "3"]);
    expect(run.stderr).toMatch(/^heed: short\.tsv, line 2: expected a column 3, got 2 columns/);
    expect(run.code).toBe(1);
  });
});
