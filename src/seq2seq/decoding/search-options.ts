import { checkNumber, checkOptions, describe } from "../../core/arguments.ts";
import { DataError } from "../../core/errors.ts";
import type { TransduceOptions } from "../types.ts";
import { readSteering, type Steered } from "./steering.ts";

/** How to decode, every choice made. */
export interface SearchOptions {
  readonly attention: boolean | "heads";
  readonly steer: Steered | null;
  readonly beam: number;
  /** Outputs to give besides; 0: none. */
  readonly nBest: number;
  readonly lengthPenalty: number;
  readonly batchSize: number;
}

/** What a call may choose. */
export const TRANSDUCE_OPTIONS = [
  "attention",
  "steer",
  "beam",
  "nBest",
  "lengthPenalty",
  "batchSize",
] as const satisfies readonly (keyof TransduceOptions)[];

/** Widest beam: what is wider is a mistake, and would not fit into memory. */
const WIDEST_BEAM = 1024;
const LARGEST_BATCH = 65536;
const LARGEST_PENALTY = 100;
const DEFAULT_LENGTH_PENALTY = 0;
const DEFAULT_BATCH = 256;

/**
 * The options of a call, checked.
 *
 * @param attention whether to collect attention where the call does not say
 * @throws DataError
 */
export function readSearchOptions(
  where: string,
  options: TransduceOptions,
  attention: boolean,
): SearchOptions {
  checkOptions(where, options, TRANSDUCE_OPTIONS);
  const { nBest, attention: wanted = attention } = options;
  const { beam = nBest ?? 1, lengthPenalty = DEFAULT_LENGTH_PENALTY } = options;
  const { batchSize = DEFAULT_BATCH } = options;
  if (typeof wanted !== "boolean" && wanted !== "heads") {
    const expected = 'attention to be true, false or "heads"';
    throw new DataError({ where, expected, received: describe(wanted) });
  }
  if (nBest !== undefined) checkWhole(where, "nBest", nBest, WIDEST_BEAM);
  checkWhole(where, "beam", beam, WIDEST_BEAM);
  checkWhole(where, "batchSize", batchSize, LARGEST_BATCH);
  const isPenalty = (n: number): boolean => n >= 0 && n <= LARGEST_PENALTY;
  const range = `a number from 0 to ${LARGEST_PENALTY}`;
  checkNumber(where, "lengthPenalty", lengthPenalty, range, isPenalty);
  if ((nBest ?? 1) > beam) {
    throw new DataError({
      where,
      expected: `nBest to be at most the beam, which is ${beam}`,
      received: String(nBest),
      fix: "widen the beam",
    });
  }
  const steer = options.steer === undefined ? null : readSteering(options.steer, where);
  return { attention: wanted, steer, beam, nBest: nBest ?? 0, lengthPenalty, batchSize };
}

function checkWhole(where: string, name: string, value: unknown, most: number): void {
  const isWhole = (n: number): boolean => Number.isSafeInteger(n) && n >= 1 && n <= most;
  checkNumber(where, name, value, `a whole number from 1 to ${most}`, isWhole);
}
