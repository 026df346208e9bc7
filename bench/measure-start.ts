import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { BENCH, CACHE, writeCached } from "./cache.ts";
import { nodeVersion, reasonOf } from "./contenders.ts";
import type { Options } from "./options.ts";
import type { Absent, StartResult } from "./results.ts";
import { median } from "./statistics.ts";

const FOLDER = "stranger";
const PROCESSES = 15;

/** A program of a stranger's: plain JavaScript, heed from node_modules. */
const PROGRAM = `
const begun = performance.now();
const { openDevice, TimeAttention, tensor, useDevice } = await import("heed");
useDevice(await openDevice(process.argv[2]));
const hs = tensor([[[1, 2], [3, 4]]]);
const out = new TimeAttention().forward(hs, hs).toArray();
const done = performance.now();
if (!(Math.abs(out[0][1][1] - 4) < 1e-4)) throw new Error("wrong: " + out);
console.log(JSON.stringify({ importToResult: done - begun, processToResult: done }));
process.exit();
`;

/** A folder whose programs import heed as an installed package; gives its path. */
export function strangersFolder(): string {
  const folder = join(CACHE, FOLDER);
  const link = join(folder, "node_modules/heed");
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(dirname(BENCH), link, "dir");
  return folder;
}

/** Import to first result, and process start to first result, in fresh processes. */
export function measureStart(options: Options, absent: Absent[]): StartResult[] {
  strangersFolder();
  const program = writeCached(`${FOLDER}/start.mjs`, PROGRAM);
  const results: StartResult[] = [];
  for (const node of [options.node, ...options.alsoNode]) {
    const version = nodeVersion(node);
    for (const device of ["native", "wasm"]) {
      const runs: { importToResult: number; processToResult: number }[] = [];
      let failure = "";
      for (let i = 0; i < PROCESSES && failure === ""; i++) {
        const { status, stdout, stderr } = spawnSync(node, [program, device], { encoding: "utf8" });
        if (status === 0) runs.push(JSON.parse(stdout) as (typeof runs)[number]);
        else
          failure = stderr.split("\n").find((line) => /Error/.test(line)) ?? `exit code ${status}`;
      }
      if (failure !== "") {
        absent.push({
          name: `start of heed ${device} (Node ${version})`,
          reason: reasonOf(failure),
        });
        continue;
      }
      const importToResult = median(runs.map((run) => run.importToResult));
      const processToResult = median(runs.map((run) => run.processToResult));
      results.push({ device, node: version, importToResult, processToResult });
    }
  }
  return results;
}
