import type { Dtype, Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { drawInto } from "../devices/create.ts";
import { newTensor } from "./layer.ts";

/** Rows that a table has at least. */
const FEWEST = 64;
/** Up to here a table begins at position 0, and serves any offset below; from here on, where it is asked for. */
const NEAR = 2 ** 16;

/** Some rows of a table, which may be gone after the next call. */
export interface PositionRows {
  /** (rows, width) */
  readonly rows: Tensor;
  /** The position of its first row. */
  readonly start: number;
}

/**
 * A row of numbers per position, which nobody learns. Rows are written when they are asked for, where what
 * they are used with lives; they are computed in double precision.
 */
export class PositionTable {
  readonly #width: number;
  readonly #value: (position: number, column: number) => number;
  #held: PositionRows | null = null;

  constructor(width: number, value: (position: number, column: number) => number) {
    this.#width = width;
    this.#value = value;
  }

  /** Rows among which are those of the positions `first … first + count − 1`. */
  rows(like: { device: Memory; dtype: Dtype }, first: number, count: number): PositionRows {
    const held = this.#held;
    if (held !== null && held.rows.device === like.device && held.rows.dtype === like.dtype) {
      const end = held.start + (held.rows.shape[0] ?? 0);
      if (held.start <= first && first + count <= end) return held;
    }
    const start = first < NEAR ? 0 : first;
    // Twice as many each time, so that a sequence that grows step by step writes them seldom.
    const needed = Math.max(FEWEST, first + count - start);
    const rows = newTensor(like, [2 ** Math.ceil(Math.log2(needed)), this.#width]);
    let i = 0;
    drawInto(rows.storage, rows.size, () => {
      const position = start + Math.floor(i / this.#width);
      return this.#value(position, i++ % this.#width);
    });
    held?.rows.dispose();
    this.#held = { rows, start };
    return this.#held;
  }
}
