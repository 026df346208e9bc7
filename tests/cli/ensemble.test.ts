import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { ending, heed, startHeed, temporaryFolder } from "./run-heed.ts";

const SMALL = "--hidden 8 --embedding 4 --batch 4 --dropout 0.1 --threads 2";

/** A call starts three processes, each of which takes seconds to start where cores are few. */
const LONG = 120_000;

describe("heed train --ensemble", () => {
  let folder = "";
  beforeEach(() => {
    folder = temporaryFolder();
    const letters = [..."abcdef"];
    const pairs = letters.flatMap((a) => letters.map((b) => `${a}${b}\t${b}${a}\n`));
    writeFileSync(join(folder, "pairs.tsv"), pairs.join(""));
  });
  const at = (words: string): ReturnType<typeof heed> => heed(words.split(" "), { cwd: folder });
  const bytes = (name: string): string => readFileSync(join(folder, name)).toString("latin1");

  it(
    "trains one model per seed, as it would be alone, and measures all on the same pairs",
    async () => {
      const run = await at(`train pairs.tsv ${SMALL} --epochs 4 --seed 7 --ensemble 3`);
      expect(run.stderr).toMatch(
        /^32 pairs to learn from, 4 to measure on; 3 models, 2 at a time\n/,
      );
      for (const seed of [7, 8, 9]) expect(run.stderr).toContain(`seed-${seed}: epoch 4/4 `);
      const lines = run.stdout.trimEnd().split("\n");
      for (const i of [1, 2, 3]) {
        expect(lines[i - 1]).toMatch(
          new RegExp(
            `^model\\.${i}\\.safetensors: exact match [\\d.]+ %, symbol errors [\\d.]+ %$`,
          ),
        );
      }
      expect(lines.slice(3)).toEqual([
        expect.stringMatching(/^all 3 together: exact match [\d.]+ %, symbol errors [\d.]+ %$/),
      ]);
      expect(run.code).toBe(0);
      expect(readdirSync(join(folder, "model.run")).sort()).toEqual([
        "ensemble.json",
        "seed-7",
        "seed-8",
        "seed-9",
      ]);
      const alone = `--epochs 4 --seed 8 --split-seed 7 --out alone.safetensors --quiet`;
      await at(`train pairs.tsv ${SMALL} ${alone}`);
      expect(bytes("model.2.safetensors")).toBe(bytes("alone.safetensors"));
      expect(bytes("model.1.safetensors")).not.toBe(bytes("model.2.safetensors"));
    },
    LONG,
  );

  it(
    "stops all at Ctrl-C, and goes on with all by --resume, to the same models",
    async () => {
      const words = `train pairs.tsv ${SMALL} --epochs 20`;
      const child = startHeed(`${words} --ensemble 3 --out s.safetensors`.split(" "), {
        cwd: folder,
      });
      const end = ending(child);
      child.stderr.on("data", (text) => {
        if (String(text).includes("seed-1: epoch 2/")) child.kill("SIGINT");
      });
      const stopped = await end;
      expect(stopped.stderr).toMatch(/heed: interrupted; heed train --resume s\.run goes on\n$/);
      expect([stopped.stdout, stopped.code]).toEqual(["", 130]);
      expect(existsSync(join(folder, "s.3.safetensors"))).toBe(false);

      const resumed = await at("train --resume s.run");
      expect(resumed.stdout).toMatch(/^s\.1\.safetensors: exact .*\ns\.2\..*\ns\.3\..*\n/);
      expect(resumed.code).toBe(0);
      await at(`${words} --seed 1 --split-seed 0 --out alone.safetensors --quiet`);
      expect(bytes("s.2.safetensors")).toBe(bytes("alone.safetensors"));
    },
    LONG,
  );

  it(
    "names the models that fail, keeps the others, and fails",
    async () => {
      mkdirSync(join(folder, "model.2.safetensors"));
      const refused = await at(`train pairs.tsv ${SMALL} --epochs 1 --ensemble 2`);
      expect(refused.stderr).toMatch(/^heed: --out model\.2\.safetensors: .*a directory/);
      expect(refused.code).toBe(2);

      const run = await at(`train pairs.tsv ${SMALL} --rate 1e38 --epochs 1 --ensemble 2 --out m`);
      expect(run.stderr).toMatch(/^heed: seed-0: step \d+ of training: expected a finite loss/m);
      expect(run.stderr).toMatch(
        /heed: 2 models: expected all .*, got 2 that failed, seed-0: step \d+[^\n]*\n$/,
      );
      expect([run.stdout, run.code]).toEqual(["", 1]);
    },
    LONG,
  );

  it.each<[name: string, words: string, code: number, message: RegExp]>([
    [
      "an ensemble of one",
      "train pairs.tsv --ensemble 1",
      2,
      /--ensemble: expected a whole number from 2/,
    ],
    [
      "one in a folder with other files",
      "train pairs.tsv --ensemble 2 --run .",
      2,
      /--run \.: .*other files/,
    ],
    ["flags when it goes on", "train --resume e --hidden 3", 2, /--resume e: .*got --hidden/],
    [
      "a description that is damaged",
      "train --resume e",
      1,
      /ensemble\.json: expected the description of an ensemble/,
    ],
  ])("refuses %s", async (_name, words, code, message) => {
    mkdirSync(join(folder, "e"));
    writeFileSync(
      join(folder, "e", "ensemble.json"),
      '{"format":"heed.ensemble","version":1,"members":[3]}',
    );
    const run = await at(words);
    expect(run.stderr).toMatch(/^heed: [^\n]+\n$/);
    expect(run.stderr).toMatch(message);
    expect([run.stdout, run.code]).toEqual(["", code]);
  });
});
