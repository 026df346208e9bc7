import type { Dtype } from "../../src/core/storage.ts";
import type { Floats } from "../../src/kernels/arrays.ts";
import type { KernelCase } from "../../src/kernels/case.ts";
import type { Answer } from "./run-case.ts";

/** Relative L2 error per output array; ARCHITECTURE.md says up to which sizes. */
const BOUNDS = { forward: 1e-6, backward: 2e-6 };
/** A float64 device may add up in another order than the definition does, and no more. */
const FLOAT64_BOUND = 1e-13;

/**
 * What is wrong with a device's answer, one line each, nothing if it agrees: writes outside an
 * output or to an input, NaN or infinities elsewhere than in the definition, and too large errors.
 */
export function complaints(
  kernelCase: KernelCase,
  dtype: Dtype,
  answer: Answer,
  expected: Answer,
): string[] {
  const found = [...answer.damage];
  for (const [name, numbers] of Object.entries(expected.floats)) {
    if (["input", "scratch"].includes(kernelCase.floats[name]!.role)) continue;
    const actual = answer.floats[name]!;
    const trouble =
      kernelCase.tolerance.kind === "exact"
        ? differenceFrom(dtype === "float32" ? Float32Array.from(numbers) : numbers, actual)
        : (nonFiniteDifference(numbers, actual) ??
          tooLargeAnError(kernelCase, dtype, name, numbers, actual));
    if (trouble !== null) found.push(`${name}${trouble}`);
  }
  for (const [name, numbers] of Object.entries(expected.ints)) {
    const trouble = differenceFrom(numbers, answer.ints[name]!);
    if (trouble !== null) found.push(`${name}${trouble}`);
  }
  return found.map((line) => `${kernelCase.name}: ${line}`);
}

function differenceFrom(expected: ArrayLike<number>, actual: ArrayLike<number>): string | null {
  for (let i = 0; i < expected.length; i++) {
    const [e, a] = [expected[i]!, actual[i]!];
    if (e !== a && !(Number.isNaN(e) && Number.isNaN(a))) return `[${i}] is ${a}, must be ${e}`;
  }
  return null;
}

/** Where one is NaN or infinite and the other is not the same. */
function nonFiniteDifference(expected: Floats, actual: Floats): string | null {
  for (let i = 0; i < expected.length; i++) {
    const [e, a] = [expected[i]!, actual[i]!];
    const same = Number.isFinite(e) ? Number.isFinite(a) : Object.is(e, a);
    if (!same) return `[${i}] is ${a}, must be ${e}`;
  }
  return null;
}

function tooLargeAnError(
  kernelCase: KernelCase,
  dtype: Dtype,
  name: string,
  expected: Floats,
  actual: Floats,
): string | null {
  const { kind, times = 1, againstTerms = false, reason } = kernelCase.tolerance;
  const bound = (dtype === "float64" ? FLOAT64_BOUND : BOUNDS[kind as "forward"]) * times;
  const terms = againstTerms ? (kernelCase.terms[name] ?? 0) : 0;
  const { error, norm, worst } = distance(expected, actual);
  if (error <= bound * Math.max(norm, terms)) return null;
  const yardstick = terms > norm ? `its terms' norm ${terms}` : `its norm ${norm}`;
  return (
    `: L2 error ${error} is ${error / Math.max(norm, terms)} of ${yardstick}, must be ≤ ${bound}` +
    `${reason === undefined ? "" : ` (${reason})`};` +
    ` worst at [${worst}]: ${actual[worst]}, must be ${expected[worst]}`
  );
}

/** ‖actual − expected‖₂ and ‖expected‖₂ over the finite numbers. */
export function distance(
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
): { error: number; norm: number; worst: number } {
  let [squares, norm, worst, most] = [0, 0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (!Number.isFinite(expected[i]!)) continue;
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (difference > most) [worst, most] = [i, difference];
    squares += difference * difference;
    norm += expected[i]! * expected[i]!;
  }
  return { error: Math.sqrt(squares), norm: Math.sqrt(norm), worst };
}
