import { Scope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { deviceOf } from "../../kernels/device.ts";
import type { Dropout } from "../dropout.ts";
import type { LayerNorm } from "../layer-norm.ts";

/** Where a block normalises. */
export type NormPlace = "pre" | "post";

/**
 * What a Transformer wraps around each of its layers f:
 *
 *     post: y = norm(x + drop(f(x)))      Vaswani et al. 2017, section 5.4
 *     pre:  y = x + drop(f(norm(x)))      Xiong et al. 2020, table 1
 *
 * Whoever calls gives f and what undoes it, and keeps x until after `backward`.
 */
export class Residual {
  readonly #norm: LayerNorm;
  readonly #dropout: Dropout;
  readonly #place: NormPlace;
  readonly #held = new Scope();
  #dropped = false;

  constructor(norm: LayerNorm, dropout: Dropout, place: NormPlace) {
    this.#norm = norm;
    this.#dropout = dropout;
    this.#place = place;
  }

  /**
   * @param stream number of the dropout's random stream; undefined leaves dropout out
   * @param f gives a new tensor, which becomes y
   */
  forward(x: Tensor, stream: number | undefined, f: (x: Tensor) => Tensor): Tensor {
    this.release();
    const pre = this.#place === "pre";
    let sum = f(pre ? this.#held.keep(this.#norm.forward(x)) : x);
    this.#dropped = stream !== undefined;
    if (stream !== undefined) {
      const all = sum;
      sum = this.#dropout.forward(all, stream);
      all.dispose();
    }
    addTo(sum, x);
    return pre ? sum : this.#norm.forward(this.#held.keep(sum));
  }

  /** @param undo gives a new tensor, df's gradient for that of its output */
  backward(dy: Tensor, undo: (dy: Tensor) => Tensor): Tensor {
    const pre = this.#place === "pre";
    const scope = new Scope();
    try {
      const dSum = pre ? dy : scope.keep(this.#norm.backward(dy));
      const dropped = this.#dropped ? scope.keep(this.#dropout.backward(dSum)) : dSum;
      const through = undo(dropped);
      const dx = pre ? this.#norm.backward(scope.keep(through)) : through;
      addTo(dx, dSum);
      return dx;
    } finally {
      scope.dispose();
    }
  }

  /** Gives back what the last forward pass kept. */
  release(): void {
    this.#held.dispose();
    this.#norm.release();
  }
}

/** x += y */
function addTo(x: Tensor, y: Tensor): void {
  deviceOf(x).kernels.add(x.storage, y.storage, x.storage, x.size);
}
