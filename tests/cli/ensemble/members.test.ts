import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createEnsemble,
  isEnsemble,
  type Member,
  memberPath,
  memberRun,
  readEnsemble,
} from "../../../src/cli/ensemble/members.ts";
import { UsageError } from "../../../src/cli/errors.ts";
import { CheckpointError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../run-heed.ts";

const members = (...seeds: number[]): Member[] =>
  seeds.map((seed) => ({ name: `seed-${seed}`, out: `/m.${seed}`, words: ["a.tsv", "--seed"] }));

/** The run of a member that ended so, or is under way. */
function run(folder: string, seed: number, ended: string | null): void {
  const file = { path: "/a.tsv", bytes: 1, sha256: "00" };
  const fields = {
    pairs: file,
    dev: null,
    out: "/m",
    flags: {},
    text: {},
    config: {},
    training: {},
    ended,
  };
  const path = join(folder, `seed-${seed}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(
    join(path, "run.json"),
    JSON.stringify({ format: "heed.run", version: 1, ...fields }),
  );
}

describe("the directory of an ensemble", () => {
  it("says what its members are", async () => {
    const folder = join(temporaryFolder(), "model.run");
    expect(await isEnsemble(folder)).toBe(false);
    await createEnsemble(folder, members(3, 4), false);
    expect(await isEnsemble(folder)).toBe(true);
    expect(await readEnsemble(folder)).toEqual(members(3, 4));
    expect(memberRun(folder, members(3)[0]!)).toBe(join(folder, "seed-3"));
  });

  it("takes the place of one whose runs have all come to their end, and clears it away", async () => {
    const folder = temporaryFolder();
    await createEnsemble(folder, members(1, 2, 3), false);
    for (const seed of [1, 2, 3]) run(folder, seed, "finished");
    await createEnsemble(folder, members(1, 2), false);
    expect(readdirSync(folder)).toEqual(["ensemble.json"]);
  });

  it.each([
    ["is under way", 2, null],
    ["has not begun", 9, "finished"],
  ])("does not replace one of which a run %s, unless it is told to", async (_name, seed, ended) => {
    const folder = temporaryFolder();
    await createEnsemble(folder, members(1, 2), false);
    run(folder, 1, "finished");
    run(folder, seed, ended);
    const again = createEnsemble(folder, members(5), false);
    await expect(again).rejects.toThrow(
      /not come to their end; go on with them by heed train --resume /,
    );
    await expect(again).rejects.toThrow(UsageError);
    expect(existsSync(join(folder, "seed-1"))).toBe(true);
    await createEnsemble(folder, members(5), true);
    expect(existsSync(join(folder, "seed-1"))).toBe(false);
    expect(await readEnsemble(folder)).toEqual(members(5));
  });

  it("is made in no folder with other files in it, whatever it is told", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "run.json"), "{}");
    const made = createEnsemble(folder, members(1), true);
    await expect(made).rejects.toThrow(/--run .*one with other files in it; name one/);
    expect(readdirSync(folder)).toEqual(["run.json"]);
    await expect(createEnsemble(join(folder, "no", "run"), members(1), true)).rejects.toThrow(
      /no folder/,
    );
    await expect(createEnsemble(join(folder, "run.json"), members(1), true)).rejects.toThrow(
      /a file/,
    );
  });

  it.each([
    ["no JSON", "{", /text that is no JSON/],
    ["another file", "[]", /another file/],
    ["a later version", '{"format":"heed.ensemble","version":2}', /version 2/],
    ["no members", '{"format":"heed.ensemble","version":1,"members":[]}', /missing or damaged/],
    [
      "a member elsewhere",
      '{"format":"heed.ensemble","version":1,"members":[{"name":"../x","out":"m","words":[]}]}',
      /missing or damaged/,
    ],
  ])("is refused where its description is %s", async (_name, text, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "ensemble.json"), text);
    await expect(readEnsemble(folder)).rejects.toThrow(message);
    await expect(readEnsemble(folder)).rejects.toThrow(CheckpointError);
    expect(readFileSync(join(folder, "ensemble.json"), "utf8")).toBe(text);
  });
});

describe("memberPath", () => {
  it("numbers before the ending", () => {
    expect(memberPath("a.b/m.safetensors", 12)).toBe("a.b/m.12.safetensors");
    expect(memberPath("a.b/m", 2)).toBe("a.b/m.2");
  });
});
