import { disposeSymbol, type Indices } from "../../core/tensor.ts";
import type { KeyValueCache } from "../attend/key-value-cache.ts";
import type { KeysAndValues } from "../attend/options.ts";

/**
 * What a {@link TransformerDecoderBlock} needs to make one step after the other: keys and values of the
 * steps so far, and those of the memory, projected once. {@link TransformerDecoderBlock.newCache} makes it.
 *
 * @example
 * const block = new TransformerDecoderBlock({ size: 4, heads: 2 });
 * const cache = block.newCache(zeros([1, 3, 4]));
 * block.forward(zeros([1, 1, 4]), cache);
 * cache.length; // → 1
 * cache.dispose();
 */
export class TransformerDecoderCache {
  /** Of the steps so far; grows. */
  readonly self: KeyValueCache;
  /** Keys and values of the memory, side by side. */
  readonly memory: KeysAndValues;
  /** (N): of sequence n, the first memoryLengths[n] steps of the memory exist. The caller's. */
  readonly memoryLengths: Indices | undefined;

  /** For {@link TransformerDecoderBlock.newCache}. */
  constructor(self: KeyValueCache, memory: KeysAndValues, memoryLengths: Indices | undefined) {
    this.self = self;
    this.memory = memory;
    this.memoryLengths = memoryLengths;
  }

  /** Steps so far. */
  get length(): number {
    return this.self.length;
  }

  /**
   * Forgets all but the first `length` steps.
   *
   * @throws ShapeError when there are not so many; StateError after `dispose`
   */
  truncate(length: number): void {
    this.self.truncate(length);
  }

  /** Gives the memory back, but for memoryLengths. Twice is once. */
  dispose(): void {
    this.self.dispose();
    this.memory.keys.dispose();
    this.memory.values.dispose();
  }

  /** What `using` calls at the end of its block: `dispose`. */
  [disposeSymbol](): void {
    this.dispose();
  }
}
