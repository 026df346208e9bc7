import type { Errors } from "./attention-truth.ts";

/** What kind of code does the work: it decides which heed a contender is held against. */
export type Runtime = "native" | "wasm" | "javascript";

/** Who was measured. */
export interface Who {
  /** "heed", "PyTorch", … */
  readonly name: string;
  /** What sets it apart from others of its name: the device, the build. */
  readonly variant: string;
  readonly threads: number;
  readonly runtime: Runtime;
  /** The Node that it ran in, "20.20.2"; null for what does not run in Node. */
  readonly node: string | null;
}

/** One way of one contender at one shape, or of one call of the whole family. */
export interface AttentionResult {
  readonly who: Who;
  /** A letter, or the name of the call. */
  readonly shape: string;
  readonly way: string;
  readonly errors: Errors;
  /** Milliseconds per round; fewer rounds than others where it was far behind after the first. */
  readonly rounds: readonly number[];
  /** Why it was not timed. */
  readonly refused: string | null;
}

/** One training step or one decoding of the date model. */
export interface ModelResult {
  readonly who: Who;
  readonly way: string;
  readonly rounds: readonly number[];
  readonly refused: string | null;
}

/** The most that a core, or several, can multiply and add, per round of a shape. */
export interface CeilingResult {
  readonly name: string;
  readonly threads: number;
  readonly node: string | null;
  /** GFLOP/s. */
  readonly rounds: readonly number[];
  readonly shape: string | null;
}

/** A fresh Node process from import to the first result. */
export interface StartResult {
  readonly device: string;
  readonly node: string;
  /** Milliseconds from the import on. */
  readonly importToResult: number;
  /** Milliseconds since the process began. */
  readonly processToResult: number;
}

/** What a page downloads to run a trained model. */
export interface DownloadResult {
  readonly minified: number;
  readonly gzipped: number;
}

/** A contender that could not take part. */
export interface Absent {
  readonly name: string;
  readonly reason: string;
}

/** Everything that a run found. */
export interface Results {
  readonly date: string;
  readonly machine: string;
  readonly cores: number;
  readonly command: string;
  /** What contenders said of themselves: versions, builds. */
  readonly details: Readonly<Record<string, string>>;
  readonly absent: readonly Absent[];
  readonly ceilings: readonly CeilingResult[];
  readonly attention: readonly AttentionResult[];
  readonly training: readonly ModelResult[];
  readonly start: readonly StartResult[];
  readonly download: DownloadResult | null;
}

/** One device at one value of the dimension that is swept. */
export interface SweepPoint {
  readonly dimension: string;
  readonly device: string;
  readonly way: string;
  readonly value: number;
  readonly milliseconds: number;
  readonly gflops: number;
  /** The most that the process held, beyond what it held before it had inputs. */
  readonly megabytes: number;
}

/** How time and memory grow. */
export interface Sweep {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly command: string;
  readonly points: readonly SweepPoint[];
}
