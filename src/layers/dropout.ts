import { checkNumber, checkOptions } from "../core/arguments.ts";
import type { Shape } from "../core/shapes.ts";
import type { Dtype, Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { checkTensor, expectShape, together } from "./checks.ts";
import { type Layer, newTensor, recall } from "./layer.ts";

const WORD = "a whole number from 0 to 4294967295";
const isWord = (value: number): boolean => Number.isInteger(value) && value >>> 0 === value;

/** Refuses anything but the number of a random stream. */
export function checkStream(where: string, stream: unknown): void {
  checkNumber(where, "the stream", stream, WORD, isWord);
}

/** How much is dropped while training, and at random how. */
export interface DropoutOptions {
  /** Share of the numbers set to 0, from 0 to less than 1. */
  readonly rate: number;
  /** Of the random streams, a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
}

/** The rate and seed of a layer's dropout, checked; null for none. */
export function dropoutOf(
  where: string,
  dropout: DropoutOptions | undefined,
): DropoutOptions | null {
  if (dropout === undefined) return null;
  checkOptions(`${where}, dropout`, dropout, ["rate", "seed"]);
  const { rate, seed } = dropout;
  droppingNumbers(`${where}, dropout`, rate, seed);
  return { rate, seed };
}

/**
 * What the kernels want to know of a rate: words below the threshold are dropped, the rest scaled.
 *
 * @throws DataError when the rate is not from 0 to less than 1, or seed and stream are no words
 */
export function droppingNumbers(
  where: string,
  rate: number,
  seed: number,
  stream = 0,
): { threshold: number; factor: number } {
  const range = "from 0 to less than 1";
  checkNumber(where, "the rate", rate, range, (value) => value >= 0 && value < 1);
  checkNumber(where, "the seed", seed, WORD, isWord);
  checkStream(where, stream);
  const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  return { threshold, factor: 1 / (1 - rate) };
}

/**
 * Sets each number to 0 with probability `rate` and scales the rest by 1 / (1 − rate), so that the
 * expectation stays (Srivastava et al. 2014). Which ones: element i of random stream `stream` of the
 * seed, the same on every device.
 *
 * @example
 * const layer = new Dropout(0.5, 42);
 * const x = tensor([1, 1, 1, 1, 1, 1, 1, 1]);
 * layer.forward(x).data.every((y) => y === 0 || y === 2); // → true
 */
export class Dropout implements Layer {
  readonly params: readonly Tensor[] = [];
  readonly grads: readonly Tensor[] = [];
  readonly #dropping: { readonly threshold: number; readonly factor: number };
  readonly #seed: number;
  #forwards = 0;
  #state: { stream: number; shape: Shape; x: { dtype: Dtype; device: Memory } } | null = null;

  /**
   * @param rate share of the numbers set to 0, from 0 to less than 1
   * @param seed of the random streams, a whole number from 0 to 2^32 - 1
   * @throws DataError when the rate is not
   */
  constructor(rate: number, seed = 0) {
    this.#dropping = droppingNumbers("Dropout", rate, seed);
    this.#seed = seed;
  }

  /**
   * x → y of the same shape: y[i] = x[i] / (1 − rate), or 0.
   *
   * @param stream number of the random stream; by default the number of forward passes before this one
   */
  forward(x: Tensor, stream: number = this.#forwards): Tensor {
    checkTensor("Dropout.forward", "x", x);
    checkStream("Dropout.forward", stream);
    this.#forwards++;
    const { shape, dtype, device } = x;
    this.#state = { stream, shape, x: { dtype, device } };
    return this.#apply(x, stream);
  }

  /**
   * dx[i] = dy[i] / (1 − rate) where x[i] was kept, else 0.
   *
   * @throws StateError before `forward`; ShapeError when dy does not have the shape of x
   */
  backward(dy: Tensor): Tensor {
    const { stream, shape, x } = recall("Dropout", this.#state);
    expectShape("Dropout.backward", "dy", dy, shape);
    together("Dropout.backward", { x, dy });
    return this.#apply(dy, stream);
  }

  #apply(x: Tensor, stream: number): Tensor {
    const y = newTensor(x, x.shape);
    const { threshold, factor } = this.#dropping;
    const { kernels } = deviceOf(x);
    kernels.dropout(x.storage, y.storage, this.#seed, stream, threshold, factor, x.size);
    return y;
  }
}
