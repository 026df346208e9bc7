import { holdOut, type Pair, Random } from "../index.ts";
import { WorkError } from "./errors.ts";
import { readPairs } from "./files.ts";

/** The share of the distinct sources that is held out where there is no file to measure on. */
const HELD_OUT = 0.1;
/** Most pairs to measure on after each epoch; the end measures on all. */
const SAMPLE = 1000;
/** The stream of random numbers that holds pairs out; the next draws the sample. */
const SPLIT_STREAM = 0x5117;

/** What a training learns from and is measured on. */
export interface TrainingData {
  readonly pairs: readonly Pair[];
  readonly dev: readonly Pair[];
  /** At most 1,000 of `dev`. */
  readonly sample: readonly Pair[];
}

/** Where the data is, and what decides how it is divided. */
export interface DataFlags {
  readonly columns?: readonly [number, number];
  readonly features?: number;
  readonly seed: number;
  /** Decides it in the place of `seed`. */
  readonly splitSeed?: number;
}

/**
 * Reads the pairs of a training. Without a file to measure on, a tenth of the sources is held out, by the
 * seed alone.
 *
 * @throws UsageError about a path, DataError about what is in a file, WorkError when nothing can be held out
 */
export async function readTrainingData(
  path: string,
  devPath: string | undefined,
  flags: DataFlags,
): Promise<TrainingData> {
  const { columns, features, splitSeed: seed = flags.seed } = flags;
  const all = await readPairs(path, columns, features);
  if (devPath !== undefined) {
    return withSample(all, await readPairs(devPath, columns, features), seed);
  }
  if (new Set(all.map((pair) => pair.source)).size < 2) {
    throw new WorkError({
      where: path,
      expected: "at least two different sources, to hold one out for measuring",
      received: "one",
      fix: "add pairs, or give a file to measure on with --dev",
    });
  }
  const { train: pairs, heldOut } = holdOut(all, HELD_OUT, new Random(seed, SPLIT_STREAM));
  return withSample(pairs, heldOut, seed);
}

function withSample(pairs: readonly Pair[], dev: readonly Pair[], seed: number): TrainingData {
  const shuffled = [...dev];
  new Random(seed, SPLIT_STREAM + 1).shuffle(shuffled);
  return { pairs, dev, sample: shuffled.slice(0, SAMPLE) };
}
