import type { Results, Who } from "./results.ts";
import { median } from "./statistics.ts";
import { type HeedDevice, heedOn, same } from "./summary.ts";

/** A goal, and what came of it, at one shape or at several. */
export interface Goal {
  readonly goal: string;
  /** Whether a target is the least or the most that will do. */
  readonly bound: "at least" | "at most";
  readonly unit: string;
  readonly parts: readonly {
    readonly label: string;
    readonly target: number;
    /** NaN where it was not measured. */
    readonly measured: number;
  }[];
}

/** The goals that are about a whole model: training, decoding, starting, downloading. */
export function modelGoals(results: Results): Goal[] {
  const step = (device: HeedDevice, threads: number): number =>
    timeOf(results, heedOn(results, device, threads), "training step");
  const most = (goal: string, target: number, unit: string, measured: number): Goal => {
    return { goal, bound: "at most", unit, parts: [{ label: "", target, measured }] };
  };
  const decoding = (device: HeedDevice): number =>
    timeOf(results, heedOn(results, device, 1), "greedy decoding");
  return [
    most("training step, native, 2 threads", 75, " ms", step("native", 2)),
    most("training step, wasm relaxed, 2 threads", 200, " ms", step("wasm relaxed", 2)),
    ...(["native", "wasm relaxed"] as const).map((device): Goal => {
      return {
        goal: `training step, ${device} against PyTorch`,
        bound: "at least",
        unit: " ×",
        parts: [1, 2].map((threads) => ({
          label: threads === 1 ? "1 thread" : `${threads} threads`,
          target: 1,
          measured: bestTraining(results, "PyTorch", threads) / step(device, threads),
        })),
      };
    }),
    most("greedy decoding of a date, native", 2, " ms", decoding("native")),
    most("greedy decoding of a date, wasm", 2, " ms", decoding("wasm")),
    most("import to first result, wasm", 60, " ms", startOf(results, "wasm")),
    most("import to first result, native", 40, " ms", startOf(results, "native")),
    most(
      "download to run a trained model, gzip",
      60,
      " kB",
      (results.download?.gzipped ?? Number.NaN) / 1000,
    ),
  ];
}

function timeOf(results: Results, who: Who | undefined, way: string): number {
  const found = results.training.find((each) => who && same(each.who, who) && each.way === way);
  return median(found?.rounds ?? []);
}

function bestTraining(results: Results, name: string, threads: number): number {
  const times = results.training
    .filter(({ who, rounds }) => who.name === name && who.threads === threads && rounds.length > 0)
    .map(({ rounds }) => median(rounds));
  return times.length > 0 ? Math.min(...times) : Number.NaN;
}

/** In the first of the Nodes, which the run was asked to be about. */
function startOf(results: Results, device: string): number {
  return results.start.find((each) => each.device === device)?.importToResult ?? Number.NaN;
}
