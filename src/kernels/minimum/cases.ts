import {
  changed,
  EXACT,
  input,
  type KernelCase,
  kernelCase,
  normals,
  output,
  seeded,
  withValues,
} from "../case.ts";

const LENGTHS = [0, 1, 3, 4, 5, 17, 33, 65, 29 * 256];
const [NAN, HIGH, LOW] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
/** NaN against numbers, infinities and itself, infinities against all, and equal ones. */
const OF_A = { 0: NAN, 1: 1, 2: NAN, 3: HIGH, 4: LOW, 5: HIGH, 6: LOW, 7: NAN, 8: 0, 9: -0, 10: 2 };
const OF_B = { 0: 1, 1: NAN, 2: NAN, 3: HIGH, 4: LOW, 5: LOW, 6: HIGH, 7: LOW, 8: -0, 9: 0, 10: 2 };

export interface MinimumOptions {
  readonly length: number;
  readonly alias?: "none" | "y = a" | "y = b" | "a = b";
  readonly seed?: number;
  readonly special?: boolean;
}

function inputsOf({ length, seed = 500 + length, special = false }: MinimumOptions) {
  const random = seeded(seed);
  const [a, b] = [normals(random, length), normals(random, length)];
  // Every third pair is a tie.
  for (let i = 0; i < length; i += 3) b[i] = a[i]!;
  return special ? { a: withValues(a, OF_A), b: withValues(b, OF_B) } : { a, b };
}

function nameOf(op: string, { length, alias = "none", special = false }: MinimumOptions): string {
  return `${op}: ${length}, alias ${alias}${special ? ", NaN and infinities" : ""}`;
}

export function minimumForwardCase(options: MinimumOptions): KernelCase {
  const { length, alias = "none" } = options;
  const { a, b } = inputsOf(options);
  const ownOutput = alias === "none" || alias === "a = b";
  return kernelCase({
    name: nameOf("minimumForward", options),
    floats: {
      a: alias === "y = a" ? changed(a) : input(a),
      b: alias === "y = b" ? changed(b) : input(b),
      y: output(ownOutput ? length : 0),
    },
    tolerance: EXACT,
    call: (kernels, { a, b, y }) => {
      const into = ownOutput ? y : alias === "y = b" ? b : a;
      kernels.minimumForward(a, alias === "a = b" ? a : b, into, length);
    },
  });
}

export function minimumBackwardCase(options: MinimumOptions): KernelCase {
  const { length } = options;
  const { a, b } = inputsOf(options);
  const dy = normals(seeded(501 + length), length);
  return kernelCase({
    name: nameOf("minimumBackward", options),
    floats: {
      a: input(a),
      b: input(b),
      dy: input(options.special ? withValues(dy, { 12: NAN, 13: HIGH }) : dy),
      da: output(length),
      db: output(length),
    },
    tolerance: EXACT,
    call: (kernels, { a, b, dy, da, db }) => kernels.minimumBackward(a, b, dy, da, db, length),
  });
}

export function minimumCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const length of LENGTHS) {
    for (const alias of ["none", "y = a", "y = b", "a = b"] as const) {
      cases.push(minimumForwardCase({ length, alias }));
    }
    cases.push(minimumBackwardCase({ length }));
  }
  const special = { length: 17, special: true };
  return [...cases, minimumForwardCase(special), minimumBackwardCase(special)];
}
