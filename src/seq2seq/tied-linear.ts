import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { newTensor } from "../layers/layer.ts";
import type { ParameterSpec, Parameters } from "../layers/parameters.ts";

/**
 * The output layer whose matrix is an embedding's, transposed (Press & Wolf 2017): y = x · Eᵀ + b for the
 * first V rows of E (…, D). Shapes: x (…, D) → y (…, V).
 */
export class TiedLinear {
  readonly #E: Tensor;
  readonly #dE: Tensor;
  readonly #b: Tensor;
  readonly #db: Tensor;
  #x: Tensor | null = null;

  constructor(parameters: Parameters, embedding: string, name: string, symbols: number) {
    const rows = (whole: Tensor): Tensor => whole.view(0, [symbols, whole.shape[1] ?? 0]);
    this.#E = rows(parameters.value(`${embedding}.W`));
    this.#dE = rows(parameters.grad(`${embedding}.W`));
    this.#b = parameters.value(`${name}.b`);
    this.#db = parameters.grad(`${name}.b`);
  }

  /** What it learns besides the embedding. */
  static specs(name: string, symbols: number): ParameterSpec[] {
    return [{ name: `${name}.b`, shape: [symbols], deviation: 0 }];
  }

  forward(x: Tensor): Tensor {
    const [V, D] = this.#E.shape as [number, number];
    const y = newTensor(x, [...x.shape.slice(0, -1), V]);
    const into = [this.#b.storage, y.storage] as const;
    const { kernels } = deviceOf(x);
    kernels.matmul(x.storage, this.#E.storage, ...into, x.size / D, V, D, false, true, false);
    this.#x = x;
    return y;
  }

  /** dx = dy · E; dE += dyᵀ · x, db += Σ dy. */
  backward(dy: Tensor): Tensor[] {
    const x = this.#x as Tensor;
    const [V, D] = this.#E.shape as [number, number];
    const rows = x.size / D;
    const { kernels } = deviceOf(x);
    kernels.sumRows(dy.storage, this.#db.storage, rows, V, true);
    const d = dy.storage;
    kernels.matmul(d, x.storage, null, this.#dE.storage, V, D, rows, true, false, true);
    const dx = newTensor(x, x.shape);
    kernels.matmul(d, this.#E.storage, null, dx.storage, rows, D, V, false, false, false);
    return [dx];
  }
}
