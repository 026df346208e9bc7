import { checkSize } from "../core/arguments.ts";
import { ShapeError } from "../core/errors.ts";
import { sizeOf } from "../core/shapes.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkLastAxis, checkTensor, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import { type LayerOptions, type ParameterSpec, parametersOf } from "./parameters.ts";

/**
 * y = x · W + b, over the last axis; of several inputs, y = [x₁; x₂; …] · W + b, which is computed as
 * x₁ · W₁ + x₂ · W₂ + … + b with W₁, W₂, … the rows of W below one another, so that nothing is copied.
 *
 * Shapes: xᵢ (…, Iᵢ) → y (…, O). Parameters W (ΣI, O), at first normal with deviation 1/√ΣI, and b (O),
 * at first 0.
 *
 * @example
 * const layer = new Linear([3, 2], 4);
 * layer.forward(zeros([5, 3]), zeros([5, 2])).shape; // → [5, 4]
 */
export class Linear implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  readonly #b: Tensor;
  readonly #db: Tensor;
  /** Per input: its size, its rows of W, and of W's gradient. */
  readonly #parts: readonly { size: number; W: Tensor; dW: Tensor }[];
  #inputs: Readonly<Record<string, Tensor>> | null = null;

  /**
   * @param inputSizes I, or one size per input
   * @param outputSize O
   */
  constructor(
    inputSizes: number | readonly number[],
    outputSize: number,
    options: LayerOptions = {},
  ) {
    const sizes = Array.isArray(inputSizes)
      ? (inputSizes as readonly number[])
      : [inputSizes as number];
    for (const size of sizes) checkSize("Linear", "every input size", size);
    checkSize("Linear", "outputSize", outputSize);
    if (sizes.length === 0) {
      throw new ShapeError({
        where: "Linear",
        expected: "at least one input size",
        received: "an empty array",
      });
    }
    const specs = (name: string): ParameterSpec[] => Linear.specs(name, sizes, outputSize);
    const { values, grads } = parametersOf("Linear", specs, options);
    const [W, b] = values as [Tensor, Tensor];
    const [dW, db] = grads as [Tensor, Tensor];
    let row = 0;
    this.#parts = sizes.map((size) => {
      const part = { size, W: rowsOf(W, row, size), dW: rowsOf(dW, row, size) };
      row += size;
      return part;
    });
    this.#b = b;
    this.#db = db;
    this.params = values;
    this.grads = grads;
  }

  /** The parameters of such a layer, for a shared {@link Parameters}. */
  static specs(name: string, inputSizes: readonly number[], outputSize: number): ParameterSpec[] {
    const inputSize = inputSizes.reduce((total, size) => total + size, 0);
    const deviation = 1 / Math.sqrt(Math.max(inputSize, 1));
    return [
      { name: `${name}.W`, shape: [inputSize, outputSize], deviation },
      { name: `${name}.b`, shape: [outputSize], deviation: 0 },
    ];
  }

  /**
   * xᵢ (…, Iᵢ) → y (…, O).
   *
   * @throws ShapeError when an input's last axis is not its size, or their other axes differ
   */
  forward(...inputs: Tensor[]): Tensor {
    const where = "Linear.forward";
    if (inputs.length !== this.#parts.length) {
      throw new ShapeError({
        where,
        expected: `${this.#parts.length} input(s), as constructed`,
        received: `${inputs.length}`,
      });
    }
    const first = inputs[0] as Tensor;
    checkTensor(where, "x", first);
    const outer = first.shape.slice(0, -1);
    const named: Record<string, Tensor> = {};
    for (const [i, { size, W }] of this.#parts.entries()) {
      const x = inputs[i] as Tensor;
      const name = inputs.length === 1 ? "x" : `x${i + 1}`;
      named[name] = x;
      checkLastAxis(where, name, x, size);
      expectShape(where, name, x, [...outer, size]);
      together(where, { W, [name]: x });
    }
    const y = newTensor(this.#b, [...outer, this.#b.size]);
    const { kernels } = deviceOf(this.#b);
    const rows = sizeOf(outer);
    for (const [i, { size, W }] of this.#parts.entries()) {
      const bias = i === 0 ? this.#b.storage : null;
      const a = (inputs[i] as Tensor).storage;
      const [b, c, columns] = [W.storage, y.storage, this.#b.size];
      kernels.matmul(a, b, bias, c, rows, columns, size, false, false, i > 0);
    }
    this.#inputs = named;
    return y;
  }

  /**
   * dxᵢ = dy · Wᵢᵀ per input; dWᵢ += xᵢᵀ · dy, db += Σ dy.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): Tensor[] {
    const inputs = Object.values(recall("Linear", this.#inputs));
    const outer = (inputs[0]?.shape ?? []).slice(0, -1);
    const columns = this.#b.size;
    expectShape("Linear.backward", "dy", dy, [...outer, columns]);
    together("Linear.backward", { W: this.#b, dy });
    const { kernels } = deviceOf(this.#b);
    const rows = sizeOf(outer);
    const d = dy.storage;
    kernels.sumRows(d, this.#db.storage, rows, columns, true);
    return this.#parts.map(({ size, W, dW }, i) => {
      const x = inputs[i] as Tensor;
      kernels.matmul(x.storage, d, null, dW.storage, size, columns, rows, true, false, true);
      const dx = newTensor(x, x.shape);
      kernels.matmul(d, W.storage, null, dx.storage, rows, size, columns, false, true, false);
      return dx;
    });
  }
}

/** Rows `start … start + count` of a matrix, as a view. */
function rowsOf(matrix: Tensor, start: number, count: number): Tensor {
  const columns = matrix.shape[1] ?? 0;
  return matrix.view(start * columns, [count, columns]);
}
