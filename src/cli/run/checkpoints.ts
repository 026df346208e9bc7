import { join } from "node:path";
import {
  CheckpointError,
  readTrainingState,
  type TrainingState,
  writeTrainingState,
} from "../../index.ts";
import { writeFileAtomically } from "../atomic-write.ts";
import { readInput } from "../files.ts";

/** A checkpoint takes at most one part of this many of the time. */
const RARELY = 50;

/** The newest checkpoint of a run, and the one before it. */
export const CHECKPOINT_NAMES = [
  "checkpoint.safetensors",
  "checkpoint.previous.safetensors",
] as const;

/** What is in a directory of a checkpoint. */
export interface FoundCheckpoint {
  readonly state: TrainingState;
  /** What was wrong with the newest, where it is the one before. */
  readonly refusal: CheckpointError | null;
}

/**
 * The checkpoints of one run. The newest is written beside the one before, which goes only then: killed or
 * out of room at any moment, there is a whole one.
 */
export class Checkpoints {
  readonly #folder: string;
  readonly #milliseconds: number;
  #last = performance.now();
  #cost = 0;
  #savedStep: number | null = null;

  /** @param seconds from one to the next; past the end of an epoch sooner */
  constructor(folder: string, seconds: number) {
    this.#folder = folder;
    this.#milliseconds = seconds * 1000;
  }

  /** The step that the newest whole one is of; null where there is none. */
  get savedStep(): number | null {
    return this.#savedStep;
  }

  /** Whether it is time for one: never so often that it takes more than a fiftieth of the time. */
  isDue(endOfEpoch: boolean): boolean {
    const passed = performance.now() - this.#last;
    return passed >= Math.max(RARELY * this.#cost, endOfEpoch ? 0 : this.#milliseconds);
  }

  /**
   * Writes one.
   *
   * @throws DataError when a number is not finite, and what writing a file throws; the newest stays then
   */
  async save(take: () => Promise<TrainingState>): Promise<void> {
    const began = performance.now();
    const state = await take();
    const [newest, before] = CHECKPOINT_NAMES.map((name) => join(this.#folder, name));
    await writeFileAtomically(newest as string, writeTrainingState(state), before);
    this.#savedStep = state.standing.step;
    this.#last = performance.now();
    this.#cost = this.#last - began;
  }

  /**
   * The newest whole checkpoint; null where there is none yet.
   *
   * @throws CheckpointError when there are some, and none is whole
   */
  async newest(): Promise<FoundCheckpoint | null> {
    let refusal: CheckpointError | null = null;
    for (const name of CHECKPOINT_NAMES) {
      const path = join(this.#folder, name);
      const bytes = await readInput(path, "a checkpoint").catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      });
      if (bytes === null) continue;
      try {
        const state = readTrainingState(bytes, path);
        this.#savedStep = state.standing.step;
        return { state, refusal };
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        refusal ??= error;
      }
    }
    if (refusal === null) return null;
    const { where, expected, received } = refusal;
    const fix = "no other checkpoint of this run is whole: begin it anew, with --overwrite";
    throw new CheckpointError({ where, expected, received, fix }, { cause: refusal });
  }
}

function isMissing(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : null;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
