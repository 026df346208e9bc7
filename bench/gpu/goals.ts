import type { Goal } from "../model-goals.ts";
import { median } from "../statistics.ts";
import { ratesOf } from "./arithmetic.ts";
import type { GpuResults, GpuRow, TorchTime } from "./results.ts";
import type { GpuSize } from "./sizes.ts";

/** Where something is held against the peak, and the share of it that is to be reached, in percent. */
const SHARES: readonly {
  readonly goal: string;
  readonly target: number;
  readonly about: (size: GpuSize) => boolean;
}[] = [
  {
    goal: "matrix product, 4096³, of the float32 peak",
    target: 50,
    about: (size) =>
      size.part === "matmul" && size.size === 4096 && !size.transposeA && !size.transposeB,
  },
  {
    goal: "attention forward, T 4096, head size 64, of the float32 peak",
    target: 35,
    about: (size) => isGoalAttention(size) && !size.backward,
  },
  {
    goal: "attention forward + backward, T 4096, head size 64, of the float32 peak",
    target: 25,
    about: (size) => isGoalAttention(size) && size.backward,
  },
];

function isGoalAttention(size: GpuSize): size is GpuSize & { readonly part: "attention" } {
  return size.part === "attention" && size.steps === 4096 && size.size === 64;
}

/** What heed on a GPU is to reach, and what it did; NaN where it was not measured. */
export function gpuGoals({ rows, peaks }: Pick<GpuResults, "rows" | "peaks">): Goal[] {
  const shares = SHARES.map(({ goal, target, about }): Goal => {
    const row = rows.find(({ size }) => about(size));
    const measured = row === undefined ? Number.NaN : 100 * shareOf(row, peaks);
    return { goal, bound: "at least", unit: " %", parts: [{ label: "", target, measured }] };
  });
  const step = rows.find(({ size }) => size.part === "training" && size.hidden === 1024);
  const measured = step === undefined ? Number.NaN : timesPyTorch(step);
  return [
    ...shares,
    {
      goal: "training step, H 1024, against PyTorch eager",
      bound: "at least",
      unit: " ×",
      parts: [{ label: "", target: 1, measured }],
    },
  ];
}

function shareOf(row: GpuRow, peaks: GpuResults["peaks"]): number {
  return ratesOf(row, median(row.rounds), peaks).ofPeak;
}

/** PyTorch's best time / heed's: above 1 where heed is faster; NaN where either is not known. */
export function timesPyTorch({ rounds, torch }: Pick<GpuRow, "rounds" | "torch">): number {
  const times = torch.map(millisecondsOf).filter((each) => Number.isFinite(each));
  return times.length > 0 ? Math.min(...times) / median(rounds) : Number.NaN;
}

/** The median of its rounds; NaN where it failed. */
export function millisecondsOf({ rounds }: TorchTime): number {
  return median(rounds);
}
