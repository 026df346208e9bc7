import type { Dtype, Memory } from "../core/storage.ts";
import type { Tensor } from "../core/tensor.ts";
import { deviceOf } from "../kernels/device.ts";
import { newTensor } from "../layers/layer.ts";
import type { StepProgress } from "./types.ts";

/** A step that was done, and its numbers as soon as they are read. */
export interface DoneStep {
  readonly progress: StepProgress;
  /** Target symbols in its batch. */
  readonly count: number;
}

/**
 * Losses and gradient norms of steps, kept where they were computed until all of them are read at once: on a GPU a
 * read waits for everything that was asked of it before. As many as it has room for, and never more.
 */
export class Backlog {
  /** (capacity, 2): sums of losses, and norms. */
  readonly #numbers: Tensor;
  #steps: DoneStep[] = [];

  /** @param capacity at least 1 */
  constructor(like: { readonly device: Memory; readonly dtype: Dtype }, capacity: number) {
    this.#numbers = newTensor(like, [capacity, 2]);
  }

  /** Whether it has to be read before there is another. */
  get isFull(): boolean {
    return this.#steps.length === this.#numbers.shape[0];
  }

  /** Adds a step; loss and norm, of one number each, are copied on their device. */
  add(step: DoneStep, loss: Tensor, norm: Tensor): void {
    const { kernels } = deviceOf(loss);
    for (const [i, number] of [loss, norm].entries()) {
      const place = this.#numbers.storage.slice(2 * this.#steps.length + i, 1);
      kernels.copy(number.storage, place, 1);
      place.release();
    }
    this.#steps.push(step);
  }

  /** Takes all steps out, oldest first, with one read; none where there is nothing to read. */
  async take(): Promise<(DoneStep & { readonly lossSum: number; readonly norm: number })[]> {
    const steps = this.#steps;
    this.#steps = [];
    if (steps.length === 0) return [];
    const numbers = await this.#numbers.read();
    return steps.map((step, i) => ({
      ...step,
      lossSum: numbers[2 * i]!,
      norm: numbers[2 * i + 1]!,
    }));
  }

  /** Forgets all steps, unread. */
  clear(): void {
    this.#steps = [];
  }
}
