import type { Tensor } from "heed";
import type { Repeat } from "./timing.ts";

/** A call of heed's, its inputs on the device. */
export interface Prepared {
  readonly repeat: Repeat;
  /** Does it once, and gives its relative error. What is far from the truth is not timed. */
  check(): Promise<number>;
  release(): void;
}

/** Waits until the GPU has done what it was given before: a copy that comes last is there last. */
export async function settle(any: Tensor): Promise<void> {
  const first = any.view(0, [1]);
  await first.read();
  first.dispose();
}
