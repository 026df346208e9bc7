import { availableParallelism } from "node:os";

/** How trainings share the cores of a machine. */
export interface Allotment {
  /** How many run at the same time. */
  readonly sideBySide: number;
  /** The threads of each. */
  readonly threads: number;
}

/**
 * As many trainings side by side as there are cores, and threads for each only where cores are left: of
 * every size measured, models learn faster so than one after the other on all cores, the more so the smaller
 * they are (docs/training.md has the figures). What they learn does not depend on it.
 *
 * @example
 * allotment(10, 4); // → { sideBySide: 4, threads: 1 }
 * allotment(3, 8); // → { sideBySide: 3, threads: 2 }
 */
export function allotment(trainings: number, cores = availableParallelism()): Allotment {
  const sideBySide = Math.max(1, Math.min(trainings, cores));
  return { sideBySide, threads: Math.max(1, Math.floor(cores / sideBySide)) };
}
