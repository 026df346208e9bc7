import type { Peaks, Work } from "./arithmetic.ts";
import type { GpuSize } from "./sizes.ts";

/** Who computes. */
export interface AdapterFacts {
  /** "nvidia hopper", as the adapter says it. */
  readonly name: string;
  readonly driver: string;
  /** Whether it computes on the processor. */
  readonly software: boolean;
}

/** A loop that shows what the GPU can do at most. */
export interface GpuCeiling {
  readonly kind: "operations" | "bytes";
  /** How it goes about it: how many chains, how many loads a thread. */
  readonly way: string;
  /** Operations or bytes per second, per round. */
  readonly rounds: readonly number[];
}

/** PyTorch's time for what a row is about, one way. */
export interface TorchTime {
  readonly way: string;
  /** Milliseconds per round. */
  readonly rounds: readonly number[];
  readonly failed: string | null;
}

/** heed and PyTorch at one size. */
export interface GpuRow extends Work {
  readonly size: GpuSize;
  readonly name: string;
  /** How far heed is from the truth, where it was looked at. */
  readonly error: number | null;
  /** heed's milliseconds per round. */
  readonly rounds: readonly number[];
  /** Why heed was not timed. */
  readonly refused: string | null;
  readonly torch: readonly TorchTime[];
}

/** Everything that a run found. */
export interface GpuResults {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly command: string;
  readonly adapter: AdapterFacts;
  /** heed's own words for its device. */
  readonly heed: string;
  /** "PyTorch 2.9.1, CUDA 12.8, NVIDIA H200"; or why it takes no part. */
  readonly torch: string;
  readonly peaks: Peaks;
  readonly ceilings: readonly GpuCeiling[];
  readonly rows: readonly GpuRow[];
}
