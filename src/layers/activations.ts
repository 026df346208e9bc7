import type { Storage } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { familyDevice } from "../devices/family.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { checkTensor, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

type Ops = Kernels<Storage, Storage>;
type Op = "tanh" | "sigmoid" | "relu" | "gelu";

/** What the activations share: a function of each number, whose slope is one of x or of y. */
abstract class Activation implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #name: string;
  readonly #op: Op;
  readonly #ofX: boolean;
  #state: { x: Tensor } | { y: Tensor } | null = null;

  /** @param ofX whether the slope is of x rather than of y */
  constructor(name: string, op: Op, ofX: boolean) {
    this.#name = name;
    this.#op = op;
    this.#ofX = ofX;
  }

  /** x → y of the same shape. */
  forward(x: Tensor): Tensor {
    checkTensor(`${this.#name}.forward`, "x", x);
    const y = newTensor(x, x.shape);
    const forward: Ops["tanhForward"] = familyDevice(x).kernels[`${this.#op}Forward`];
    forward(x.storage, y.storage, x.size);
    this.#state = this.#ofX ? { x } : { y };
    return y;
  }

  /**
   * dx = dy times the slope at x.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of y
   */
  backward(dy: Tensor): Tensor {
    const state = recall(this.#name, this.#state);
    const of = "x" in state ? state.x : state.y;
    expectShape(`${this.#name}.backward`, "dy", dy, of.shape);
    together(`${this.#name}.backward`, { ...state, dy });
    const dx = newTensor(of, of.shape);
    const backward: Ops["tanhBackward"] = familyDevice(of).kernels[`${this.#op}Backward`];
    backward(of.storage, dy.storage, dx.storage, of.size);
    return dx;
  }
}

/**
 * The hyperbolic tangent of each number; dx = dy · (1 − y²).
 *
 * @example
 * const layer = new Tanh();
 * layer.forward(tensor([0, 0.5, -20])).toArray(); // → [0, 0.46212, -1]
 * layer.backward(tensor([1, 1, 1])).toArray(); // → [1, 0.78645, 0]
 */
export class Tanh extends Activation {
  /** Nothing to set. */
  constructor() {
    super("Tanh", "tanh", false);
  }
}

/**
 * The logistic function of each number, y = 1 / (1 + e⁻ˣ); dx = dy · y · (1 − y).
 *
 * @example
 * const layer = new Sigmoid();
 * layer.forward(tensor([0, Math.log(3)])).toArray(); // → [0.5, 0.75]
 * layer.backward(tensor([1, 1])).toArray(); // → [0.25, 0.1875]
 */
export class Sigmoid extends Activation {
  /** Nothing to set. */
  constructor() {
    super("Sigmoid", "sigmoid", false);
  }
}

/**
 * max(x, 0) of each number (Nair & Hinton 2010); dx is dy where y > 0, else 0.
 *
 * @example
 * const layer = new Relu();
 * layer.forward(tensor([-1, 0, 2])).toArray(); // → [0, 0, 2]
 * layer.backward(tensor([5, 5, 5])).toArray(); // → [0, 0, 5]
 */
export class Relu extends Activation {
  /** Nothing to set. */
  constructor() {
    super("Relu", "relu", false);
  }
}

/**
 * The Gaussian error linear unit of each number, y = x · Φ(x) with Φ the standard normal distribution
 * (Hendrycks & Gimpel 2016, section 2): the exact form, as PyTorch's `nn.GELU()`, not the one by tanh.
 * dx = dy · (Φ(x) + x · φ(x)), φ the density of Φ.
 *
 * @example
 * const layer = new Gelu();
 * layer.forward(tensor([-1, 0, 1])).toArray(); // → [-0.15866, 0, 0.84134]
 * layer.backward(tensor([1, 1, 1])).toArray(); // → [-0.08332, 0.5, 1.08332]
 */
export class Gelu extends Activation {
  /** Nothing to set. */
  constructor() {
    super("Gelu", "gelu", true);
  }
}
