import type { Errors } from "../attention-truth.ts";
import type { Who } from "../results.ts";

/** One call of a group, by one contender. */
export interface CallResult {
  readonly who: Who;
  readonly group: string;
  readonly call: string;
  /** Of the call itself where it is small, else of a small one by the same rules. */
  readonly errors: Errors;
  /** Milliseconds per round. */
  readonly rounds: readonly number[];
  /** Why it was not timed. */
  readonly refused: string | null;
}

/** Where and how a part was measured. */
export interface Provenance {
  readonly date: string;
  readonly machine: string;
  readonly command: string;
}

/** Groups of calls. */
export interface CallRun extends Provenance {
  readonly calls: readonly CallResult[];
}

/** Relative L2 errors of one call's float32 results. */
export interface AccuracyPoint {
  readonly T: number;
  readonly size: number;
  /** Deviation of the scores. */
  readonly logits: number;
  readonly causal: boolean;
  readonly who: string;
  /** Of context, dQuery, dKeys, dValues. */
  readonly errors: readonly number[];
}

/** All of them. */
export interface AccuracyRun extends Provenance {
  /** What each contender said of itself. */
  readonly details: readonly string[];
  readonly points: readonly AccuracyPoint[];
}

/** The most that a process held during the call beyond one that held its tensors alone, on a device. */
export interface MemoryResult {
  readonly device: string;
  readonly threads: number;
  /** Of the inputs, the context and the gradients, by their shapes. */
  readonly tensors: number;
  /** Bytes of the processes with the tensors alone, and during the call, per repetition. */
  readonly alone: readonly number[];
  readonly during: readonly number[];
}

/** Memory on every device. */
export interface MemoryRun extends Provenance {
  readonly devices: readonly MemoryResult[];
}
