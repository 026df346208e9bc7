import { countThreads } from "../contenders.ts";
import { against } from "../goals.ts";
import type { Goal } from "../model-goals.ts";
import type { Results } from "../results.ts";
import { medianRatio } from "../statistics.ts";
import type { AccuracyRun, CallRun, MemoryRun } from "./results.ts";
import {
  errorRatios,
  heedIn,
  JUDGED,
  megabytesBeside,
  microsecondsPerQuery,
  roundsOf,
} from "./tables.ts";

/** Everything that was measured of the family; null what was not. */
export interface FamilyRuns {
  readonly heads: Results | null;
  readonly causal: Results | null;
  readonly costs: CallRun | null;
  readonly window: CallRun | null;
  readonly decoding: CallRun | null;
  readonly memory: MemoryRun | null;
  readonly accuracy: AccuracyRun | null;
}

/** What was to be reached, and what came of it. */
export function familyGoals({
  heads,
  causal,
  costs,
  window,
  memory,
  accuracy,
}: FamilyRuns): Goal[] {
  return [
    ...peerGoals([heads, causal].filter((results) => results !== null)),
    ...(costs === null ? [] : causalGoals(costs)),
    ...(window === null ? [] : windowGoals(window)),
    ...(memory === null ? [] : [memoryGoal(memory)]),
    ...(accuracy === null ? [] : [accuracyGoal(accuracy)]),
  ];
}

/** Of two runs, one of which is of causal calls. */
function peerGoals(runs: readonly Results[]): Goal[] {
  const [first] = runs;
  if (first === undefined) return [];
  const results = { ...first, attention: runs.flatMap(({ attention }) => attention) };
  const calls = [...new Set(results.attention.map(({ shape }) => shape))];
  const targets = Object.fromEntries(calls.map((call) => [call, 1]));
  return ["PyTorch", "onnxruntime-node", "jax-js"].map((peer) => {
    const goal = against(results, peer, "native", targets);
    return { ...goal, goal: `8 heads of 64, N 8, T 512: ${goal.goal}` };
  });
}

function causalGoals(run: CallRun): Goal[] {
  return heedIn(run).map(({ name, who }) => ({
    goal: `causal against all keys, forward + backward, ${who.variant}`,
    bound: "at most",
    unit: " ×",
    parts: ["E", "G"].flatMap((group) =>
      ["", ", weights kept"].map((kept) => {
        const rounds = (call: string): readonly number[] => roundsOf(run, name, group, call + kept);
        const measured = medianRatio(rounds("causal"), rounds("full"));
        return { label: kept === "" ? group : `${group} with weights`, target: 0.6, measured };
      }),
    ),
  }));
}

function windowGoals(run: CallRun): Goal[] {
  return heedIn(run).map(({ name, who }) => {
    const [first, last] = ["1024", "16384"].map((T) =>
      microsecondsPerQuery(run, name, T, "window"),
    );
    const measured = (last ?? Number.NaN) / (first ?? Number.NaN);
    return {
      goal: `a window of 256 keys, time per query at T 16384 against T 1024, ${who.variant}`,
      bound: "at most",
      unit: " ×",
      parts: [{ label: "", target: 1.2, measured }],
    };
  });
}

function memoryGoal({ devices }: MemoryRun): Goal {
  return {
    goal: "T 16384, forward + backward: memory beside the tensors",
    bound: "at most",
    unit: " MB",
    parts: devices.map((each) => ({
      label: `${each.device} (${countThreads(each.threads)})`,
      target: 64,
      // Less than the tensors alone is chance: there is no less than nothing.
      measured: Math.max(0, megabytesBeside(each)),
    })),
  };
}

function accuracyGoal(run: AccuracyRun): Goal {
  return {
    goal: "largest error over PyTorch's, anywhere",
    bound: "at most",
    unit: " ×",
    parts: JUDGED.map((who) => ({
      label: who.replace("heed ", ""),
      target: 1,
      // To two digits, as the table has it.
      measured:
        Math.round(100 * Math.max(...errorRatios(run, who).map(({ ratio }) => ratio))) / 100,
    })),
  };
}
