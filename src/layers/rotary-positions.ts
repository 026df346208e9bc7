import { checkFlag, checkOptions, checkPositive, checkSize, describe } from "../core/arguments.ts";
import { DataError, ShapeError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import type { Indices, Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import {
  axes,
  checkIndices,
  checkLastAxis,
  checkRange,
  checkTensor,
  expectShape,
  sameDevice,
  together,
} from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import { PositionTable } from "./position-table.ts";

/** Given positions are below this, since there is a table of all up to the largest; an offset has no such end. */
const MOST_POSITIONS = 2 ** 20;

/** Which vectors are turned, and by which angles. */
export interface RotaryOptions {
  /** D, the length of a vector: the head size. */
  readonly size: number;
  /** How many of its numbers are turned, the first ones: an even number, all of them unless given. */
  readonly rotated?: number;
  /** 10000 unless given: pair i turns by position / base^(2i/rotated). */
  readonly base?: number;
  /** Whether pairs are neighbours, (2i, 2i+1), as in the paper; else (i, i + rotated/2), as in most models. */
  readonly interleaved?: boolean;
}

/** What the axes of a tensor are, and where its steps stand. */
export interface RotaryCall {
  /**
   * `"NTD"` (N, T, heads · D), whatever the number of heads; `"NHTD"` (N, heads, T, D); `"NTHD"`
   * (N, T, heads, D). Unless given, the first of three axes, the second of four.
   */
  readonly layout?: "NTD" | "NHTD" | "NTHD";
  /** The position of the first step, the others following: 0 unless given. */
  readonly offset?: number;
  /** The position of every step (T), each less than 2^20, instead of `offset`. */
  readonly positions?: Indices;
}

/** A call, checked: the sizes of the contract, and how many positions there have to be. */
interface Turn {
  readonly shape: Shape;
  readonly outer: number;
  readonly steps: number;
  readonly inner: number;
  readonly offset: number;
  readonly positions: Indices | null;
  /** Where x lives, and as what. */
  readonly x: { readonly device: Memory; readonly dtype: Dtype };
}

/**
 * Rotary position embedding (Su et al. 2021, eq. 34): the vector of a step at position p is turned, pair
 * of numbers by pair of numbers, by the angles p / base^(2i/rotated), i = 0 … rotated/2 − 1. So the dot
 * product of a query and a key depends on their distance, not on where they stand.
 *
 * Shapes: x (N, T, heads · D), (N, heads, T, D) or (N, T, heads, D) → y of the same shape. Nothing is
 * learned.
 *
 * @example
 * const layer = new RotaryPositions({ size: 2 });
 * layer.forward(tensor([[[1, 0], [1, 0]]])).toArray(); // → [[[1, 0], [0.5403, 0.8415]]]
 * layer.backward(tensor([[[1, 0], [1, 0]]])).toArray(); // → [[[1, 0], [0.5403, -0.8415]]]
 */
export class RotaryPositions implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  /** D, the length of a vector. */
  readonly size: number;
  readonly #rotated: number;
  readonly #interleaved: boolean;
  readonly #cosines: PositionTable;
  readonly #sines: PositionTable;
  #state: Turn | null = null;

  /** @throws ShapeError or DataError when an option is out of its range */
  constructor(options: RotaryOptions) {
    const where = "RotaryPositions";
    checkOptions(where, options, ["size", "rotated", "base", "interleaved"]);
    const { size, rotated = size, base = 10000, interleaved = false } = options;
    checkSize(where, "size", size);
    checkSize(where, "rotated", rotated);
    if (rotated > size || rotated % 2 !== 0) {
      throw new ShapeError({
        where,
        expected: `an even number of the ${size} numbers of a vector to be rotated`,
        received: `${rotated}`,
      });
    }
    checkPositive(where, "base", base);
    checkFlag(where, "interleaved", interleaved);
    this.size = size;
    this.#rotated = rotated;
    this.#interleaved = interleaved;
    const angle = (position: number, i: number): number => position / base ** ((2 * i) / rotated);
    this.#cosines = new PositionTable(rotated / 2, (p, i) => Math.cos(angle(p, i)));
    this.#sines = new PositionTable(rotated / 2, (p, i) => Math.sin(angle(p, i)));
  }

  /**
   * x → y of the same shape.
   *
   * @throws ShapeError when x does not have the axes of the layout, or positions are not one per step,
   *   each from 0 to 2^20 - 1
   */
  forward(x: Tensor, call: RotaryCall = {}): Tensor {
    const where = "RotaryPositions.forward";
    const turn = this.#read(where, x, call);
    const y = this.#turned(where, x, turn, false);
    this.#state = turn;
    return y;
  }

  /**
   * dx: dy turned back.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of x
   */
  backward(dy: Tensor): Tensor {
    const where = "RotaryPositions.backward";
    const turn = recall("RotaryPositions", this.#state);
    expectShape(where, "dy", dy, turn.shape);
    together(where, { x: turn.x, dy });
    return this.#turned(where, dy, turn, true);
  }

  /**
   * `forward` that leaves nothing for `backward`: for a layer that turns several tensors by one table.
   *
   * @throws ShapeError as `forward`
   */
  turn(x: Tensor, call: RotaryCall = {}): Tensor {
    const where = "RotaryPositions.turn";
    return this.#turned(where, x, this.#read(where, x, call), false);
  }

  /**
   * Undoes `turn` of the same call, and is its gradient.
   *
   * @throws ShapeError as `forward`
   */
  turnBack(dy: Tensor, call: RotaryCall = {}): Tensor {
    const where = "RotaryPositions.turnBack";
    return this.#turned(where, dy, this.#read(where, dy, call), true);
  }

  #read(where: string, x: Tensor, call: RotaryCall): Turn {
    checkTensor(where, "x", x);
    checkOptions(where, call, ["layout", "offset", "positions"]);
    const { layout = x.shape.length === 4 ? "NHTD" : "NTD", offset = 0, positions = null } = call;
    checkSize(where, "offset", offset);
    if (call.offset !== undefined && positions !== null) {
      throw new DataError({ where, expected: "one of offset and positions", received: "both" });
    }
    const { outer, steps, inner } = this.#sizes(where, x, layout);
    checkSize(where, "offset + T", offset + steps);
    if (positions !== null) {
      checkIndices(where, "positions", positions);
      sameDevice(where, "positions", positions, "x", x);
      if (positions.shape.length !== 1 || positions.size !== steps) {
        throw new ShapeError({
          where,
          expected: `positions of shape (${steps}), one per step`,
          received: `shape ${formatShape(positions.shape)}`,
        });
      }
    }
    const { shape, device, dtype } = x;
    return { shape, outer, steps, inner, offset, positions, x: { device, dtype } };
  }

  /** The sizes of the contract: x as (outer, steps, inner, D). */
  #sizes(where: string, x: Tensor, layout: unknown) {
    const D = this.size;
    if (layout === "NTD") {
      const [N, T, width] = axes(where, "x", x, "N", "T", "D");
      if (D === 0 ? width !== 0 : width % D !== 0) {
        throw new ShapeError({
          where,
          expected: `x to have a multiple of ${D} numbers along its last axis, those of each head`,
          received: `shape ${formatShape(x.shape)}`,
        });
      }
      return { outer: N, steps: T, inner: D === 0 ? 0 : width / D };
    }
    if (layout === "NHTD") {
      const [N, heads, T] = axes(where, "x", x, "N", "heads", "T", "D");
      checkLastAxis(where, "x", x, D);
      return { outer: N * heads, steps: T, inner: 1 };
    }
    if (layout === "NTHD") {
      const [N, T, heads] = axes(where, "x", x, "N", "T", "heads", "D");
      checkLastAxis(where, "x", x, D);
      return { outer: N, steps: T, inner: heads };
    }
    const expected = 'layout to be "NTD", "NHTD" or "NTHD"';
    throw new DataError({ where, expected, received: describe(layout) });
  }

  #turned(where: string, x: Tensor, turn: Turn, inverse: boolean): Tensor {
    const { outer, steps, inner, offset, positions } = turn;
    // Anew for a backward pass: positions are the caller's, who may have written to them.
    if (positions !== null) checkRange(where, "positions", positions, 0, MOST_POSITIONS - 1);
    const range =
      positions === null
        ? ([offset, x.size === 0 ? 0 : steps] as const)
        : ([0, positions.data.reduce((most, p) => Math.max(most, p + 1), 0)] as const);
    const { rows: cosines, start } = this.#cosines.rows(x, ...range);
    const { rows: sines } = this.#sines.rows(x, ...range);
    const y = newTensor(x, x.shape);
    familyDevice(x).kernels.rotate(
      x.storage,
      cosines.storage,
      sines.storage,
      positions?.storage ?? null,
      y.storage,
      outer,
      steps,
      inner,
      this.size,
      this.#rotated,
      offset - start,
      this.#interleaved,
      inverse,
    );
    return y;
  }
}
