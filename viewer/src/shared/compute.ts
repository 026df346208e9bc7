import { storedWord } from "./stored.ts";

/** Where to compute: on a GPU if there is one, or on what the visitor says. */
export const COMPUTES = ["auto", "gpu", "processor"] as const;

/** One of them. */
export type Compute = (typeof COMPUTES)[number];

export const COMPUTE_KEY = "heed.compute";

/** Where the visitor wants to compute. */
export function storedCompute(): Compute {
  return storedWord(COMPUTE_KEY, COMPUTES);
}
