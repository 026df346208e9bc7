import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Random, readTrainingState } from "../../src/index.ts";
import { ending, startHeed } from "./run-heed.ts";
import { newWorkplace, SMALL, type Workplace } from "./small-training.ts";

/** How many times a process is killed, at least. */
const KILLS = 24;
const FLAGS = `train pairs.tsv ${SMALL.join(" ")} --epochs 25 --average 2 --checkpoint-every 0.01`;

let work: Workplace;
beforeAll(() => {
  work = newWorkplace();
});
afterAll(() => work.remove());

/** The model of a run. */
const model = (name: string): Buffer => readFileSync(join(work.folder, `${name}.safetensors`));

/** Whether the newest checkpoint is whole, where there is one. */
function checkCheckpoints(): boolean {
  const folder = join(work.folder, "killed.run");
  const names = readdirSync(folder).filter((name) => /^checkpoint.*\.safetensors$/.test(name));
  for (const name of names) readTrainingState(readFileSync(join(folder, name)), name);
  return names.length > 0;
}

it("killed at any moment, a run goes on to the same model, to the last byte", async () => {
  expect(await work.at(`${FLAGS} --out straight.safetensors --quiet`)).toMatchObject({ code: 0 });
  const random = new Random(7);
  let kills = 0;
  let killsOfThisRun = 0;
  let withCheckpoint = 0;
  let resuming = false;
  const finished: number[] = [];
  while (kills < KILLS || killsOfThisRun > 0 || finished.length === 0) {
    const words = resuming
      ? "train --resume killed.run"
      : `${FLAGS} --out killed.safetensors --overwrite`;
    const child = startHeed(words.split(" "), { cwd: work.folder });
    const end = ending(child);
    const begun = new Promise<void>((resolve) => child.stderr.once("data", () => resolve()));
    if (kills < KILLS) {
      // Most moments are after training has begun, some before.
      if (random.integer(6) > 0) await Promise.race([begun, end]);
      setTimeout(() => child.kill("SIGKILL"), random.uniform(0, 700));
    }
    const run = await end;
    if (run.signal === "SIGKILL") {
      kills += 1;
      killsOfThisRun += 1;
      const described = readdirSync(work.folder).includes("killed.run");
      // Killed before there was a run to go on with, it is begun again.
      resuming = described && readdirSync(join(work.folder, "killed.run")).includes("run.json");
      if (resuming && checkCheckpoints()) withCheckpoint += 1;
      continue;
    }
    expect(run.stderr).not.toMatch(/heed: /);
    expect(run.code).toBe(0);
    expect(model("killed").equals(model("straight"))).toBe(true);
    const left = readdirSync(join(work.folder, "killed.run")).sort();
    expect(left).toEqual(["best.safetensors", "log.jsonl", "run.json"]);
    finished.push(killsOfThisRun);
    killsOfThisRun = 0;
    resuming = false;
    rmSync(join(work.folder, "killed.safetensors"));
    // A run that is killed before it has a directory must find none to go on with.
    rmSync(join(work.folder, "killed.run"), { recursive: true });
  }
  expect(withCheckpoint).toBeGreaterThan(KILLS / 4);
  expect(finished.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(KILLS);
}, 600_000);
