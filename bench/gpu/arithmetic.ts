import { DATE } from "../date-shape.ts";
import type { GpuSize } from "./sizes.ts";

/** What a call must do and must move, however it does it. */
export interface Work {
  /** Multiplications and additions. */
  readonly operations: number;
  /** Bytes of what goes in and what comes out. */
  readonly bytes: number;
}

/** What a GPU can do at most, as measured. */
export interface Peaks {
  /** float32 operations per second. */
  readonly operations: number;
  /** Bytes per second, read and written. */
  readonly bytes: number;
}

/** How near a time comes to what the GPU can do. */
export interface Rates {
  readonly teraflops: number;
  /** Of the float32 peak. */
  readonly ofPeak: number;
  /** Of the bandwidth, where that and not arithmetic is what binds; else null. */
  readonly ofBandwidth: number | null;
}

const FLOAT = 4;

/** The work of one call, by the same conventions as on processors: 4 and 12 · T² · D of attention. */
export function workOf(size: GpuSize): Work {
  switch (size.part) {
    case "matmul":
      return { operations: 2 * size.size ** 3, bytes: 3 * size.size ** 2 * FLOAT };
    case "attention": {
      const { steps, heads, size: D, backward } = size;
      // Query, keys, values → context; and dContext → three gradients.
      const arrays = backward ? 8 : 4;
      return {
        operations: (backward ? 12 : 4) * heads * steps * steps * D,
        bytes: arrays * heads * steps * D * FLOAT,
      };
    }
    case "training":
      return trainingWork(size.hidden);
  }
}

/** A step of the date model: its matrix products, three times, since each has two gradients. */
function trainingWork(H: number): Work {
  const { source, target, symbols, batch, embedding } = DATE;
  const gates = (source + target) * (embedding + H) * 4 * H;
  const attention = 2 * target * source * H;
  const output = target * 2 * H * symbols;
  // Adam reads and writes the parameters and both moments.
  return {
    operations: 3 * 2 * batch * (gates + attention + output),
    bytes: 6 * parametersOf(H) * FLOAT,
  };
}

/** Numbers that the date model learns. */
export function parametersOf(H: number): number {
  const { symbols, embedding } = DATE;
  const cell = (embedding + H + 1) * 4 * H;
  return 2 * (symbols * embedding + cell) + (2 * H + 1) * symbols;
}

/** What came of work that took so long. */
export function ratesOf({ operations, bytes }: Work, milliseconds: number, peaks: Peaks): Rates {
  const seconds = milliseconds / 1000;
  const bound = bytes / peaks.bytes > operations / peaks.operations;
  return {
    teraflops: operations / seconds / 1e12,
    ofPeak: operations / seconds / peaks.operations,
    ofBandwidth: bound ? bytes / seconds / peaks.bytes : null,
  };
}
