import { DataError } from "../../core/errors.ts";
import type { ModelParts } from "../model-parts.ts";
import { type ReadSource, readSource } from "../source.ts";
import type { TransductionInput } from "../types.ts";

/** The models that decode together; at least one, of the same vocabularies. */
export type Members = readonly [ModelParts, ...ModelParts[]];

/** A text as each of the models reads it. */
export type Reading = readonly [ReadSource, ...ReadSource[]];

/** Cuts a text for every model; the DataError is why a model cannot read it. */
export function readInput(
  members: Members,
  input: TransductionInput,
  where: string,
): Reading | DataError {
  const [first, ...others] = members;
  const read = (model: ModelParts): ReadSource => readSource(model, input, where);
  return dataErrorOr(() => [read(first), ...others.map(read)]);
}

/** What a function gives, or the DataError that it throws. */
export function dataErrorOr<Result>(make: () => Result): Result | DataError {
  try {
    return make();
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
}

/** Symbols from which on a text is so long that it may be too long for a device, and comes alone. */
export const LONG_SOURCE = 1024;

/** Symbols of one batch, padding and the width of the beam included: bounds its memory. */
const BATCH_SYMBOLS = 2 ** 15;

/**
 * Texts in batches: of similar length, so that little is padding, and as many as fit.
 *
 * @param rows rows of the batch that each of them takes
 */
export function batchReadings(
  members: Members,
  readings: readonly Reading[],
  batchSize: number,
  rows: number,
): Reading[][] {
  // Batches of equal size rather than a last one of a few.
  const most = Math.ceil(readings.length / Math.ceil(readings.length / batchSize));
  const sorted = readings.toSorted((a, b) => a[0].source.length - b[0].source.length);
  const batches: Reading[][] = [];
  let batch: Reading[] = [];
  for (const reading of sorted) {
    const { length } = reading[0].source;
    const symbols = (batch.length + 1) * rows * length;
    const isFull = batch.length === most || symbols > BATCH_SYMBOLS || length >= LONG_SOURCE;
    const [first] = batch;
    if (first === undefined || isFull || !canShare(members, first, reading)) {
      batch = [];
      batches.push(batch);
    }
    batch.push(reading);
  }
  return batches;
}

/** Without a mask, padding would be read like a symbol: only sources of one length share a batch. */
function canShare(members: Members, one: Reading, other: Reading): boolean {
  return members.every(({ config }, i) => {
    return config.maskPadding || one[i]!.source.length === other[i]!.source.length;
  });
}
