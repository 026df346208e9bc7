/**
 * How time and memory of TimeAttention's forward and backward pass grow: one dimension at a time, each
 * point in a fresh process. Writes results/sweep.json; report.ts makes the tables and plots of it.
 *
 *     npm run sweep --prefix bench [-- --node PATH --only native --seconds 0.5]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENCH } from "./cache.ts";
import { Child } from "./child.ts";
import { nodeCommand, nodeVersion } from "./contenders.ts";
import { formatJson } from "./json.ts";
import { dayAndMachine } from "./machine.ts";
import { readOptions } from "./options.ts";
import type { Sweep, SweepPoint } from "./results.ts";
import { operations } from "./shapes.ts";
import { median } from "./statistics.ts";
import { DIMENSIONS, type Dimension } from "./sweep-dimensions.ts";

/** Arguments of contenders/heed.ts before and after the number of threads. */
const DEVICES = [
  { name: "native", simd: [] },
  { name: "wasm", simd: ["relaxed"] },
  { name: "wasm", simd: ["simd128"] },
];

/** Sizes that take next to no time and memory. */
const SMALL = [1, 16, 16, 16];

/** Slices per point, of which the median counts. */
const SLICES = 3;

async function measurePoints(
  node: string,
  { name, simd }: (typeof DEVICES)[number],
  dimension: Dimension,
  value: number,
  seconds: number,
): Promise<SweepPoint[]> {
  const sizes = dimension.sizes(value);
  const threads = dimension.threads(value);
  const points: SweepPoint[] = [];
  for (const way of ["weights kept", "weights not kept"]) {
    const command = nodeCommand(node, "heed.ts", [name, String(threads), ...simd]);
    const child = await Child.start(command);
    try {
      // What an engine compiles, it compiles on a small task: then memory is that of the task itself.
      await child.ask({ do: "attention", sizes: SMALL });
      await child.ask({ do: "time", way: "weights kept", seconds: 0.2 });
      await child.ask({ do: "release" });
      const before = await child.ask({ do: "memory", anew: true });
      const { ways } = await child.ask({ do: "attention", sizes, only: way });
      const [made] = ways as { failed?: string }[];
      if (made === undefined) continue; // too few weights for the question to arise
      if (made.failed !== undefined) throw new Error(made.failed);
      const times: number[] = [];
      while (times.length < SLICES) {
        times.push(Number((await child.ask({ do: "time", way, seconds }))["milliseconds"]));
      }
      const milliseconds = median(times);
      const { peak } = await child.ask({ do: "memory" });
      points.push({
        dimension: dimension.name,
        device: [name, ...simd].join(" "),
        way,
        value,
        milliseconds,
        gflops: operations(sizes) / milliseconds / 1e6,
        megabytes: (Number(peak) - Number(before["rss"])) / 1e6,
      });
    } finally {
      child.close();
    }
  }
  return points;
}

async function main(): Promise<Sweep> {
  const { node, only, seconds } = readOptions(process.argv.slice(2));
  const points: SweepPoint[] = [];
  for (const device of DEVICES) {
    const name = [device.name, ...device.simd].join(" ");
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    try {
      for (const dimension of DIMENSIONS) {
        for (const value of dimension.values) {
          points.push(...(await measurePoints(node, device, dimension, value, seconds)));
        }
        process.stderr.write(`${name}, ${dimension.title}\n`);
      }
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    }
  }
  return {
    ...dayAndMachine(),
    node: nodeVersion(node),
    command: "npm run sweep --prefix bench",
    points,
  };
}

writeFileSync(join(BENCH, "results/sweep.json"), formatJson(await main()));
