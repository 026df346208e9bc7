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
import { gruForward as gruDefinition } from "./definition.ts";

export interface GruOptions {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  readonly lengths?: LengthsKind;
  /** Whether h0 (forward and backward) and dhLast (backward) are given. */
  readonly initial?: "given" | "none";
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
function numbersOf(options: GruOptions) {
  const { batch, steps, hidden, lengths = "null", scale = 1 } = options;
  const random = seeded(options.seed ?? batch * 1013 + steps * 37 + hidden);
  const states = batch * steps * hidden;
  const gates = withValues(normals(random, 3 * states, scale), options.valuesOfGates ?? {});
  const wh = normals(random, 3 * hidden * hidden, 1 / Math.sqrt(Math.max(hidden, 1)));
  const bn = normals(random, hidden, scale);
  const h0 = normals(random, batch * hidden, 0.5 * scale);
  const dhs = withValues(normals(random, states), options.valuesOfUpstream ?? {});
  const dhLast = normals(random, batch * hidden);
  const dwh = normals(random, 3 * hidden * hidden);
  const counts = lengthsOf(lengths, batch, steps);
  poisonPadding(gates, counts, steps, 3 * hidden);
  return { gates, wh, bn, h0, dhs, dhLast, dwh, counts };
}

function nameOf(op: string, options: GruOptions): string {
  const { batch, steps, hidden, lengths = "null", initial = "given", special = "" } = options;
  const shape = `N ${batch}, T ${steps}, H ${hidden}`;
  const way = options.reverse === true ? ", reversed" : "";
  return `${op}: ${shape}, lengths ${lengths}, state ${initial}${way}${special}`;
}

export function gruForwardCase(options: GruOptions): KernelCase {
  const { batch, steps, hidden, lengths = "null", initial = "given", reverse = false } = options;
  const x = numbersOf(options);
  const states = batch * steps * hidden;
  const size = Math.max(1, largest(x.h0), largest(x.bn));
  return kernelCase({
    name: nameOf("gruForward", options),
    floats: {
      gates: changed(x.gates),
      wh: input(x.wh),
      bn: input(x.bn),
      h0: input(x.h0),
      past: output(states),
      hs: output(states),
      hLast: output(batch * hidden),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? FORWARD,
    terms: { gates: size, past: size, hs: size, hLast: size },
    call: (kernels, f, i) =>
      kernels.gruForward(
        f.gates,
        f.wh,
        f.bn,
        initial === "given" ? f.h0 : null,
        lengths === "null" ? null : i.lengths,
        f.past,
        f.hs,
        f.hLast,
        batch,
        steps,
        hidden,
        reverse,
      ),
  });
}

export function gruBackwardCase(options: GruOptions): KernelCase {
  const { batch, steps, hidden, lengths = "null", initial = "given", reverse = false } = options;
  const x = numbersOf(options);
  const states = batch * steps * hidden;
  const [gates, past, hs] = [x.gates.slice(), new Float32Array(states), new Float32Array(states)];
  const h0 = initial === "given" ? x.h0 : null;
  const last = new Float32Array(batch * hidden);
  const sizes = [batch, steps, hidden] as const;
  gruDefinition(gates, x.wh, x.bn, h0, x.counts, past, hs, last, ...sizes, reverse);
  const upstream = Math.hypot(magnitude(x.dhs), magnitude(x.dhLast));
  const size = upstream * Math.max(1, largest(x.wh), largest(past), largest(hs));
  return kernelCase({
    name: nameOf("gruBackward", options),
    floats: {
      gates: input(gates),
      wh: input(x.wh),
      h0: input(x.h0),
      past: input(past),
      hs: input(hs),
      dhs: input(x.dhs),
      dhLast: input(x.dhLast),
      dGates: output(3 * states),
      dPast: output(states),
      dh0: output(batch * hidden),
      dwh: changed(x.dwh),
    },
    ints: { lengths: inputInts(x.counts) },
    tolerance: options.tolerance ?? BACKWARD,
    terms: { dGates: size, dPast: size, dh0: size, dwh: size + magnitude(x.dwh) },
    call: (kernels, f, i) =>
      kernels.gruBackward(
        f.gates,
        f.wh,
        initial === "given" ? f.h0 : null,
        lengths === "null" ? null : i.lengths,
        f.past,
        f.hs,
        f.dhs,
        initial === "given" ? f.dhLast : null,
        f.dGates,
        f.dPast,
        f.dh0,
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

export function gruCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  const push = (options: GruOptions) => {
    cases.push(gruForwardCase(options), gruBackwardCase(options));
  };
  for (const reverse of [false, true]) {
    for (const [batch, steps, hidden] of SHAPES) {
      for (const lengths of ["null", "full", "mixed", "zero"] as const) {
        push({ batch, steps, hidden, lengths, initial: "given", reverse });
        push({ batch, steps, hidden, lengths, initial: "none", reverse });
      }
    }
    push({ batch: 3, steps: 29, hidden: 64, lengths: "mixed", reverse });
    // More steps than terms that a kernel adds at once.
    push({ batch: 2, steps: 300, hidden: 3, reverse });
    const shape = { batch: 5, steps: 6, hidden: 7, reverse };
    // Behind its one step, a sequence stands still at NaN: of that, the weights' gradient sees nothing.
    const only = { [3 * 6 * 21 + 3]: Number.NaN };
    push({ ...shape, lengths: "mixed", valuesOfGates: only, special: ", NaN in a last step" });
    for (const lengths of ["null", "mixed"] as const) {
      const not = Number.NaN;
      push({ ...shape, lengths, valuesOfGates: { 3: not }, special: ", NaN in gates" });
      push({ ...shape, lengths, valuesOfUpstream: { 9: not }, special: ", NaN in dhs" });
      push({ ...shape, lengths, scale: 1e-4, special: ", tiny" });
      const saturated = { ...shape, lengths, scale: 100, special: ", saturated" };
      const large =
        "gates_n + r ⊙ past is a difference of numbers of 100, whose rounding tanh shows";
      cases.push(
        gruForwardCase({
          ...saturated,
          tolerance: { ...FORWARD, againstTerms: true, reason: large },
        }),
      );
      const reason = "1 − z and 1 − n² of saturated gates are differences of nearly equal terms";
      cases.push(
        gruBackwardCase({ ...saturated, tolerance: { ...BACKWARD, againstTerms: true, reason } }),
      );
    }
  }
  push({ batch: 2, steps: 29, hidden: 256 });
  return cases;
}
