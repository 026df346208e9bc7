import { Random } from "../core/random.ts";
import type { Kernels } from "./kernels.ts";

/** What a kernel does with an array of a case. */
export type Role =
  /** reads it, and leaves it as it was */
  | "input"
  /** overwrites all of it, whatever stood there */
  | "output"
  /** reads it and writes it: an accumulator, a parameter, or an input that is also the output */
  | "changed"
  /** writes to it, or not: what stands there afterwards is nobody's business */
  | "scratch";

/** A float array of a case: its numbers (none for an output), each of them a float32 number. */
export interface FloatArray {
  readonly role: Role;
  readonly length: number;
  readonly data: Float32Array;
}

/** An int32 array of a case. */
export interface IntArray {
  readonly role: Role;
  readonly length: number;
  readonly data: Int32Array;
}

/** How close a float32 device must come to the float64 definition on the same inputs. */
export interface Tolerance {
  /**
   * `exact`: the definition's numbers, rounded to the device's type. `forward` and `backward`:
   * relative L2 error of each output array, at most 1e-6 and 2e-6 (ARCHITECTURE.md).
   */
  readonly kind: "exact" | "forward" | "backward";
  /** The bound grows by this factor; `reason` says why. */
  readonly times?: number;
  /**
   * Judge each output against the larger of its own norm and its `terms`, the size of what cancels
   * in it; `reason` says why.
   */
  readonly againstTerms?: boolean;
  readonly reason?: string;
}

export const EXACT: Tolerance = { kind: "exact" };
export const FORWARD: Tolerance = { kind: "forward" };
export const BACKWARD: Tolerance = { kind: "backward" };

/**
 * One call of one op, with its arrays: what every device must answer as the definition does.
 * Deterministic, and free of any device: whoever runs it makes the arrays that `call` gets.
 */
export interface KernelCase<FloatName extends string = string, IntName extends string = string> {
  /** The op, then what is special about this call: unique among all cases. */
  readonly name: string;
  readonly floats: Readonly<Record<FloatName, FloatArray>>;
  readonly ints: Readonly<Record<IntName, IntArray>>;
  readonly tolerance: Tolerance;
  /**
   * By output: the norm of the terms whose sum or difference it is. Rounding is relative to the
   * terms, so where they cancel, the error may exceed any multiple of what is left of them.
   */
  readonly terms: Partial<Readonly<Record<FloatName, number>>>;
  /** Calls the op. An array may be passed twice, which is how aliasing is tested. */
  call<F, I>(
    kernels: Kernels<F, I>,
    floats: Readonly<Record<FloatName, F>>,
    ints: Readonly<Record<IntName, I>>,
  ): void;
}

/** A case whose arrays' names the compiler checks; anywhere else their names are just strings. */
export function kernelCase<FloatName extends string, IntName extends string = never>(
  definition: Omit<KernelCase<FloatName, IntName>, "ints" | "terms" | "call"> & {
    readonly ints?: Readonly<Record<IntName, IntArray>>;
    readonly terms?: Partial<Readonly<Record<NoInfer<FloatName>, number>>>;
    call<F, I>(
      kernels: Kernels<F, I>,
      floats: Readonly<Record<NoInfer<FloatName>, F>>,
      ints: Readonly<Record<NoInfer<IntName>, I>>,
    ): void;
  },
): KernelCase {
  return { ints: {}, terms: {}, ...definition } as unknown as KernelCase;
}

/** An array that is read. */
export function input(data: Float32Array): FloatArray {
  return { role: "input", length: data.length, data };
}

/** An array that is read and written. */
export function changed(data: Float32Array): FloatArray {
  return { role: "changed", length: data.length, data };
}

/** An array that is overwritten in full. */
export function output(length: number): FloatArray {
  return { role: "output", length, data: new Float32Array(0) };
}

/** An array whose contents the contract leaves open. */
export function scratch(length: number): FloatArray {
  return { role: "scratch", length, data: new Float32Array(0) };
}

/** What an op with an `accumulate` flag writes to. */
export function accumulator(accumulate: boolean, start: Float32Array): FloatArray {
  return accumulate ? changed(start) : output(start.length);
}

/** Whole numbers that are read. */
export function inputInts(data: ArrayLike<number>): IntArray {
  return { role: "input", length: data.length, data: Int32Array.from(data) };
}

/** Whole numbers that are overwritten in full. */
export function outputInts(length: number): IntArray {
  return { role: "output", length, data: new Int32Array(0) };
}

/** Normal numbers times `scale`, as float32. */
export function normals(random: Random, length: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, () => random.normal(0, scale));
}

/** Whole numbers from 0 to `below` − 1. */
export function integers(random: Random, length: number, below: number): Int32Array {
  return Int32Array.from({ length }, () => random.integer(below));
}

/** A copy with other numbers at some places. */
export function withValues(data: Float32Array, values: Record<number, number>): Float32Array {
  const copy = data.slice();
  for (const [index, value] of Object.entries(values)) copy[Number(index)] = value;
  return copy;
}

/** √(Σ x²), the L2 norm of the finite numbers. */
export function magnitude(x: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) if (Number.isFinite(x[i]!)) squares += x[i]! * x[i]!;
  return Math.sqrt(squares);
}

/** The largest finite |x[i]|, 0 for no numbers. */
export function largest(x: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(x[i]!)) most = Math.max(most, Math.abs(x[i]!));
  }
  return most;
}

/** A fresh generator for the case of that seed. */
export function seeded(seed: number): Random {
  return new Random(seed);
}

/** How many numbers of each sequence count, in the ways that the cases try. */
export type LengthsKind = "null" | "full" | "mixed" | "zero";

/** Lengths of that kind for `batch` sequences of `steps` steps; "null" gives full ones, unused. */
export function lengthsOf(kind: LengthsKind, batch: number, steps: number): Int32Array {
  const mixed = [Math.ceil(steps / 2), 0, steps, Math.min(1, steps), Math.max(steps - 1, 0)];
  return Int32Array.from({ length: batch }, (_, n) => {
    if (kind === "zero") return 0;
    return kind === "mixed" ? mixed[n % mixed.length]! : steps;
  });
}

/** Overwrites what lies behind the lengths, rows of `size` numbers, with NaN, Infinity, −Infinity. */
export function poisonPadding(
  data: Float32Array,
  lengths: Int32Array,
  steps: number,
  size: number,
): void {
  const poison = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let n = 0; n < lengths.length; n++) {
    for (let i = (n * steps + lengths[n]!) * size; i < (n + 1) * steps * size; i++) {
      data[i] = poison[i % 3]!;
    }
  }
}
