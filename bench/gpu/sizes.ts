import { DATE } from "../date-shape.ts";

/** A product of two square matrices, either of which may lie transposed. */
export interface MatmulSize {
  readonly part: "matmul";
  readonly size: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Scaled dot products of all queries with all keys, batch 1. */
export interface AttentionSize {
  readonly part: "attention";
  readonly steps: number;
  readonly heads: number;
  /** Of one head. */
  readonly size: number;
  /** Whether the three gradients are computed too. */
  readonly backward: boolean;
}

/** A training step of the date model with states of so many numbers. */
export interface TrainingSize {
  readonly part: "training";
  readonly hidden: number;
}

/** Something that heed and PyTorch are both timed at. */
export type GpuSize = MatmulSize | AttentionSize | TrainingSize;

/** All sizes; those that goals are about and a few more; or such as a processor can do in seconds. */
export type Scale = "full" | "quick" | "tiny";

/** Queries of all heads together: so many that every length is enough work for a large GPU. */
const ROWS = 32768;

const MATMUL: Readonly<Record<Scale, readonly number[]>> = {
  full: [256, 512, 1024, 2048, 4096],
  quick: [1024, 4096],
  tiny: [64, 100],
};

const STEPS: Readonly<Record<Scale, readonly number[]>> = {
  full: [256, 512, 1024, 2048, 4096, 8192, 16384],
  quick: [1024, 4096],
  tiny: [32, 80],
};

const HEAD_SIZES: Readonly<Record<Scale, readonly number[]>> = {
  full: [64, 128],
  quick: [64],
  tiny: [16],
};

const HIDDEN: Readonly<Record<Scale, readonly number[]>> = {
  full: [256, 512, 1024],
  quick: [1024],
  tiny: [16],
};

/** Products as layers have them: forward, and the gradients of either side. */
const FORMS = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
] as const;

/** Every size of every part. */
export function sizesOf(scale: Scale): GpuSize[] {
  const forms = scale === "quick" ? FORMS.slice(0, 1) : FORMS;
  const rows = scale === "tiny" ? 64 : ROWS;
  return [
    ...MATMUL[scale].flatMap((size) =>
      forms.map((form): GpuSize => ({ part: "matmul", size, ...form })),
    ),
    ...HEAD_SIZES[scale].flatMap((size) =>
      [false, true].flatMap((backward) =>
        STEPS[scale].map((steps): GpuSize => {
          const heads = Math.max(1, Math.floor(rows / steps));
          return { part: "attention", steps, heads, size, backward };
        }),
      ),
    ),
    ...HIDDEN[scale].map((hidden): GpuSize => ({ part: "training", hidden })),
  ];
}

/** "4096³, b transposed"; "T 4096, 8 heads of 64, forward + backward"; "H 1024". */
export function nameOfSize(size: GpuSize): string {
  switch (size.part) {
    case "matmul": {
      const sides = [size.transposeA ? "a" : "", size.transposeB ? "b" : ""].filter(Boolean);
      return `${size.size}³${sides.map((side) => `, ${side} transposed`).join("")}`;
    }
    case "attention": {
      const heads = `${size.heads} ${size.heads === 1 ? "head" : "heads"} of ${size.size}`;
      return `T ${size.steps}, ${heads}, forward${size.backward ? " + backward" : ""}`;
    }
    case "training":
      return `H ${size.hidden}, batch ${DATE.batch}`;
  }
}
