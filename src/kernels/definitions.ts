import type { Floats } from "./arrays.ts";
import { coreDefinitions } from "./core-definitions.ts";
import { familyDefinitions } from "./family-definitions.ts";
import type { Kernels } from "./kernels.ts";

/**
 * Every op as plain loops over typed arrays. In float64 they are the oracle of gradient checks; in
 * float32 they are what fast kernels are held against.
 */
export const definitions: Kernels<Floats, Int32Array> = {
  ...coreDefinitions(),
  ...familyDefinitions(),
};
