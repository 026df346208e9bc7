import {
  changed,
  EXACT,
  FORWARD,
  input,
  inputInts,
  type KernelCase,
  kernelCase,
  type LengthsKind,
  lengthsOf,
  normals,
  output,
  poisonPadding,
  seeded,
  withValues,
} from "../case.ts";

const LENGTHS = [0, 1, 3, 4, 5, 17, 33, 65, 29 * 256];
const SPECIAL = { 0: Number.NaN, 2: Number.POSITIVE_INFINITY, 5: Number.NEGATIVE_INFINITY };

export function fillCase(length: number, value: number): KernelCase {
  return kernelCase({
    name: `fill: ${length} × ${value}`,
    floats: { y: output(length) },
    tolerance: EXACT,
    call: (kernels, { y }) => kernels.fill(y, value, length),
  });
}

export function copyCase(length: number, special = false): KernelCase {
  const x = normals(seeded(100 + length), length);
  return kernelCase({
    name: `copy: ${length}${special ? ", NaN and infinities" : ""}`,
    floats: { x: input(special ? withValues(x, SPECIAL) : x), y: output(length) },
    tolerance: EXACT,
    call: (kernels, { x, y }) => kernels.copy(x, y, length),
  });
}

/** add or multiply; `alias` says which arrays are one. */
export function pairCase(
  op: "add" | "multiply",
  length: number,
  alias: "none" | "y = a" | "y = b" | "a = b" | "all" = "none",
  special = false,
): KernelCase {
  const random = seeded(200 + length);
  const numbers = normals(random, length);
  const a = special ? withValues(numbers, SPECIAL) : numbers;
  const b = normals(random, length);
  const ownOutput = alias === "none" || alias === "a = b";
  return kernelCase({
    name: `${op}: ${length}, alias ${alias}${special ? ", NaN and infinities" : ""}`,
    floats: {
      a: alias === "y = a" || alias === "all" ? changed(a) : input(a),
      b: alias === "y = b" ? changed(b) : input(b),
      y: output(ownOutput ? length : 0),
    },
    tolerance: EXACT,
    call: (kernels, { a, b, y }) => {
      const right = alias === "a = b" || alias === "all" ? a : b;
      const into = ownOutput ? y : alias === "y = b" ? b : a;
      kernels[op](a, right, into, length);
    },
  });
}

export function scaleCase(
  length: number,
  factor: number,
  inPlace: boolean,
  special = false,
): KernelCase {
  const numbers = normals(seeded(300 + length), length);
  const x = special ? withValues(numbers, SPECIAL) : numbers;
  const name = `scale: ${length} by ${factor}${inPlace ? ", y = x" : ""}${special ? ", NaN" : ""}`;
  // A factor that float32 holds leaves one rounding to do, and that has one right answer.
  const tolerance = Math.fround(factor) === factor ? EXACT : FORWARD;
  return kernelCase({
    name,
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : length) },
    tolerance,
    call: (kernels, { x, y }) => kernels.scale(x, factor, inPlace ? x : y, length),
  });
}

export interface MaskOptions {
  readonly batch: number;
  readonly steps: number;
  readonly size: number;
  readonly lengths: LengthsKind;
  readonly inPlace: boolean;
}

/** What lies behind the lengths holds NaN and infinities. */
export function maskStepsCase(options: MaskOptions): KernelCase {
  const { batch, steps, size, lengths, inPlace } = options;
  const x = normals(seeded(400 + size), batch * steps * size);
  const counts = lengthsOf(lengths, batch, steps);
  poisonPadding(x, counts, steps, size);
  const shape = `N ${batch}, T ${steps}, D ${size}, lengths ${lengths}`;
  return kernelCase({
    name: `maskSteps: ${shape}${inPlace ? ", y = x" : ""}`,
    floats: { x: inPlace ? changed(x) : input(x), y: output(inPlace ? 0 : x.length) },
    ints: { lengths: inputInts(counts) },
    tolerance: EXACT,
    call: (kernels, { x, y }, i) =>
      kernels.maskSteps(x, i.lengths, inPlace ? x : y, batch, steps, size),
  });
}

/** batch, steps, size */
const MASKED_SHAPES = [
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
  [1, 1, 1],
  [5, 3, 4],
  [4, 5, 17],
  [5, 33, 3],
  [5, 29, 65],
] as const;

export function elementwiseCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const length of LENGTHS) {
    cases.push(fillCase(length, 0), fillCase(length, 1.5), copyCase(length));
    for (const op of ["add", "multiply"] as const) {
      for (const alias of ["none", "y = a", "y = b", "a = b", "all"] as const) {
        cases.push(pairCase(op, length, alias));
      }
    }
    for (const inPlace of [false, true]) {
      cases.push(scaleCase(length, -0.5, inPlace), scaleCase(length, 0.1, inPlace));
    }
  }
  for (const [batch, steps, size] of MASKED_SHAPES) {
    for (const lengths of ["full", "mixed", "zero"] as const) {
      for (const inPlace of [false, true]) {
        cases.push(maskStepsCase({ batch, steps, size, lengths, inPlace }));
      }
    }
  }
  cases.push(copyCase(17, true), scaleCase(17, 0, false, true), scaleCase(17, 2, true, true));
  cases.push(pairCase("add", 17, "none", true), pairCase("multiply", 17, "none", true));
  return cases;
}
