import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { COMMAND } from "../command.ts";
import { heed, temporaryFolder } from "../run-heed.ts";

const PROGRAM = fileURLToPath(new URL("pool-program.ts", import.meta.url));
const SMALL = "--hidden 8 --embedding 4 --batch 2 --threads 1 --quiet";
const LONG = `${SMALL} --epochs 100000`;

type Event = Readonly<Record<string, unknown>>;

/** A pool at work, and what it tells. */
class Pool {
  readonly child: ChildProcessWithoutNullStreams;
  readonly events: Event[] = [];
  readonly #lines: AsyncIterator<string>;

  constructor(folder: string, sideBySide: number, jobs: readonly string[]) {
    const words = ["--import", import.meta.resolve("tsx"), PROGRAM, String(sideBySide), ...jobs];
    this.child = spawn(process.execPath, words, { cwd: folder });
    onTestFinished(() => {
      this.child.kill("SIGKILL");
    });
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until it has told something of which `holds` is true of all so far. */
  async until(holds: (events: readonly Event[]) => boolean): Promise<void> {
    while (!holds(this.events)) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`it ended before: ${JSON.stringify(this.events.at(-1))}`);
      this.events.push(JSON.parse(value) as Event);
    }
  }

  async outcomes(): Promise<{ name: string; ended: string; reason: string | null }[]> {
    await this.until((events) => events.at(-1)?.["outcomes"] !== undefined);
    return this.events.at(-1)?.["outcomes"] as never;
  }

  /** What it exits with. */
  async ending(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return new Promise((resolve) => this.child.on("close", resolve));
  }
}

const hasStepOf =
  (...names: string[]) =>
  (events: readonly Event[]): boolean =>
    names.every((name) => events.some((event) => event["name"] === name && "step" in event));

describe("JobPool", () => {
  let folder = "";
  beforeEach(() => {
    folder = temporaryFolder();
    writeFileSync(join(folder, "pairs.tsv"), "ab\tba\nbc\tcb\ncd\tdc\nde\ted\nef\tfe\n");
  });

  it("runs no more jobs at a time than asked for, and tells how each goes", async () => {
    const job = (n: number): string => `train pairs.tsv ${SMALL} --epochs 3 --out ${n}.safetensors`;
    const pool = new Pool(folder, 2, [1, 2, 3].map(job));
    expect(await pool.outcomes()).toEqual(
      [1, 2, 3].map((n) => ({ name: `job ${n}`, ended: "done", reason: null })),
    );
    expect(await pool.ending()).toBe(0);
    const { events } = pool;
    const evaluated = events.filter((event) => event["evaluated"] === true);
    expect(evaluated.map((event) => event["name"]).sort()).toEqual(
      ["job 1", "job 2", "job 3"].flatMap((name) => [name, name, name]),
    );
    const first = (name: string, key: string): number =>
      events.findIndex((event) => event["name"] === name && key in event);
    const begun = first("job 3", "step");
    expect(Math.min(first("job 1", "ended"), first("job 2", "ended"))).toBeLessThan(begun);
    for (const n of [1, 2, 3]) expect(existsSync(join(folder, `${n}.safetensors`))).toBe(true);
  });

  it("names a job that fails, in its own words, and goes on with the others", async () => {
    const jobs = ["train none.tsv", `train pairs.tsv ${SMALL} --epochs 1`];
    const pool = new Pool(folder, 1, jobs);
    const [failed, done] = await pool.outcomes();
    expect(failed?.ended).toBe("failed");
    expect(failed?.reason).toMatch(/^none\.tsv: .*no such file/);
    expect(done?.ended).toBe("done");
    expect(pool.events[0]).toEqual({ complained: `job 1: ${failed?.reason}` });
    expect(await pool.ending()).toBe(0);
  });

  it("names a job that was killed", async () => {
    const pool = new Pool(folder, 1, [
      `train pairs.tsv ${SMALL} --device reference --epochs 900000`,
    ]);
    await pool.until(hasStepOf("job 1"));
    const [pid] = await childrenOf(pool.child.pid);
    process.kill(pid!, "SIGKILL");
    const [outcome] = await pool.outcomes();
    expect(outcome).toEqual({ name: "job 1", ended: "failed", reason: "was ended by SIGKILL" });
    expect(pool.events).toContainEqual({ complained: "job 1: was ended by SIGKILL" });
  });

  it("has all jobs save and stop when it is interrupted, and begins no more", async () => {
    const jobs = [1, 2, 3].map((n) => `train pairs.tsv ${LONG} --out ${n}.safetensors`);
    const pool = new Pool(folder, 2, jobs);
    await pool.until(hasStepOf("job 1", "job 2"));
    pool.child.kill("SIGINT");
    const outcomes = await pool.outcomes();
    expect(outcomes.map(({ ended }) => ended)).toEqual(["stopped", "stopped", "not begun"]);
    expect(await pool.ending()).toBe(130);
    for (const n of [1, 2]) {
      const { code } = await heed(["predict", `${n}.safetensors`, "ab"], { cwd: folder });
      expect(code).toBe(0);
    }
    expect(existsSync(join(folder, "3.safetensors"))).toBe(false);
  });

  it("stops jobs that have hardly been started, too", async () => {
    const pool = new Pool(folder, 1, [`train pairs.tsv ${LONG}`]);
    while ((await childrenOf(pool.child.pid)).length === 0) await setTimeout(10);
    pool.child.kill("SIGTERM");
    expect((await pool.outcomes())[0]?.ended).toBe("stopped");
    expect(await pool.ending()).toBe(143);
  });

  it("leaves no job behind when it is killed", async () => {
    const pool = new Pool(folder, 1, [`train pairs.tsv ${LONG}`]);
    await pool.until(hasStepOf("job 1"));
    const [pid] = await childrenOf(pool.child.pid);
    pool.child.kill("SIGKILL");
    while (isAlive(pid!)) await setTimeout(50);
    expect(existsSync(join(folder, "model.safetensors"))).toBe(true);
  });
});

async function childrenOf(pid: number | undefined): Promise<number[]> {
  const child = spawn("ps", ["-A", "-o", "pid=,ppid=,args="]);
  const pids: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [, own, parent, words = ""] = /^\s*(\d+)\s+(\d+) (.*)$/.exec(line) ?? [];
    if (Number(parent) === pid && words.includes(COMMAND)) pids.push(Number(own));
  }
  return pids;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
