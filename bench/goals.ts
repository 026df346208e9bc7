import { type Goal, modelGoals } from "./model-goals.ts";
import type { Results, Who } from "./results.ts";
import { SHAPE_NAMES, type ShapeName } from "./shapes.ts";
import { median, medianRatio } from "./statistics.ts";
import {
  bestOf,
  everybody,
  gflops,
  type HeedDevice,
  heedOn,
  shareOfCeiling,
  timesHeed,
} from "./summary.ts";
import { formatNumber, type Table } from "./tables.ts";

/** Every goal as a line: what was to be reached, what was, and how near that is. */
export function goalTable(results: Results): Table {
  return goalLines([
    ...nativeGoals(results),
    ...wasmGoals(results),
    ...peerGoals(results),
    ...modelGoals(results),
  ]);
}

/** Goals as lines of a table. */
export function goalLines(goals: readonly Goal[]): Table {
  return { head: ["goal", "target", "measured", "reached"], rows: goals.map(line) };
}

function line({ goal, bound, unit, parts }: Goal): string[] {
  const sign = bound === "at least" ? "≥" : "≤";
  const each = (value: (part: Goal["parts"][number]) => string): string =>
    parts.map((part) => `${part.label} ${value(part)}`.trim()).join(", ");
  const nearness = ({ measured, target }: Goal["parts"][number]): number =>
    bound === "at least" ? measured / target : target / measured;
  const missed = parts.filter((part) => nearness(part) < 1);
  const known = parts.filter(({ measured }) => Number.isFinite(measured));
  const reached =
    missed.length > 0
      ? `no:${missed.map((part) => ` ${part.label} ${(100 * nearness(part)).toFixed(0)} %`.replace("  ", " ")).join(",")}`
      : known.length === parts.length
        ? "yes"
        : "as far as measured";
  const targets = new Set(parts.map(({ target }) => target));
  const target = targets.size > 1 ? each((part) => String(part.target)) : String(parts[0]?.target);
  return [
    goal,
    `${sign} ${target}${unit}`,
    known.length > 0 ? `${each(({ measured }) => formatNumber(measured))}${unit}` : "not measured",
    known.length > 0 ? reached : "–",
  ];
}

function nativeGoals(results: Results): Goal[] {
  const one = heedOn(results, "native", 1);
  const two = heedOn(results, "native", 2);
  const rates = Object.entries({ A: 40, B: 55, C: 65, D: 85, E: 100, G: 80 });
  return [
    {
      goal: "native, 1 thread",
      bound: "at least",
      unit: " GFLOP/s",
      parts: rates.map(([label, target]) => {
        const best = one && bestOf(results, one, label);
        const measured = best ? gflops(label, median(best.rounds)) : Number.NaN;
        return { label, target, measured };
      }),
    },
    {
      goal: "native, 1 thread, of the fused ceiling",
      bound: "at least",
      unit: " %",
      parts: (["D", "E"] as const).map((label) => {
        const measured = one ? 100 * shareOfCeiling(results, one, label) : Number.NaN;
        return { label, target: 60, measured };
      }),
    },
    {
      goal: "native, 2 threads against 1",
      bound: "at least",
      unit: " ×",
      parts: (["A", "C", "D", "E", "G"] as const).map((label) => {
        const slow = one && bestOf(results, one, label);
        const fast = two && bestOf(results, two, label);
        const measured = slow && fast ? medianRatio(slow.rounds, fast.rounds) : Number.NaN;
        return { label, target: 1.8, measured };
      }),
    },
  ];
}

function wasmGoals(results: Results): Goal[] {
  const shares = (device: HeedDevice, targets: Partial<Record<ShapeName, number>>): Goal => {
    const heed = heedOn(results, device, 1);
    return {
      goal: `${device}${nodeOf(heed)}, 1 thread, of its ceiling`,
      bound: "at least",
      unit: " %",
      parts: Object.entries(targets).map(([label, target]) => {
        const share = heed ? shareOfCeiling(results, heed, label) : Number.NaN;
        return { label, target, measured: 100 * share };
      }),
    };
  };
  const step = (device: HeedDevice): Goal => {
    const heed = heedOn(results, device, 1);
    const best = heed && bestOf(results, heed, "F");
    const measured = best ? 1000 * median(best.rounds) : Number.NaN;
    return {
      goal: `one decoding step (F), ${device}${nodeOf(heed)}`,
      bound: "at most",
      unit: " µs",
      parts: [{ label: "", target: 6, measured }],
    };
  };
  return [
    shares("wasm relaxed", { A: 55, B: 70, C: 70, D: 80, E: 80 }),
    shares("wasm simd128", { A: 60, B: 60, C: 60, D: 60, E: 60 }),
    step("wasm"),
    step("native"),
  ];
}

/** At every shape, the least of the ratios over the thread counts that both were measured with. */
export function against(
  results: Results,
  name: string,
  device: "native" | "wasm",
  targets: Readonly<Record<string, number>>,
  { called = name, wanted = (_: string): boolean => true } = {},
): Goal {
  const theirs = everybody(results).filter((who) => who.name === name);
  return {
    goal: `${device} against ${called}, same threads`,
    bound: "at least",
    unit: " ×",
    parts: Object.entries(targets).map(([label, target]) => {
      const ratios = theirs
        .map((who) => timesHeed(results, who, label, device, wanted))
        .filter((ratio) => Number.isFinite(ratio));
      return { label, target, measured: ratios.length > 0 ? Math.min(...ratios) : Number.NaN };
    }),
  };
}

function peerGoals(results: Results): Goal[] {
  const all = (target: number): Partial<Record<ShapeName, number>> =>
    Object.fromEntries(SHAPE_NAMES.map((shape) => [shape, target]));
  const half = { ...all(1), A: 1.5, C: 1.5, D: 1.5, E: 1.5 };
  const differentiating = { ...all(2.5), A: 15, C: 10 };
  const notebook = {
    called: "the notebook's numpy code",
    wanted: (way: string) => way === "the notebook",
  };
  return [
    against(results, "PyTorch", "native", all(1)),
    against(results, "PyTorch", "wasm", { A: 1, B: 1 }),
    against(results, "onnxruntime-node", "native", half),
    against(results, "onnxruntime-web", "wasm", all(1.5)),
    // The goals are about gradients that these two derive; beside them, those derived for them.
    ...["jax-js", "TensorFlow.js wasm"].flatMap((name) => {
      const own = {
        called: `${name}'s gradients`,
        wanted: (way: string) => !way.includes("by hand"),
      };
      const given = {
        called: `${name} with gradients by hand`,
        wanted: (way: string) => way.includes("by hand"),
      };
      return [own, given].map((ways) => against(results, name, "wasm", differentiating, ways));
    }),
    against(results, "numpy", "native", { A: 80 }, notebook),
    against(results, "numpy", "wasm", { A: 40 }, notebook),
  ];
}

function nodeOf(who: Who | undefined): string {
  return who === undefined || who.node === null ? "" : ` (Node ${who.node})`;
}
