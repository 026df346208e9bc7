import { parseArgs } from "node:util";

/** Parts of the benchmark, in the order in which they run. */
export const PARTS = ["matmul", "attention", "training"] as const;

/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number];

/** What to run on the GPU, from the command line. */
export interface GpuOptions {
  /** Whether to measure only the sizes that goals are about and a few beside them. */
  readonly quick: boolean;
  readonly only: readonly Part[];
  /** The Python whose PyTorch takes part; null: none does. */
  readonly python: string | null;
  readonly json: string | null;
  /** Whether an adapter that computes on the processor will do, at tiny sizes. */
  readonly software: boolean;
  /** Whether heed's attention multiplies float16 numbers in its forward pass. */
  readonly float16: boolean;
}

export const GPU_USAGE = `options:
  --quick             the sizes that goals are about and a few more: about a minute
  --only matmul       parts to run, of ${PARTS.join(",")} (default: all)
  --python PYTHON     a Python with torch for the same GPU, and numpy: PyTorch takes part
  --json FILE         write the results there (default: bench/.cache/gpu.json)
  --float16           opens heed's device with float16, which is for attention's forward pass
  --software          accept an adapter that computes on the processor, at tiny sizes:
                      tries the benchmark itself, and says nothing of heed`;

/** @throws TypeError for an option or a part that does not exist */
export function readGpuOptions(args: readonly string[]): GpuOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: PARTS.join(",") },
      python: { type: "string" },
      json: { type: "string" },
      software: { type: "boolean", default: false },
      float16: { type: "boolean", default: false },
    },
  });
  const named = values.only.split(",").filter((each) => each !== "");
  for (const name of named) {
    if (!isPart(name)) throw new TypeError(`no part ${name}: --only takes ${PARTS.join(", ")}`);
  }
  if (named.length === 0) throw new TypeError(`--only takes some of ${PARTS.join(", ")}`);
  return {
    quick: values.quick,
    only: PARTS.filter((part) => named.includes(part)),
    python: values.python ?? null,
    json: values.json ?? null,
    software: values.software,
    float16: values.float16,
  };
}

function isPart(name: string): name is Part {
  return PARTS.some((part) => part === name);
}
