import {
  changed,
  FORWARD,
  input,
  inputInts,
  integers,
  type KernelCase,
  kernelCase,
  type LengthsKind,
  largest,
  lengthsOf,
  normals,
  poisonPadding,
  scratch,
  seeded,
  withValues,
} from "../case.ts";

export interface LstmStatesOptions {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  /** Rows of the table that the steps' inputs are chosen from; 0: every step has its own. */
  readonly rows?: number;
  readonly lengths?: LengthsKind;
  readonly initial?: "both" | "h" | "c" | "none";
  readonly reverse?: boolean;
  /** Columns of the outputs before those of the states, and behind them. */
  readonly before?: number;
  readonly behind?: number;
  /** Whether the states of all steps are wanted. */
  readonly all?: boolean;
  readonly seed?: number;
  readonly scale?: number;
  readonly valuesOfInputs?: Record<number, number>;
  readonly special?: string;
}

export function lstmStatesCase(options: LstmStatesOptions): KernelCase {
  const { batch, steps, hidden, rows = 0, lengths = "null", initial = "both" } = options;
  const { reverse = false, before = 0, behind = 0, all = true, scale = 1, special = "" } = options;
  const random = seeded(options.seed ?? batch * 1013 + steps * 37 + hidden * 5 + rows);
  const drawn = normals(random, (rows === 0 ? batch * steps : rows) * 4 * hidden, scale);
  const inputs = withValues(drawn, options.valuesOfInputs ?? {});
  const wh = normals(random, 4 * hidden * hidden, 1 / Math.sqrt(Math.max(hidden, 1)));
  const [h0, c0] = [normals(random, batch * hidden, scale / 2), normals(random, batch * hidden)];
  const counts = lengthsOf(lengths, batch, steps);
  const ids = integers(random, batch * steps, Math.max(rows, 1));
  // Behind a length, neither what came in nor which row it was is anybody's business.
  if (rows === 0) poisonPadding(inputs, counts, steps, 4 * hidden);
  for (let i = 0; i < ids.length; i++) {
    if (i % steps >= counts[Math.floor(i / steps)]!) ids[i] = -1;
  }
  const width = before + hidden + behind;
  const size = Math.max(1, largest(h0), largest(c0)) * Math.sqrt(batch * hidden);
  const outputs = (count: number) => changed(normals(random, count * width));
  const source = rows === 0 ? "inputs" : `${rows} rows`;
  const way = `${reverse ? ", reversed" : ""}${all ? "" : ", the last alone"}`;
  const shape = `N ${batch}, T ${steps}, H ${hidden} of ${before} + ${hidden} + ${behind}`;
  return kernelCase({
    name: `lstmStates: ${shape}, ${source}, lengths ${lengths}, states given: ${initial}${way}${special}`,
    floats: {
      inputs: input(inputs),
      wh: input(wh),
      h0: input(h0),
      c0: input(c0),
      hs: outputs(batch * steps),
      hLast: outputs(batch),
      cLast: outputs(batch),
      sums: scratch(batch * 4 * hidden),
    },
    ints: { ids: inputInts(ids), lengths: inputInts(counts) },
    tolerance: FORWARD,
    terms: { hs: size, hLast: size, cLast: size },
    call: (kernels, f, i) =>
      kernels.lstmStates(
        f.inputs,
        rows === 0 ? null : i.ids,
        f.wh,
        initial === "both" || initial === "h" ? f.h0 : null,
        initial === "both" || initial === "c" ? f.c0 : null,
        lengths === "null" ? null : i.lengths,
        all ? f.hs : null,
        f.hLast,
        f.cLast,
        f.sums,
        batch,
        steps,
        hidden,
        width,
        before,
        reverse,
      ),
  });
}

/** batch, steps, hidden, rows */
const SHAPES = [
  [0, 3, 4, 2],
  [3, 0, 4, 2],
  [2, 3, 0, 2],
  [1, 1, 1, 1],
  [3, 4, 1, 5],
  [5, 3, 4, 3],
  [4, 1, 5, 33],
  [5, 4, 17, 4],
  [3, 5, 33, 9],
  [2, 3, 65, 4],
  // Beyond the sequences that a kernel steps together.
  [197, 3, 3, 17],
] as const;

export function lstmStatesCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const push = (options: LstmStatesOptions) => {
    cases.push(lstmStatesCase(options));
  };
  for (const [batch, steps, hidden, rows] of SHAPES) {
    const shape = { batch, steps, hidden };
    for (const lengths of ["null", "full", "mixed", "zero"] as const) {
      push({ ...shape, lengths });
      push({ ...shape, rows, lengths, initial: "none", before: 3 });
      push({ ...shape, rows, lengths, reverse: true, behind: 5 });
      push({ ...shape, rows, lengths, initial: "none", all: false, reverse: true });
    }
  }
  const shape = { batch: 5, steps: 6, hidden: 7, rows: 4 };
  push({ ...shape, lengths: "mixed", initial: "h", before: 2, behind: 2 });
  push({ ...shape, lengths: "mixed", initial: "c", before: 2, behind: 2 });
  push({ ...shape, scale: 100, special: ", saturated" });
  push({ ...shape, scale: 1e-4, special: ", tiny" });
  push({ ...shape, valuesOfInputs: { 3: Number.NaN }, special: ", NaN in a row" });
  const own = { ...shape, rows: 0, lengths: "mixed" } as const;
  push({ ...own, valuesOfInputs: { 3: Number.NaN }, special: ", NaN in inputs" });
  push({ ...own, valuesOfInputs: { 3: Number.NEGATIVE_INFINITY }, special: ", −∞ in inputs" });
  return cases;
}
