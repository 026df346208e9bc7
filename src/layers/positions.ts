import { checkOptions, checkPositive, checkSize } from "../core/arguments.ts";
import { ShapeError } from "../core/errors.ts";
import type { Shape } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import { axes, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import { type LayerOptions, type ParameterSpec, parametersOf } from "./parameters.ts";
import { PositionTable } from "./position-table.ts";

/** Where a sequence stands. */
export interface PositionsCall {
  /** The position of its first step: 0 unless given. The number of steps before, where they are decoded one by one. */
  readonly offset?: number;
}

/** The sizes of x and the position of its first step, both checked. */
function readCall(where: string, x: Tensor, size: number, call: PositionsCall) {
  checkOptions(where, call, ["offset"]);
  const [N, T, D] = axes(where, "x", x, "N", "T", "D");
  if (D !== size) expectShape(where, "x", x, [N, T, size]);
  const { offset = 0 } = call;
  checkSize(where, "offset", offset);
  checkSize(where, "offset + T", offset + T);
  return { N, T, offset };
}

/** x + the rows of the table from row `offset` on. */
function withPositions(x: Tensor, table: Tensor, offset: number): Tensor {
  const [N, T, D] = x.shape as [number, number, number];
  const rows = table.view(offset * D, [T, D]);
  const y = newTensor(x, x.shape);
  familyDevice(x).kernels.addRepeated(x.storage, rows.storage, y.storage, N, T * D);
  rows.dispose();
  return y;
}

/**
 * Adds to every step what tells its position (Vaswani et al. 2017, section 3.5): waves of D/2 lengths,
 * PE(p, 2i) = sin(p / base^(2i/D)) and PE(p, 2i+1) = cos(p / base^(2i/D)).
 *
 * Shapes: x (N, T, D) → y (N, T, D). Nothing is learned; positions have no end.
 *
 * @example
 * const layer = new SinusoidalPositions(4);
 * layer.forward(zeros([1, 2, 4])).toArray(); // → [[[0, 1, 0, 1], [0.84147, 0.5403, 0.01, 0.99995]]]
 * layer.forward(zeros([1, 1, 4]), { offset: 1 }).toArray(); // → [[[0.84147, 0.5403, 0.01, 0.99995]]]
 */
export class SinusoidalPositions implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #size: number;
  readonly #table: PositionTable;
  #state: { shape: Shape; x: { dtype: Dtype; device: Memory } } | null = null;

  /**
   * @param size D
   * @param options.base 10000 unless given: the longest wave is nearly 2π times as long
   * @throws DataError when the base is not a finite number above 0
   */
  constructor(size: number, options: { readonly base?: number } = {}) {
    checkSize("SinusoidalPositions", "size", size);
    checkOptions("SinusoidalPositions", options, ["base"]);
    const { base = 10000 } = options;
    checkPositive("SinusoidalPositions", "base", base);
    this.#size = size;
    this.#table = new PositionTable(size, (position, d) => {
      const angle = position / base ** ((d - (d % 2)) / size);
      return d % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
  }

  /**
   * x (N, T, D) → y (N, T, D).
   *
   * @throws ShapeError when x is not (N, T, D), or the offset no whole number from 0 on
   */
  forward(x: Tensor, call: PositionsCall = {}): Tensor {
    const where = "SinusoidalPositions.forward";
    const { T, offset } = readCall(where, x, this.#size, call);
    // Of no sequences or no numbers, T may be larger than any table.
    const { rows, start } = this.#table.rows(x, offset, x.size === 0 ? 0 : T);
    const y = x.size === 0 ? newTensor(x, x.shape) : withPositions(x, rows, offset - start);
    const { shape, dtype, device } = x;
    this.#state = { shape, x: { dtype, device } };
    return y;
  }

  /**
   * dx is dy: a view of it, which shares its memory.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of x
   */
  backward(dy: Tensor): Tensor {
    const { shape, x } = recall("SinusoidalPositions", this.#state);
    expectShape("SinusoidalPositions.backward", "dy", dy, shape);
    together("SinusoidalPositions.backward", { x, dy });
    return dy.reshape(dy.shape);
  }
}

/**
 * Adds to every step a learned row for its position (Gehring et al. 2017, section 3.1).
 *
 * Shapes: x (N, T, D) → y (N, T, D). Parameter table (length, D), at first normal with deviation 0.1, as
 * in the paper's section 3.5.
 *
 * @example
 * const layer = new LearnedPositions(50, 4);
 * layer.forward(zeros([2, 7, 4])).shape; // → [2, 7, 4]
 * layer.forward(zeros([2, 7, 4]), { offset: 44 }); // → throws ShapeError
 */
export class LearnedPositions implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #length: number;
  readonly #size: number;
  #state: { shape: Shape; offset: number } | null = null;

  /**
   * @param length number of positions
   * @param size D
   */
  constructor(length: number, size: number, options: LayerOptions = {}) {
    checkSize("LearnedPositions", "length", length);
    checkSize("LearnedPositions", "size", size);
    const specs = (name: string): ParameterSpec[] => LearnedPositions.specs(name, length, size);
    const { values, grads } = parametersOf("LearnedPositions", specs, options);
    this.params = values;
    this.grads = grads;
    this.#length = length;
    this.#size = size;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, length: number, size: number): ParameterSpec[] {
    return [{ name: `${name}.table`, shape: [length, size], deviation: 0.1 }];
  }

  /**
   * x (N, T, D) → y (N, T, D).
   *
   * @throws ShapeError when x is not (N, T, D), or a step stands beyond the last position
   */
  forward(x: Tensor, call: PositionsCall = {}): Tensor {
    const where = "LearnedPositions.forward";
    const [table] = this.params as [Tensor];
    const { T, offset } = readCall(where, x, this.#size, call);
    together(where, { table, x });
    if (offset + T > this.#length) {
      throw new ShapeError({
        where,
        expected: `steps within the ${this.#length} positions that there are`,
        received: `${T} from position ${offset} on`,
      });
    }
    this.#state = { shape: x.shape, offset };
    return withPositions(x, table, offset);
  }

  /**
   * dx is dy: a view of it, which shares its memory. dtable[offset + t, :] += Σₙ dy[n, t, :].
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of x
   */
  backward(dy: Tensor): Tensor {
    const { shape, offset } = recall("LearnedPositions", this.#state);
    const [dTable] = this.grads as [Tensor];
    expectShape("LearnedPositions.backward", "dy", dy, shape);
    together("LearnedPositions.backward", { table: dTable, dy });
    const [N, T, D] = shape as [number, number, number];
    const rows = dTable.view(offset * D, [T, D]);
    familyDevice(dy).kernels.sumRows(dy.storage, rows.storage, N, T * D, true);
    rows.dispose();
    return dy.reshape(dy.shape);
  }
}
