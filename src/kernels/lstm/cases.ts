import {
  BACKWARD,
  changed,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  type LengthsKind,
  largest,
  lengthsOf,
  magnitude,
  normals,
  output,
  poisonPadding,
  seeded,
  type Tolerance,
  withValues,
} from "../case.ts";
import { lstmForward as lstmDefinition } from "./definition.ts";

export interface LstmOptions {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  readonly lengths?: LengthsKind;
  /** Whether h0 and c0 (forward and backward) and dhLast and dcLast (backward) are given. */
  readonly initial?: "both" | "h" | "c" | "none";
  readonly reverse?: boolean;
  readonly seed?: number;
  /** Standard deviation of x · wx + b. */
  readonly scale?: number;
  readonly valuesOfGates?: Record<number, number>;
  readonly valuesOfUpstream?: Record<number, number>;
  readonly tolerance?: Tolerance;
  readonly special?: string;
}

/** The numbers of a case: gates behind the lengths hold NaN and infinities. */
function numbersOf(options: LstmOptions) {
  const { batch, steps, hidden, lengths = "null", scale = 1 } = options;
  const random = seeded(options.seed ?? batch * 1009 + steps * 31 + hidden);
  const states = batch * steps * hidden;
  const gates = withValues(normals(random, 4 * states, scale), options.valuesOfGates ?? {});
  const wh = normals(random, 4 * hidden * hidden, 1 / Math.sqrt(Math.max(hidden, 1)));
  const h0 = normals(random, batch * hidden, 0.5 * scale);
  const c0 = normals(random, batch * hidden, scale);
  const dhs = withValues(normals(random, states), options.valuesOfUpstream ?? {});
  const dhLast = normals(random, batch * hidden);
  const dcLast = normals(random, batch * hidden);
  const dwh = normals(random, 4 * hidden * hidden);
  const counts = lengthsOf(lengths, batch, steps);
  poisonPadding(gates, counts, steps, 4 * hidden);
  return { gates, wh, h0, c0, dhs, dhLast, dcLast, dwh, counts };
}

function nameOf(op: string, options: LstmOptions): string {
  const { batch, steps, hidden, lengths = "null", initial = "both", special = "" } = options;
  const shape = `N ${batch}, T ${steps}, H ${hidden}`;
  const way = options.reverse === true ? ", reversed" : "";
  return `${op}: ${shape}, lengths ${lengths}, states given: ${initial}${way}${special}`;
}

function given(options: LstmOptions): { h: boolean; c: boolean } {
  const { initial = "both" } = options;
  return { h: initial === "both" || initial === "h", c: initial === "both" || initial === "c" };
}

export function lstmForwardCase(options: LstmOptions): KernelCase {
  const { batch, steps, hidden, lengths = "null", reverse = false } = options;
  const x = numbersOf(options);
  const has = given(options);
  const states = batch * steps * hidden;
  const size = Math.max(1, largest(x.h0), largest(x.c0));
  return kernelCase({
    name: nameOf("lstmForward", options),
    floats: {
      gates: changed(x.gates),
      wh: input(x.wh),
      h0: input(x.h0),
      c0: input(x.c0),
      hs: output(states),
      cs: output(states),
      hLast: output(batch * hidden),
      cLast: output(batch * hidden),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { gates: size, hs: size, cs: size, hLast: size, cLast: size },
    call: (kernels, f, i) =>
      kernels.lstmForward(
        f.gates,
        f.wh,
        has.h ? f.h0 : null,
        has.c ? f.c0 : null,
        lengths === "null" ? null : i.lengths,
        f.hs,
        f.cs,
        f.hLast,
        f.cLast,
        batch,
        steps,
        hidden,
        reverse,
      ),
  });
}

export function lstmBackwardCase(options: LstmOptions): KernelCase {
  const { batch, steps, hidden, lengths = "null", reverse = false } = options;
  const x = numbersOf(options);
  const has = given(options);
  const hs = new Float32Array(batch * steps * hidden);
  const cs = new Float32Array(batch * steps * hidden);
  const last = () => new Float32Array(batch * hidden);
  const gates = x.gates.slice();
  const [h0, c0] = [has.h ? x.h0 : null, has.c ? x.c0 : null];
  const sizes = [batch, steps, hidden] as const;
  lstmDefinition(gates, x.wh, h0, c0, x.counts, hs, cs, last(), last(), ...sizes, reverse);
  const upstream = Math.hypot(magnitude(x.dhs), magnitude(x.dhLast), magnitude(x.dcLast));
  const size = upstream * Math.max(1, largest(x.wh), largest(cs));
  return kernelCase({
    name: nameOf("lstmBackward", options),
    floats: {
      gates: input(gates),
      wh: input(x.wh),
      h0: input(x.h0),
      c0: input(x.c0),
      hs: input(hs),
      cs: input(cs),
      dhs: input(x.dhs),
      dhLast: input(x.dhLast),
      dcLast: input(x.dcLast),
      dGates: output(4 * batch * steps * hidden),
      dh0: output(batch * hidden),
      dc0: output(batch * hidden),
      dwh: changed(x.dwh),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: { dGates: size, dh0: size, dc0: size, dwh: size + magnitude(x.dwh) },
    call: (kernels, f, i) =>
      kernels.lstmBackward(
        f.gates,
        f.wh,
        has.h ? f.h0 : null,
        has.c ? f.c0 : null,
        lengths === "null" ? null : i.lengths,
        f.hs,
        f.cs,
        f.dhs,
        has.h ? f.dhLast : null,
        has.c ? f.dcLast : null,
        f.dGates,
        f.dh0,
        f.dc0,
        f.dwh,
        batch,
        steps,
        hidden,
        reverse,
      ),
  });
}

/** batch, steps, hidden */
const SHAPES = [
  [0, 3, 4],
  [3, 0, 4],
  [2, 3, 0],
  [1, 1, 1],
  [3, 4, 1],
  [2, 5, 3],
  [5, 3, 4],
  [4, 1, 5],
  [5, 4, 17],
  [3, 5, 33],
  [2, 3, 65],
  // Beyond the sequences that a kernel steps together, and the terms that it adds at once.
  [243, 3, 2],
] as const;

export function lstmCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const push = (options: LstmOptions) => {
    cases.push(lstmForwardCase(options), lstmBackwardCase(options));
  };
  for (const [batch, steps, hidden] of SHAPES) {
    for (const lengths of ["null", "full", "mixed", "zero"] as const) {
      push({ batch, steps, hidden, lengths, initial: "both" });
      push({ batch, steps, hidden, lengths, initial: "none" });
      push({ batch, steps, hidden, lengths, initial: "both", reverse: true });
      push({ batch, steps, hidden, lengths, initial: "none", reverse: true });
    }
  }
  const shape = { batch: 5, steps: 6, hidden: 7 };
  push({ ...shape, lengths: "mixed", initial: "h" });
  push({ ...shape, lengths: "mixed", initial: "c" });
  push({ ...shape, lengths: "mixed", initial: "h", reverse: true });
  push({ ...shape, lengths: "mixed", initial: "c", reverse: true });
  // Behind its one step, a sequence stands still at NaN: of that, the weights' gradient sees nothing.
  const only = { [3 * 6 * 28 + 3]: Number.NaN };
  push({ ...shape, lengths: "mixed", valuesOfGates: only, special: ", NaN in a last step" });
  push({ batch: 2, steps: 29, hidden: 256 });
  push({ batch: 3, steps: 29, hidden: 64, lengths: "mixed" });
  push({ batch: 3, steps: 29, hidden: 64, lengths: "mixed", reverse: true });
  // More steps than terms that a kernel adds at once.
  push({ batch: 2, steps: 300, hidden: 3, reverse: true });
  for (const lengths of ["null", "mixed"] as const) {
    const not = Number.NaN;
    push({ ...shape, lengths, valuesOfGates: { 3: not }, special: ", NaN in gates" });
    push({ ...shape, lengths, valuesOfUpstream: { 9: not }, special: ", NaN in dhs" });
    push({
      ...shape,
      lengths,
      reverse: true,
      valuesOfGates: { 3: not },
      special: ", NaN in gates",
    });
    push({
      ...shape,
      lengths,
      reverse: true,
      valuesOfUpstream: { 9: not },
      special: ", NaN in dhs",
    });
    push({ ...shape, lengths, scale: 1e-4, special: ", tiny" });
    const saturated = { ...shape, lengths, scale: 100, special: ", saturated" };
    const reason = "1 − tanh²c of a saturated state is a difference of nearly equal terms";
    cases.push(lstmForwardCase(saturated));
    cases.push(
      lstmBackwardCase({ ...saturated, tolerance: { ...BACKWARD, againstTerms: true, reason } }),
    );
  }
  return cases;
}
