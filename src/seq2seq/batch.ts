import { DataError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Scope } from "../core/scope.ts";
import type { Memory } from "../core/storage.ts";
import type { Indices } from "../core/tensor.ts";
import { indices } from "../devices/create.ts";
import type { ModelConfig } from "./model-config.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The target index that has no part in the loss. */
export const IGNORED = -1;

/** A pair as numbers, as the encoder and the loss take them. */
export interface EncodedPair {
  /** Ids, padded where the model wants that, and reversed. */
  readonly source: readonly number[];
  /** Of a model that copies: the target's id of each symbol of the source, or −1 where it has none. */
  readonly copies?: readonly number[];
  /** Ids, without begin and end. */
  readonly target: readonly number[];
}

/** Sources of one batch on a device: (N, Te), and (N) real lengths where padding is masked. */
export interface SourceBatch {
  /** (N, Te): ids as the encoder takes them, padded. */
  readonly sources: Indices;
  /** (N): how many of them are real; undefined where padding is read. */
  readonly lengths: Indices | undefined;
  /** (N, Te): what of the targets each symbol is, where a model copies; −1: nothing. */
  readonly copies: Indices | null;
}

/** A source, arranged. */
type Arranged = Pick<EncodedPair, "source" | "copies">;

/** A source as the encoder reads it: padded where the model wants that, and reversed. */
export function arrangeSource(
  ids: readonly number[],
  config: ModelConfig,
  vocabulary: Pick<Vocabulary, "pad">,
): readonly number[] {
  if (!config.reverseSource && ids.length >= (config.sourceLength ?? 0)) return ids;
  const arranged = [...ids];
  while (arranged.length < (config.sourceLength ?? 0)) arranged.push(vocabulary.pad);
  return config.reverseSource ? arranged.reverse() : arranged;
}

/** Where symbol `symbol` of a source of `length` symbols stands in its row of the batch. */
export function sourcePosition(symbol: number, length: number, config: ModelConfig): number {
  const padded = Math.max(length, config.sourceLength ?? 0);
  return config.reverseSource ? padded - 1 - symbol : symbol;
}

/** Arranged sources as one batch. Without a mask they must be equally long, which padding sees to. */
export function batchSources(
  arranged: readonly Arranged[],
  config: ModelConfig,
  pad: number,
  device: Memory,
  scope: Scope,
): SourceBatch {
  const width = arranged.reduce((longest, { source }) => Math.max(longest, source.length), 0);
  const shape = [arranged.length, width];
  const held = (numbers: Int32Array, axes: readonly number[]): Indices =>
    scope.keep(indices(numbers, axes, { device }));
  const rows = new Int32Array(arranged.length * width).fill(pad);
  const copies = new Int32Array(config.copy ? rows.length : 0).fill(IGNORED);
  for (const [n, { source, copies: copied = [] }] of arranged.entries()) {
    rows.set(source, n * width);
    if (config.copy) copies.set(copied, n * width);
  }
  const lengths = Int32Array.from(arranged, ({ source }) => source.length);
  return {
    sources: held(rows, shape),
    lengths: config.maskPadding ? held(lengths, [arranged.length]) : undefined,
    copies: config.copy ? held(copies, shape) : null,
  };
}

/**
 * Targets for teacher forcing: the decoder's inputs (begin, y₁, y₂, …) and what it should answer
 * (y₁, y₂, …, end), both (N, Td), with padding whose answer is ignored; and how many answers count.
 */
export function batchTargets(
  targets: readonly (readonly number[])[],
  vocabulary: Vocabulary,
  device: Memory,
  scope: Scope,
): { inputs: Indices; answers: Indices; count: number } {
  const { begin, end, pad } = vocabulary;
  const full = targets.map((target) => (end === null ? target : [...target, end]));
  const width = full.reduce((longest, { length }) => Math.max(longest, length), 0);
  const inputs = new Int32Array(full.length * width).fill(pad);
  const answers = new Int32Array(full.length * width).fill(IGNORED);
  let count = 0;
  for (const [n, target] of full.entries()) {
    const start = n * width;
    answers.set(target, start);
    inputs.set(target.slice(0, -1), start + 1);
    if (width > 0) inputs[start] = begin;
    count += target.length;
  }
  const shape = [full.length, width];
  return {
    inputs: scope.keep(indices(inputs, shape, { device })),
    answers: scope.keep(indices(answers, shape, { device })),
    count,
  };
}

/** Batches sorted this many at a time: enough for equal lengths, few enough to stay random. */
const WINDOW = 16;

/**
 * One epoch's batches, as indices into `lengths`: shuffled, then sorted by length within windows of 16
 * batches, so that a batch wastes little on padding, and shuffled again batch by batch.
 */
export function batchOrder(
  lengths: readonly number[],
  batchSize: number,
  random: Random,
): number[][] {
  const order = lengths.map((_, i) => i);
  random.shuffle(order);
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += WINDOW * batchSize) {
    const window = order.slice(start, start + WINDOW * batchSize);
    window.sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
    for (let i = 0; i < window.length; i += batchSize) batches.push(window.slice(i, i + batchSize));
  }
  random.shuffle(batches);
  return batches;
}

/** Refuses pairs that a model without end symbol cannot be trained on. */
export function checkTargetLength(where: string, target: readonly number[], length: number): void {
  if (target.length === length) return;
  throw new DataError({
    where,
    expected: `targets of exactly ${length} symbols, since the model has no end symbol`,
    received: `one of ${target.length}`,
  });
}
