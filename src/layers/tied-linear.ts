import { ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shapes.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkLastAxis, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";
import { type ParameterSpec, type Parameters, parametersOf } from "./parameters.ts";

/** Where the parameters of a {@link TiedLinear} are. */
export interface TiedLinearOptions {
  /** Where table and bias lie. */
  readonly parameters: Parameters;
  /** What this layer is called there, e.g. `decoder.affine`. */
  readonly name: string;
  /** The parameter (…, D) that is another layer's too, of whose rows the first V are used, e.g. `decoder.embed.W`. */
  readonly table: string;
}

/**
 * A linear layer whose matrix is a table of embeddings, transposed: y = x · tableᵀ + b (Press & Wolf 2017).
 * The table's gradient is the sum of this layer's and of the embedding's, which both add to it.
 *
 * Shapes: x (…, D) → y (…, V). Parameters table (V, D), the first rows of the embedding's, and b (V), at
 * first 0, the only one of its own.
 */
export class TiedLinear implements Layer {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  #state: { x: Tensor } | null = null;

  /**
   * @param symbols V
   * @throws StateError when there are no such parameters; ShapeError when they do not fit
   */
  constructor(symbols: number, { parameters, name, table }: TiedLinearOptions) {
    const { shape } = parameters.value(table);
    const [rows = 0, D = 0] = shape;
    if (shape.length !== 2 || rows < symbols) {
      throw new ShapeError({
        where: "TiedLinear",
        expected: `${table} to be a table of at least ${symbols} rows`,
        received: `shape ${formatShape(shape)}`,
      });
    }
    const used = (whole: Tensor): Tensor => whole.view(0, [symbols, D]);
    const specs = (of: string): ParameterSpec[] => TiedLinear.specs(of, symbols);
    const { values, grads } = parametersOf("TiedLinear", specs, { parameters, name });
    this.params = [used(parameters.value(table)), ...values];
    this.grads = [used(parameters.grad(table)), ...grads];
  }

  /** The parameter of its own, for a shared {@link Parameters}. */
  static specs(name: string, symbols: number): ParameterSpec[] {
    return [{ name: `${name}.b`, shape: [symbols], deviation: 0 }];
  }

  /** x (…, D) → y (…, V). @throws ShapeError when the last axis of x is not D */
  forward(x: Tensor): Tensor {
    const where = "TiedLinear.forward";
    const [W, b] = this.params as [Tensor, Tensor];
    const [V, D] = W.shape as [number, number];
    const rows = checkLastAxis(where, "x", x, D);
    together(where, { W, x });
    const y = newTensor(W, [...x.shape.slice(0, -1), V]);
    const [a, to] = [x.storage, y.storage];
    deviceOf(W).kernels.matmul(a, W.storage, b.storage, to, rows, V, D, false, true, false);
    this.#state = { x };
    return y;
  }

  /**
   * dx = dy · table; dtable += dyᵀ · x, db += Σ dy.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): [dx: Tensor] {
    const where = "TiedLinear.backward";
    const { x } = recall("TiedLinear", this.#state);
    const [W] = this.params as [Tensor, Tensor];
    const [dW, db] = this.grads as [Tensor, Tensor];
    const [V, D] = W.shape as [number, number];
    const outer = x.shape.slice(0, -1);
    expectShape(where, "dy", dy, [...outer, V]);
    together(where, { W, dy });
    const rows = sizeOf(outer);
    const { kernels } = deviceOf(W);
    const d = dy.storage;
    kernels.sumRows(d, db.storage, rows, V, true);
    kernels.matmul(d, x.storage, null, dW.storage, V, D, rows, true, false, true);
    const dx = newTensor(x, x.shape);
    kernels.matmul(d, W.storage, null, dx.storage, rows, D, V, false, false, false);
    return [dx];
  }
}
