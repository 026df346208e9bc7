import { checkNumber } from "../core/arguments.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { drawInto } from "../devices/create.ts";
import { newTensor } from "./layer.ts";

/** Rows that a table has at least. */
const FEWEST = 64;

/**
 * A row of numbers per position, which nobody learns. It is written, from position 0 on, as far as it was
 * ever asked for, and where what it is used with lives; it is computed in double precision.
 */
export class PositionTable {
  readonly #width: number;
  readonly #value: (position: number, column: number) => number;
  #table: Tensor | null = null;

  constructor(width: number, value: (position: number, column: number) => number) {
    this.#width = width;
    this.#value = value;
  }

  /** The table (at least `count`, width). It is this one's: the next call may give another in its place. */
  rows(like: { device: Memory; dtype: Dtype }, count: number): Tensor {
    const held = this.#table;
    if (held !== null && held.device === like.device && held.dtype === like.dtype) {
      if ((held.shape[0] ?? 0) >= count) return held;
    }
    // Twice as many each time, so that a sequence that grows step by step writes it seldom.
    const rows = Math.max(FEWEST, 2 ** Math.ceil(Math.log2(Math.max(count, 1))));
    const table = newTensor(like, [rows, this.#width]);
    let i = 0;
    drawInto(table.storage, table.size, () => {
      const position = Math.floor(i / this.#width);
      return this.#value(position, i++ % this.#width);
    });
    held?.dispose();
    this.#table = table;
    return table;
  }
}

/** Refuses a base that gives no wave lengths. */
export function checkBase(where: string, base: unknown): void {
  const positive = (value: number): boolean => value > 0 && Number.isFinite(value);
  checkNumber(where, "base", base, "a finite number above 0", positive);
}
